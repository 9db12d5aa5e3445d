"""The index of a user's sessions: one record under the hash of the user id, kept by compare-and-set.

An entry is written before its session's record, and looked at again afterwards. So a session that is
ended while it is signed in or moved does not survive: either the ender finds the entry, or the entry's
owner finds that it was ended. An entry without a record is harmless, and pruned when the index is read.

The ender marks the entries in one write, which changes the epoch. It deletes the records next, and then
the entries. After a crash in between the entries are still there, and the next call ends the sessions.

To end all sessions of a user is to write the time as well. A sign-in that asked Cognito for its tokens
before that time, and enters the index after it, is ended too: its password may have been reset meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import Final

from attrs import evolve, field, frozen

from ..errors import StorageError
from . import keys
from .compare_and_set import compare_and_set, is_stored
from .context import ServiceContext
from .index_record import IndexEntry, SessionIndex, dump_index, load_index, unreadable

# The lifetime of an index without entries: longer than a sign-in that began before the sessions were ended.
EMPTY_SECONDS: Final = 600.0
# An entry without a record is pruned after this time.
PRUNE_SECONDS: Final = 60.0
# How far the clocks of two machines may differ.
CLOCK_SECONDS: Final = 1.0

Change = Callable[[SessionIndex], SessionIndex | None]


@frozen
class IndexPlace:
    """A session's place in the index, and the epoch when its entry was written.

    Attributes:
        user_id: The ``sub`` of the user.
        session_id: The session's id.
        epoch: The epoch of the index when the entry was written.
        raw: The index as it was stored with the entry, if that is known. While it stays the same, the session
            is not being ended.
    """

    user_id: str
    session_id: str
    epoch: str
    raw: bytes | None = field(default=None, repr=False)


@frozen
class SignedIn:
    """A sign-in whose session is about to be stored.

    Attributes:
        requested_at: When Cognito was asked for the tokens, in seconds since the epoch.
        within: The id of the session that the sign-in was made in, under its previous key.
    """

    requested_at: float
    within: str


@frozen
class _Stored:
    raw: bytes | None
    index: SessionIndex
    is_damaged: bool = False


def index_key(context: ServiceContext, user_id: str) -> str:
    """Return the storage key of a user's index."""
    return f"{keys.namespace(context.config)}:user:{keys.digest(user_id)}"


async def load(context: ServiceContext, user_id: str) -> SessionIndex | None:
    """Read a user's index; None if it is absent.

    Raises:
        StorageError: The storage failed.
    """
    read = await _read(context, index_key(context, user_id))
    return None if read.raw is None else read.index


async def enter(
    context: ServiceContext,
    user_id: str,
    session_id: str,
    *,
    previous: str | None = None,
    signed_in: SignedIn | None = None,
) -> IndexPlace | None:
    """Write the entry of a session whose record is about to be written.

    Args:
        context: The service's context.
        user_id: The ``sub`` of the user.
        session_id: The id of the record.
        previous: The id of the same session under its present key, if it is being moved.
        signed_in: The sign-in that the session's new tokens are from.

    Returns:
        The session's place; None if the session that is being moved is being ended, or the user's sessions
        were ended during the sign-in.

    Raises:
        StorageError: The storage failed; the record must not be written.
    """

    def change(index: SessionIndex) -> SessionIndex | None:
        moved = index.entries.get(previous) if previous is not None else None
        if moved is not None and moved.ending:
            return None
        if signed_in is not None and _was_ended(index, signed_in, context.clock()):
            return None
        return index.with_entry(session_id, IndexEntry(at=context.clock(), previous=previous))

    stored = await update(context, user_id, change)
    return None if stored is None else IndexPlace(user_id, session_id, stored.index.epoch, stored.raw)


def _was_ended(index: SessionIndex, signed_in: SignedIn, now: float) -> bool:
    """Return whether the user's sessions were ended during a sign-in, and not all but the one it is in."""
    ended_at, within = index.ended_at, index.entries.get(signed_in.within)
    if ended_at is None or (within is not None and not within.ending):
        return False
    # A time that is still to come is that of a clock which was put back since. It must not block sign-ins.
    return signed_in.requested_at < ended_at <= now + CLOCK_SECONDS


async def is_confirmed(context: ServiceContext, place: IndexPlace, leaving: str | None = None) -> bool:
    """Look at an entry again after its record was written, and remove the one of the previous key.

    An entry that was pruned meanwhile is written again.

    Args:
        context: The service's context.
        place: The session's place.
        leaving: The id of the session under its previous key.

    Returns:
        Whether the session goes on; False if it was ended meanwhile.

    Raises:
        StorageError: The storage failed, and whether the session was ended is unknown.
    """
    if leaving is None and place.raw is not None:
        raw = await context.storage.get(index_key(context, place.user_id))
        if raw == place.raw:  # It is not parsed.
            return True

    def change(index: SessionIndex) -> SessionIndex | None:
        entry = index.entries.get(place.session_id)
        if (entry is None and index.epoch != place.epoch) or (entry is not None and entry.ending):
            return None
        if entry is None:
            index = index.with_entry(place.session_id, IndexEntry(at=context.clock(), previous=leaving))
        return index if leaving is None else index.without({leaving})

    return await update(context, place.user_id, change) is not None


async def renew(context: ServiceContext, user_id: str, session_id: str) -> None:
    """Renew a session's entry, before the lifetime of its record is extended.

    Raises:
        StorageError: The storage failed.
    """

    def change(index: SessionIndex) -> SessionIndex:
        entry = index.entries.get(session_id) or IndexEntry(at=0.0)
        return index.with_entry(session_id, evolve(entry, at=context.clock()))

    await update(context, user_id, change)


async def leave(context: ServiceContext, user_id: str, session_id: str) -> None:
    """Remove the entry of a session whose record was deleted.

    Raises:
        StorageError: The storage failed. The entry is pruned later.
    """
    await update(context, user_id, lambda index: index.without({session_id}))


async def mark(
    context: ServiceContext,
    user_id: str,
    is_meant: Callable[[str, IndexEntry], bool],
    *,
    ended_at: float | None = None,
) -> set[str]:
    """Mark the entries of sessions that are about to be ended, and change the epoch.

    Args:
        context: The service's context.
        user_id: The ``sub`` of the user.
        is_meant: Takes a session's id and entry, and returns whether to end it.
        ended_at: The present time, if all sessions of the user are ended: those of sign-ins under way, too.

    Returns:
        The ids of the marked entries, which include those of earlier calls that did not finish.

    Raises:
        StorageError: The storage failed, or the index cannot be parsed: it would leave the user signed in.
    """
    marked: set[str] = set()

    def change(index: SessionIndex) -> SessionIndex:
        marked.clear()
        marked.update(each for each, entry in index.entries.items() if is_meant(each, entry))
        if ended_at is not None:
            index = evolve(index, epoch=_new_epoch(), ended_at=ended_at)
        if not marked:
            return index
        entries = {
            each: evolve(entry, ending=True) if each in marked else entry
            for each, entry in index.entries.items()
        }
        return evolve(index, epoch=_new_epoch(), entries=entries)

    await update(context, user_id, change, is_needed=True)
    return marked


async def unmark(context: ServiceContext, user_id: str, ended: Collection[str]) -> None:
    """Remove the marked entries of sessions whose records are deleted.

    Raises:
        StorageError: The storage failed. The entries are pruned later.
    """

    def change(index: SessionIndex) -> SessionIndex:
        return index.without(
            {each for each, entry in index.entries.items() if each in ended and entry.ending}
        )

    await update(context, user_id, change)


async def prune(context: ServiceContext, user_id: str, without_record: Collection[str]) -> None:
    """Remove entries without a record that are older than a minute.

    Raises:
        StorageError: The storage failed.
    """
    now = context.clock()

    def change(index: SessionIndex) -> SessionIndex:
        old = {each for each in without_record if _is_old(index.entries.get(each), now)}
        return index.without(old)

    await update(context, user_id, change)


def _is_old(entry: IndexEntry | None, now: float) -> bool:
    return entry is not None and now - entry.at > PRUNE_SECONDS


async def update(
    context: ServiceContext, user_id: str, change: Change, *, is_needed: bool = False
) -> _Stored | None:
    """Change a user's index by compare-and-set.

    Args:
        context: The service's context.
        user_id: The ``sub`` of the user.
        change: Takes the present index, empty if it is absent or cannot be parsed, and returns the new
            one; None to stop.
        is_needed: Whether to raise, not to replace the index, if it cannot be parsed.

    Returns:
        The index as stored; None if ``change`` returned None.

    Raises:
        StorageError: The storage failed, other callers kept writing, or a needed index cannot be parsed.
    """
    where = index_key(context, user_id)

    async def attempt() -> tuple[_Stored | None] | None:
        read = await _read(context, where)
        if is_needed and read.is_damaged:
            raise unreadable("the list of the user's sessions", where)
        index = change(read.index)
        if index is None:
            return (None,)
        if index == read.index:
            return (read,)
        written = await _write(context, where, read, index)
        return None if written is None else (written,)

    (stored,) = await compare_and_set(context.storage, where, attempt)
    return stored


async def _read(context: ServiceContext, where: str) -> _Stored:
    raw = await context.storage.get(where)
    index = load_index(raw) if raw is not None else None
    is_damaged = raw is not None and index is None
    return _Stored(raw, index if index is not None else SessionIndex(epoch=_new_epoch()), is_damaged)


async def _write(context: ServiceContext, where: str, read: _Stored, index: SessionIndex) -> _Stored | None:
    """Write an index without entries whose records have expired; None if it has changed since it was read."""
    index = index.renewed_since(context.clock() - context.index_seconds)
    raw, ttl = dump_index(index), context.index_seconds if index.entries else EMPTY_SECONDS
    try:
        is_done = await context.storage.replace(where, raw, expected=read.raw, ttl=ttl)
        return _Stored(raw, index) if is_done else None
    except StorageError as error:
        failure = error
    if not await is_stored(context.storage, where, raw):
        raise failure
    return _Stored(raw, index)


def _new_epoch() -> str:
    return secrets.token_hex(8)
