"""A queue of values by expiry time."""

from __future__ import annotations

from attrs import define, field


@define(eq=False)
class Entry:
    """A stored value. ``index`` is its place in the heap, -1 while it is not in it."""

    key: str = field(repr=False)
    value: bytes = field(repr=False)
    expires: float
    index: int = -1


class ExpiryHeap:
    """A binary min-heap that knows the place of each entry.

    `heapq` cannot remove an entry from the middle: a value that is renewed or deleted would stay until its
    first time of expiry, a month later for a session, and the heap would grow with every renewal.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def first(self) -> Entry | None:
        """Return the entry that expires next, or None without entries."""
        return self._entries[0] if self._entries else None

    def push(self, entry: Entry) -> None:
        """Add an entry, in logarithmic time."""
        self._entries.append(entry)
        self._rise(entry, len(self._entries) - 1)

    def remove(self, entry: Entry) -> None:
        """Remove any entry, in logarithmic time."""
        last = self._entries.pop()
        if last is not entry:
            # The last one fills the gap; it may belong above or below it.
            self._rise(last, entry.index)
            self._sink(last, last.index)
        entry.index = -1

    def _rise(self, entry: Entry, index: int) -> None:
        entries = self._entries
        while index and entries[parent := (index - 1) // 2].expires > entry.expires:
            entries[index] = entries[parent]
            entries[index].index = index
            index = parent
        entries[index] = entry
        entry.index = index

    def _sink(self, entry: Entry, index: int) -> None:
        entries, size = self._entries, len(self._entries)
        while (child := 2 * index + 1) < size:
            if child + 1 < size and entries[child + 1].expires < entries[child].expires:
                child += 1
            if entries[child].expires >= entry.expires:
                break
            entries[index] = entries[child]
            entries[index].index = index
            index = child
        entries[index] = entry
        entry.index = index
