"""A storage in the memory of this process."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from .. import _clocks as clocks
from .._public import public
from ._expiry import Entry, ExpiryHeap
from ._protocol import check_key, check_replace, check_set, same
from ._sweep_horizon import SweepHorizon
from ._task_locks import TaskLocks

# How many expired values one call removes at most. That takes 0.2 ms, and keeps up with the calls that store.
_PURGED_PER_CALL: Final = 128


@public("aiocognito.storage")
class MemoryStorage:
    """Stores values in this process, for one event loop at a time. They are lost when the process ends.

    Reading takes no lock and never yields to the event loop. Each call, for any key, removes a limited number
    of expired values. After its clock has jumped ahead, nothing is removed for an hour: if the clock is put
    back within that time, all values are there again.

    Args:
        clock: Returns the time in seconds; ``time.time`` by default.
    """

    __slots__ = ("_clock", "_due", "_entries", "_heap", "_horizon", "_locks")

    def __init__(self, *, clock: Callable[[], float] | None = None) -> None:
        self._clock = clocks.resolve(clock)
        self._entries: dict[str, Entry] = {}
        self._heap = ExpiryHeap()
        self._due = math.inf  # when the first of the heap expires, so that reading need not look
        self._horizon = SweepHorizon(is_trusted=True)
        self._locks = TaskLocks()

    def __repr__(self) -> str:
        return f"<MemoryStorage values={len(self._entries)}>"

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired (`Storage.get`)."""
        # Each token request of a session reads here, so calls are avoided.
        now = self._clock()
        if now >= self._due:
            self._purge(now)
        entry = self._entries.get(key)
        if entry is None:
            check_key(key)  # only text is ever stored, so a hit needs no check
            return None
        return entry.value if entry.expires > now else None

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value in place of the one before (`Storage.set`)."""
        check_set(key, value, ttl)
        now = self._clock()
        self._purge(now)
        self._put(key, value, math.inf if ttl is None else now + ttl)

    async def delete(self, key: str) -> None:
        """Make a key absent (`Storage.delete`)."""
        check_key(key)
        self._purge(self._clock())
        self._drop(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected (`Storage.replace`)."""
        check_replace(key, value, expected, ttl)
        now = self._clock()
        self._purge(now)
        entry = self._entries.get(key)
        current = entry.value if entry is not None and entry.expires > now else None
        if not same(current, expected):
            return False
        if value is None:
            self._drop(key)
        else:
            self._put(key, value, math.inf if ttl is None else now + ttl)
        return True

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a lock between the tasks of this event loop (`Storage.lock`).

        It is fair, and it cannot be lost.
        """
        check_key(key)
        return self._locks.hold(key)

    def _put(self, key: str, value: bytes, expires: float) -> None:
        self._drop(key)
        entry = self._entries[key] = Entry(key, value, expires)
        if expires < math.inf:
            self._heap.push(entry)
            self._find_due()

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None and entry.index >= 0:
            self._heap.remove(entry)
            self._find_due()

    def _purge(self, now: float) -> None:
        horizon = self._horizon.at(now)
        for _ in range(_PURGED_PER_CALL):
            first = self._heap.first()
            if first is None or first.expires > horizon:
                break
            self._drop(first.key)

    def _find_due(self) -> None:
        first = self._heap.first()
        self._due = math.inf if first is None else first.expires
