"""Storing renewed tokens later, if the storage failed after a refresh."""

from __future__ import annotations

import logging
from contextlib import suppress

from .._responses import TokenSet
from ..errors import AuthError, StorageError
from .keys import Address
from .record import StoredTokens
from .refresh_values import RefreshResult, snapshot
from .revocation import revoke_unused
from .session import Loaded, Session
from .storage_retries import retry_until_done

logger = logging.getLogger(__name__)


async def save_later(
    session: Session, read: Loaded, old: StoredTokens, new: StoredTokens, error: StorageError
) -> RefreshResult:
    """Hold new tokens in memory, and retry in the background until they are stored.

    Args:
        session: The session.
        read: The record as it was read last.
        old: Its tokens.
        new: The tokens that Cognito issued.
        error: The error of the storage.

    Returns:
        The new tokens, with the error.
    """
    context, address = session.context, read.address
    context.unsaved.hold(address.session_id, old, new)
    logger.error(
        "session %s: the storage failed after a refresh (%s); the new tokens are held in this process"
        " until they can be stored",
        address.session_id,
        error,
    )
    context.save_in_background(address.session_id, _save(session, address))
    now = snapshot(session, Loaded(address, read.raw, session.parse(read.raw, address)))
    if now is None:
        return RefreshResult(failure=error)
    context.remember(address.session_id, now.decoded)
    return RefreshResult(now.decoded.tokens, failure=error)


async def _save(session: Session, address: Address) -> None:
    """Retry until the session's new tokens are stored or superseded, or the task is cancelled."""
    try:
        await retry_until_done(lambda: _saved(session, address))
    finally:
        if address.session_id in session.context.unsaved:
            logger.warning("session %s: closed before its new tokens could be stored", address.session_id)


async def _saved(session: Session, address: Address) -> bool:
    """Try once, and return whether the session has no unsaved tokens left."""
    context, session_id = session.context, address.session_id
    unsaved = context.unsaved.get(session_id)
    if unsaved is None:
        return True
    loaded = await session.load_at(address)
    if unsaved.new != loaded.record.tokens:
        await _superseded(session, address, loaded, unsaved.new)
        return True
    if await session.replace(loaded, loaded.record) is None:
        return False
    await context.emit(session_id, "tokenRefresh")
    return True


async def _superseded(session: Session, address: Address, loaded: Loaded, new: StoredTokens) -> None:
    """Drop the unsaved tokens, because the session was signed out or has other tokens."""
    session.context.unsaved.written(address.session_id, None)
    # A moved session goes on under another key: revoking one of its tokens would end it.
    is_over = loaded.mark is None and loaded.record.tokens is None
    if is_over and new.refresh_token is not None:
        with suppress(AuthError):
            await revoke_unused(session, TokenSet(new.access_token, None, new.refresh_token))
