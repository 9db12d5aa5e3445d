"""Changing a session's record and its key in one procedure.

A key that an attacker planted in a browser must be worthless once the session is signed in (session
fixation). So every change of privilege is stored under a fresh key, and the old key stops working, before
an event is emitted or a method returns. The new record is written first. Then a mark replaces the old
record, which completes the move.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from attrs import evolve

from ..errors import SessionBusyError, SignInException, StorageError
from . import keys
from .compare_and_set import compare_and_set, is_stored
from .indexing import leave_index
from .intents import live_intent
from .keys import Address
from .locks import enter_lock
from .marks import MARK_SECONDS, new_mark
from .record import SessionRecord
from .rekeying_repairs import delete_unused, restore_later, settled, undo_later
from .revocation import revoke_replaced
from .session import EndedMeanwhile, Loaded, Session, Superseded
from .session_entry import SessionEntry

# The lifetime of a record until the move is complete: if the process ends, its key is never returned.
UNDECIDED_SECONDS: Final = 120.0
# How long a re-keying waits for a lock that another caller holds.
LOCK_SECONDS: Final = 10.0
# Seconds between two reads of the record while another process renews its tokens.
POLL_SECONDS: Final = 0.1

# The recovery suggestion after another request has moved the session.
RELOAD: Final = "Reload the page: the session has a new key."

Change = Callable[[SessionRecord], SessionRecord]


async def rekey(
    session: Session,
    change: Change,
    *,
    began: Loaded | None = None,
    even_if_fixed: bool = False,
    requested_at: float | None = None,
) -> Loaded:
    """Change a record, and move it under a fresh key unless keys are fixed.

    Args:
        session: The session. It has the new key afterwards.
        change: Takes the present record and returns the new one; called again if another caller wrote
            first. If it raises, the record stays as it is.
        began: The record at the begin of the procedure, if the procedure must stop when the session was
            moved since. By default it uses the present address of this client's record.
        even_if_fixed: Whether to move the session although keys are fixed.
        requested_at: When Cognito was asked for the new tokens of the record, in seconds since the epoch;
            None without new tokens.

    Returns:
        The new record.

    Raises:
        Superseded: Another procedure has moved the session.
        SessionBusyError: Another process has not finished renewing the session's tokens.
        StorageError: The storage failed; the old key still opens the session.
    """
    if session.context.fixed_keys and not even_if_fixed:
        return await _in_place(session, change, requested_at)
    await session.follow(session.address)
    address = session.address
    if began is not None and began.address is not address:
        raise Superseded
    with session.moving():
        loaded = await session.load_at(address)
        if loaded.mark is not None and (began is None or loaded.mark != began.mark):
            raise Superseded
        async with _undisturbed(session, loaded, change):
            return await _move(session, address, change, loaded.mark, requested_at)


async def rekey_or_raise(session: Session, change: Change, *, even_if_fixed: bool = False) -> None:
    """Call `rekey` for a request that cannot go on if another request has moved the session.

    Raises:
        SignInException: Another request has moved the session.
        SessionBusyError: Another process has not finished renewing the session's tokens.
        StorageError: The storage failed; the old key still opens the session.
    """
    try:
        await rekey(session, change, even_if_fixed=even_if_fixed)
        return
    except Superseded as superseded:
        reason = (
            "the user's sessions were ended meanwhile, and this one too"
            if isinstance(superseded, EndedMeanwhile)
            else "the session was moved by another request"
        )
    raise SignInException(reason, recovery_suggestion=RELOAD)


async def rotate_key(session: Session) -> None:
    """Move a session under a fresh key, with its whole record, also if keys are fixed.

    Raises:
        As `rekey_or_raise`.
    """
    before = session.address
    await rekey_or_raise(session, lambda record: record, even_if_fixed=True)
    if session.address is before:
        # The record is empty, so there was nothing to move.
        session.move_to(keys.address(session.context.config, keys.new_secret()))


@asynccontextmanager
async def _undisturbed(session: Session, loaded: Loaded, change: Change) -> AsyncIterator[None]:
    """Hold the record's lock if its tokens move along, so that no refresh runs meanwhile.

    Raises:
        SessionBusyError: Another process has not finished renewing the session's tokens.
    """
    if loaded.record.tokens is None or change(loaded.record).tokens is not loaded.record.tokens:
        yield
        return
    storage_key = loaded.address.storage_key
    until = monotonic() + LOCK_SECONDS
    async with enter_lock(session, storage_key, until=until, superseded=lambda _: False) as held:
        if not held:
            raise SessionBusyError("the session's tokens are being renewed elsewhere")
        while True:
            current = await session.load_at(loaded.address, loaded)
            intent = live_intent(session, current.record)
            if intent is None:
                break
            left = intent.ends_at - session.context.clock()
            await asyncio.sleep(min(left, POLL_SECONDS * random.uniform(0.5, 1.5)))  # noqa: S311 - jitter
        yield


async def _move(
    session: Session,
    address: Address,
    change: Change,
    mark_before: bytes | None,
    requested_at: float | None,
) -> Loaded:
    """Write the record under a fresh key, and then the mark at the old address."""
    target = keys.address(session.context.config, keys.new_secret())
    new, mark, has_moved, is_begun = Loaded(target, None, SessionRecord()), new_mark(), False, False
    entry = SessionEntry(requested_at)

    async def attempt() -> Loaded | None:
        nonlocal new, has_moved, is_begun
        loaded = await session.load_at(address)
        if loaded.mark is not None and loaded.mark != mark_before:
            raise Superseded
        record = change(loaded.record)
        if record.is_empty:
            # An empty record needs no new key.
            return await session.replace(loaded, record)
        record = await entry.written(session, target, loaded, record)
        is_begun = True
        # The browser is sent the new key.
        record = evolve(record, cookie_at=session.context.clock())
        written = await _written(session, new, record)
        if written is None:
            if new.raw is not None and await session.context.storage.get(target.storage_key) is None:
                # Only an end of the user's sessions finds this record: its key was not returned yet.
                raise EndedMeanwhile
            return None
        new = written
        has_moved = await _replaced(session, loaded, mark)
        return new if has_moved else None

    try:
        moved = await compare_and_set(session.context.storage, address.storage_key, attempt)
    finally:
        if not has_moved and is_begun:
            await delete_unused(session, new)
    if not has_moved:
        return moved
    session.context.unsaved.written(address.session_id, None)
    is_confirmed = await entry.is_confirmed(session, address)
    if is_confirmed is False:
        await delete_unused(session, new)
        if entry.is_carried:
            # The ender found the session under neither key.
            revoke_replaced(session, new.record)
        raise EndedMeanwhile
    session.move_to(target)
    return await settled(session, new, is_confirmed=is_confirmed)


async def _written(session: Session, new: Loaded, record: SessionRecord) -> Loaded | None:
    """Write the record under the new key; with a short lifetime if the storage outlives this process."""
    durable = session.context.is_durable
    # If its lifetime cannot be extended right after the move, the next use extends it.
    raw, record, ttl = session.dump(record, renewed_at=0.0 if durable else None)
    if durable and ttl is not None:
        ttl = min(ttl, UNDECIDED_SECONDS)
    storage, where, failure = session.context.storage, new.address.storage_key, None
    try:
        if raw != new.raw and not await storage.replace(where, raw, expected=new.raw, ttl=ttl):
            return None
    except StorageError as error:
        failure = error
    if failure is not None and not await is_stored(storage, where, raw):
        raise failure
    return Loaded(new.address, raw, record)


async def _replaced(session: Session, old: Loaded, mark: bytes) -> bool:
    """Replace the old record with the mark, and return whether the record was unchanged until then.

    Raises:
        StorageError: The storage failed, and whether the mark was stored is unknown.
    """
    storage, where = session.context.storage, old.address.storage_key
    try:
        return await storage.replace(where, mark, expected=old.raw, ttl=MARK_SECONDS)
    except StorageError as error:
        failure = error
    stored = await is_stored(storage, where, mark)
    if stored:
        return True
    if stored is None and not old.record.is_empty:
        restore_later(session, old, mark)
    raise failure


async def change_in_place(session: Session, change: Change, *, requested_at: float | None = None) -> Loaded:
    """Change a record and leave its key as it is.

    Args:
        session: The session.
        change: As for `rekey`.
        requested_at: As for `rekey`.

    Raises:
        EndedMeanwhile: The user's sessions were ended; this one is deleted.
        StorageError: The storage failed.
    """
    entry = SessionEntry(requested_at)
    after = SessionRecord()

    async def attempt() -> Loaded | None:
        nonlocal after
        loaded = await session.load()
        after = change(loaded.record)
        if after == loaded.record:
            return loaded
        after = await entry.written(session, loaded.address, loaded, after)
        return await session.replace(loaded, after)

    changed = await compare_and_set(session.context.storage, session.storage_key, attempt)
    is_confirmed = await entry.is_confirmed(session, session.address)
    if is_confirmed is False:
        forgotten = await session.forget(lambda record: record.tokens == after.tokens)
        await leave_index(session.context, session.session_id, forgotten.record.tokens)
        raise EndedMeanwhile
    if changed.record.unsettled is None:
        return changed
    return await settled(session, changed, is_confirmed=is_confirmed)


async def _in_place(session: Session, change: Change, requested_at: float | None) -> Loaded:
    """Change a record whose key is fixed. If the outcome of the write is unknown, undo it later.

    The caller revokes the tokens after an error, so the session must not keep them.
    """
    before = after = SessionRecord()

    def noted(record: SessionRecord) -> SessionRecord:
        nonlocal before, after
        before, after = record, change(record)
        return after

    try:
        return await change_in_place(session, noted, requested_at=requested_at)
    except StorageError as error:
        failure = error
    if after.tokens is not None and after.tokens != before.tokens:
        undo_later(session, before, after)
    raise failure
