"""The queue of deadlines, against a sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from aiocognito.storage.expiry import Entry, ExpiryHeap


@given(st.lists(st.one_of(st.floats(0, 10), st.integers(0, 50))))
def test_first_is_always_the_next_to_expire(commands: list[float | int]) -> None:
    """A float puts an entry in, an integer takes one out of the middle."""
    heap, entries = ExpiryHeap(), list[Entry]()
    for command in commands:
        if isinstance(command, float):
            entries.append(Entry(str(len(entries)), b"", command))
            heap.push(entries[-1])
        elif entries:
            gone = entries.pop(command % len(entries))
            heap.remove(gone)
            assert gone.index == -1
        first = heap.first()
        assert (first and first.expires) == min((entry.expires for entry in entries), default=None)
        assert [heap._entries[entry.index] for entry in entries] == entries
        assert len(heap) == len(entries)


def test_entry_shows_neither_key_nor_value() -> None:
    assert repr(Entry("key", b"token", 5.0)) == "Entry(expires=5.0, index=-1)"
