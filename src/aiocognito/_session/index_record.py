"""The values of the index: a user's sessions, and the users of a name, each as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar

from attrs import evolve, field, fields_dict, frozen

from ..errors import StorageError

VERSION: Final = 1
T = TypeVar("T", bound="IndexEntry | NamedUser")


@frozen(kw_only=True)
class IndexEntry:
    """A session in the index of its user.

    Attributes:
        at: When the entry was written or renewed, in seconds since the epoch.
        previous: The id of the same session under its previous key; None after a sign-in.
        ending: Whether the session is being ended: its record is deleted, or will be by the next call.
        unknown: Members that a newer version wrote; they are preserved.
    """

    at: float
    previous: str | None = None
    ending: bool = False
    unknown: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class SessionIndex:
    """The sessions of one user.

    Attributes:
        epoch: A random text that changes whenever sessions are ended. A session whose entry is gone was
            ended if the epoch has changed; otherwise its entry was pruned.
        entries: The sessions by their ids, the one renewed last at the end.
        ended_at: When all sessions of the user were ended last, in seconds since the epoch; None if they
            were not.
        unknown: Members that a newer version wrote; they are preserved.
    """

    epoch: str
    entries: Mapping[str, IndexEntry] = field(factory=dict)
    ended_at: float | None = None
    unknown: Mapping[str, Any] = field(factory=dict)

    def with_entry(self, session_id: str, entry: IndexEntry) -> SessionIndex:
        """Return the index with an entry, in place of one with the same id."""
        return evolve(self, entries={**self.without({session_id}).entries, session_id: entry})

    def renewed_since(self, oldest: float) -> SessionIndex:
        """Return the index without the entries that were renewed before a time."""
        first = next(iter(self.entries.values()), None)
        if first is None or first.at >= oldest:
            return self  # The entry renewed last is at the end.
        return self.without({each for each, entry in self.entries.items() if entry.at < oldest})

    def without(self, session_ids: set[str]) -> SessionIndex:
        """Return the index without some entries."""
        left = {each: entry for each, entry in self.entries.items() if each not in session_ids}
        return self if len(left) == len(self.entries) else evolve(self, entries=left)


@frozen(kw_only=True)
class NamedUser:
    """A user that has signed in with a name.

    Attributes:
        username: Cognito's username, as the user pool spells it.
        user_id: The ``sub``.
        at: When the entry was written or renewed, in seconds since the epoch.
        unknown: Members that a newer version wrote; they are preserved.
    """

    username: str
    user_id: str
    at: float
    unknown: Mapping[str, Any] = field(factory=dict)


def dump_index(index: SessionIndex) -> bytes:
    """Serialize an index as one JSON document."""
    return _dump(
        {
            **index.unknown,
            "epoch": index.epoch,
            "entries": {each: _entry_members(entry) for each, entry in index.entries.items()},
            **({} if index.ended_at is None else {"ended_at": index.ended_at}),
        }
    )


def load_index(data: bytes) -> SessionIndex | None:
    """Parse an index; None if that fails.

    Raises:
        StorageError: An unknown version of the library wrote it.
    """
    document = _load(data)
    if document is None:
        return None
    try:
        entries, ended_at = document.pop("entries"), document.pop("ended_at", None)
        return SessionIndex(
            epoch=_text(document.pop("epoch")),
            entries={each: _entry(members) for each, members in entries.items()},
            ended_at=None if ended_at is None else _number(ended_at),
            unknown=document,
        )
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def dump_names(users: tuple[NamedUser, ...]) -> bytes:
    """Serialize the users of a name as one JSON document."""
    return _dump({"users": [_members(user) for user in users]})


def load_names(data: bytes) -> tuple[NamedUser, ...] | None:
    """Parse the users of a name; None if that fails.

    Raises:
        StorageError: An unknown version of the library wrote it.
    """
    document = _load(data)
    if document is None:
        return None
    try:
        return tuple(_value(NamedUser, each) for each in document["users"])
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def unreadable(what: str, where: str) -> StorageError:
    """Return the error of a call that ends sessions and cannot find them.

    Args:
        what: What cannot be parsed.
        where: Its storage key.
    """
    return StorageError(
        f"{what} cannot be parsed, so that the sessions to end are not known",
        retryable=False,
        recovery_suggestion=(
            f"The value under {where!r} is damaged. Restore it from a backup, or delete it and call this"
            " again after session_ttl / 4: a session is listed again when its entry is renewed."
        ),
    )


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps({**document, "version": VERSION}, separators=(",", ":")).encode()


def _load(data: bytes) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(data)
        version = document.pop("version")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if version != VERSION:
        raise StorageError(
            f"a user's sessions were listed by another version of this library (format {version!r})",
            recovery_suggestion="Run one version of this library on all machines that share a storage.",
        )
    return document


# A user can have thousands of sessions. Most entries have a time and nothing else.


def _entry_members(entry: IndexEntry) -> dict[str, Any]:
    if entry.previous is None and not entry.ending and not entry.unknown:
        return {"at": entry.at}
    return _members(entry)


def _entry(members: dict[str, Any]) -> IndexEntry:
    at = members.get("at")
    if len(members) == 1 and isinstance(at, float):
        return IndexEntry(at=at)
    return _value(IndexEntry, members)


def _members(value: IndexEntry | NamedUser) -> dict[str, Any]:
    """Return a value's members without those that are absent or False."""
    known = _known(type(value))  # type: ignore[arg-type]  # a class is hashable
    members = ((name, getattr(value, name)) for name in known)
    return {
        **value.unknown,
        **{name: each for name, each in members if each is not None and each is not False},
    }


def _value(cls: type[T], members: dict[str, Any]) -> T:
    known = _known(cls)  # type: ignore[arg-type]  # a class is hashable
    given = {name: each for name, each in members.items() if name in known}
    value = cls(**given, unknown={name: each for name, each in members.items() if name not in known})
    _number(value.at)
    if isinstance(value, NamedUser):
        _text(value.username)
        _text(value.user_id)
    elif value.previous is not None:
        _text(value.previous)
    return value


@cache
def _known(cls: type[IndexEntry | NamedUser]) -> tuple[str, ...]:
    return tuple(name for name in fields_dict(cls) if name != "unknown")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value
