"""The queue of deadlines, against a sorted list."""

from hypothesis import example, given
from hypothesis import strategies as st

from aiocognito.storage._expiry import Entry, ExpiryHeap


@given(st.lists(st.one_of(st.floats(0, 10), st.integers(0, 50)), max_size=60))
@example([0.0, 10.0, 1.0, 11.0, 12.0, 2.0, 3.0, 3])  # what fills the gap belongs above it
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
        inside = heap._entries
        assert all(inside[(i - 1) // 2].expires <= inside[i].expires for i in range(1, len(inside)))
        assert [inside[entry.index] for entry in entries] == entries
        assert len(heap) == len(entries)


def test_entry_shows_neither_key_nor_value() -> None:
    assert repr(Entry("key", b"token", 5.0)) == "Entry(expires=5.0, index=-1)"
