"""Repairs after a change of a session's record whose write failed, or whose outcome is unknown."""

from __future__ import annotations

from contextlib import suppress

from attrs import evolve

from ..errors import StorageError
from .indexing import leave_index
from .keys import Address
from .record import SessionRecord
from .session import Loaded, Session
from .storage_retries import retry_until_done
from .unsettled import settle


async def delete_unused(session: Session, new: Loaded) -> None:
    """Delete a record whose key no caller has, and its entry. If that fails, both expire by themselves."""
    with suppress(StorageError):
        await session.context.storage.delete(new.address.storage_key)
    await leave_index(session.context, new.address.session_id, new.record.tokens)


def restore_later(session: Session, old: Loaded, mark: bytes) -> None:
    """Restore the old record, if the mark has replaced it, as soon as the storage works again.

    The caller receives an error, and the browser keeps the old key. Callers that read the record meanwhile
    restore it first (see `Session.follow`).
    """
    context, session_id = session.context, old.address.session_id

    async def restore() -> None:
        raw, _, ttl = session.dump(old.record)
        # Without this mark, the session was signed out meanwhile.
        await context.storage.replace(old.address.storage_key, raw, expected=mark, ttl=ttl)
        context.restoring.pop(session_id, None)

    async def attempt() -> bool:
        await restore()
        return True

    context.restoring[session_id] = restore
    context.save_in_background(f"{session_id} (restored)", retry_until_done(attempt))


def undo_later(session: Session, before: SessionRecord, after: SessionRecord) -> None:
    """Undo a change in place, if it was stored, as soon as the storage works again."""
    undo = retry_until_done(lambda: _undone(session, before, after))
    session.context.save_in_background(f"{session.session_id} (undone)", undo)


async def _undone(session: Session, before: SessionRecord, after: SessionRecord) -> bool:
    loaded = await session.load()
    if loaded.record.tokens != after.tokens:
        return True
    return await session.replace(loaded, before) is not None


async def settled(session: Session, new: Loaded, *, is_confirmed: bool | None) -> Loaded:
    """Extend the moved record to its full lifetime, once its entry in the index is confirmed."""
    if not session.context.is_durable and new.record.unsettled is None:
        return new
    if is_confirmed or new.record.unsettled is None:
        with suppress(StorageError):
            complete = evolve(new.record, unsettled=None)
            return await session.replace(new, complete) or await session.load_at(new.address)
    # The session works, and must not expire in two minutes.
    lengthened = retry_until_done(lambda: _lengthened(session, new.address))
    session.context.save_in_background(f"{new.address.session_id} (lengthened)", lengthened)
    return new


async def _lengthened(session: Session, address: Address) -> bool:
    loaded = await session.load_at(address)
    if loaded.record.unsettled is not None:
        loaded = await settle(session, loaded)
    is_over = loaded.mark is not None or loaded.record.is_empty
    return is_over or await session.replace(loaded, loaded.record) is not None
