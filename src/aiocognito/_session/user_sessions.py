"""All sessions of one user: list them, and end one or all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from attrs import frozen

from .._models import SessionInfo
from ..errors import NetworkError, StorageError
from . import keys, user_index
from .context import ServiceContext
from .device_confirmation import forget_session_device
from .index_record import IndexEntry
from .indexing import user_id_of, username_of
from .name_index import user_ids
from .record import SessionRecord
from .revocation import revoke_ended, revoke_if_deleted
from .session import Loaded, Session
from .storage_retries import retry_until_done

logger = logging.getLogger(__name__)
T = TypeVar("T")
S = TypeVar("S")

# How many records are read or deleted, and how many tokens revoked, at a time.
CONCURRENT_RECORDS: Final = 32
CONCURRENT_REVOCATIONS: Final = 8


@frozen
class EndedSessions:
    """The sessions that a call has ended.

    Attributes:
        records: Their last records, which hold their tokens, with the sessions.
    """

    records: Sequence[tuple[Session, SessionRecord]] = ()

    def __len__(self) -> int:
        return len(self.records)


async def list_user(context: ServiceContext, user_id: str, current: str | None) -> list[SessionInfo]:
    """Return the sessions of a user, the one used last first.

    Sessions that an earlier call marked and did not delete are ended. Entries without a record are pruned.

    Args:
        context: The service's context.
        user_id: The ``sub`` of the user.
        current: The id of the caller's session.

    Raises:
        StorageError: The storage failed.
    """
    index = await user_index.load(context, user_id)
    if index is None:
        return []
    unfinished = {each for each, entry in index.entries.items() if entry.ending}
    if unfinished:
        ended = await _end(context, user_id, unfinished)
        await revoke_all(ended)
    records = await _records(context, user_id, [each for each in index.entries if each not in unfinished])
    absent = [session_id for session_id, record in records if record is None]
    if absent:
        with suppress(StorageError):
            await user_index.prune(context, user_id, absent)
    found = [_info(each, record, current) for each, record in records if record is not None]
    return sorted(found, key=lambda info: (info.last_used_at, info.created_at), reverse=True)


async def end_user(context: ServiceContext, user_id: str, *, keep: str | None = None) -> int:
    """End the sessions of a user, revoke their tokens, and return how many were ended.

    Args:
        context: The service's context.
        user_id: The ``sub`` of the user.
        keep: The id of a session that goes on, also if it is being moved under another key.

    Raises:
        StorageError: The storage failed. Call this again to end the sessions that are left.
    """
    ended = await delete_all(context, user_id, keep=keep)
    await revoke_all(ended)
    return len(ended)


async def delete_all(context: ServiceContext, user_id: str, *, keep: str | None = None) -> EndedSessions:
    """Delete the sessions of a user as `end_user` does, without revoking their tokens.

    Raises:
        StorageError: The storage failed. Call this again to end the sessions that are left.
    """
    kept = {keep} if keep is not None else set()
    marked = await user_index.mark(
        context, user_id, lambda each, entry: not kept & {each, entry.previous}, ended_at=context.clock()
    )
    return await _end(context, user_id, marked)


async def end_session(context: ServiceContext, user_id: str, session_id: str) -> bool:
    """End one session of a user, and return whether the user had it.

    Args:
        context: The service's context.
        user_id: The ``sub`` of the user.
        session_id: The id of the session, or its id before it was moved under its present key.

    Raises:
        StorageError: The storage failed. Call this again.
    """

    def is_meant(each: str, entry: IndexEntry) -> bool:
        return session_id in {each, entry.previous}

    marked = await user_index.mark(context, user_id, is_meant)
    # A session whose entry was lost with the index is ended as well.
    ended = await _end(context, user_id, {session_id, *marked})
    await revoke_all(ended)
    return bool(ended.records)


async def end_users_of_name(context: ServiceContext, name: str, *, keep: str) -> None:
    """End the sessions of the user that a name leads to, after a password reset.

    Args:
        context: The service's context.
        name: As it was entered.
        keep: The id of the caller's session.

    Raises:
        StorageError: The storage failed. The sessions are ended in the background once it works again.
    """

    async def attempt() -> bool:
        for user_id in await user_ids(context, name):
            await end_user(context, user_id, keep=keep)
        return True

    try:
        await attempt()
        return
    except StorageError:
        name_id = keys.digest(name)
        context.save_in_background(f"{name_id} (sessions of a name)", retry_until_done(attempt))
        raise


async def _end(context: ServiceContext, user_id: str, session_ids: Collection[str]) -> EndedSessions:
    """Delete the records of sessions, emit ``signedOut`` for each, and remove their entries."""
    failures: list[StorageError] = []
    done: set[str] = set()

    async def end(session_id: str) -> tuple[Session, SessionRecord] | None:
        session = Session.of_id(context, session_id)
        try:
            forgotten = await session.forget(
                lambda record: user_id_of(record.tokens) == user_id,
                if_unknown=partial(revoke_if_deleted, session),
            )
        except StorageError as error:
            failures.append(error)
            return None
        done.add(session_id)
        if forgotten.mark is not None or user_id_of(forgotten.record.tokens) != user_id:
            return None
        await context.emit(session_id, "signedOut")
        return session, forgotten.record

    found = await _each(session_ids, end, CONCURRENT_RECORDS)
    ended = EndedSessions([each for each in found if each is not None])
    if done:
        with suppress(StorageError):
            await user_index.unmark(context, user_id, done)
    if failures:
        # The entries of the others are still marked. The caller's next call ends them.
        context.spawn(revoke_all(ended))
        raise failures[0]
    return ended


async def revoke_all(ended: EndedSessions) -> None:
    """Forget the devices of ended sessions and revoke their tokens. A failure is ignored.

    After a network error no further request is sent, so that an outage costs the time of one.
    """
    is_cut = False

    async def revoke(each: tuple[Session, SessionRecord]) -> None:
        nonlocal is_cut
        if not is_cut:
            is_cut = isinstance(await revoke_ended(*each), NetworkError) or is_cut

    await _each(ended.records, revoke, CONCURRENT_REVOCATIONS)
    if is_cut:
        logger.warning("not all tokens of %d ended sessions could be revoked", len(ended))


async def forget_devices(ended: EndedSessions) -> None:
    """Forget the devices of ended sessions, before the user's tokens are revoked. A failure is ignored."""
    await _each(ended.records, lambda each: forget_session_device(*each), CONCURRENT_REVOCATIONS)


async def _records(
    context: ServiceContext, user_id: str, session_ids: Collection[str]
) -> list[tuple[str, SessionRecord | None]]:
    """Read the records of a user's sessions; None if a session has ended or is another user's."""

    async def read(session_id: str) -> tuple[str, SessionRecord | None]:
        session = Session.of_id(context, session_id)
        loaded: Loaded = await session.load_at(session.address)
        record = loaded.record
        return session_id, record if user_id_of(record.tokens) == user_id else None

    return await _each(session_ids, read, CONCURRENT_RECORDS)


async def _each(items: Collection[T], work: Callable[[T], Awaitable[S]], at_once: int) -> list[S]:
    """Do some work for each item, a limited number at a time, and return the results in order."""
    results: list[S] = []
    left = list(items)
    while left:
        batch, left = left[:at_once], left[at_once:]
        results += await asyncio.gather(*(work(each) for each in batch))
    return results


def _info(session_id: str, record: SessionRecord, current: str | None) -> SessionInfo:
    return SessionInfo(
        session_id=session_id,
        created_at=record.created_at,
        last_used_at=max(record.renewed_at, record.created_at),
        username=username_of(record.tokens) if record.tokens is not None else "",
        current=session_id == current,
    )
