"""Stores whose entries expire, the oldest first."""

from __future__ import annotations

from itertools import islice
from typing import Final, Protocol, TypeVar

_AT_ONCE: Final = 2
_Key = TypeVar("_Key")


class Expiring(Protocol):
    """An entry that expires."""

    @property
    def expires(self) -> float:
        """When it expires, in seconds since 1970."""
        ...


_Entry = TypeVar("_Entry", bound=Expiring)


def drop_expired(entries: dict[_Key, _Entry], before: float) -> None:
    """Drop entries that have expired before a time: the two oldest ones at most.

    A store calls this for each entry that it adds, so it gets smaller faster than it grows.

    Args:
        entries: The entries, in the order in which they were added. They live equally long, give or take
            minutes.
        before: In seconds since 1970.
    """
    for key, entry in list(islice(entries.items(), _AT_ONCE)):
        if entry.expires <= before:
            del entries[key]
