"""Storing tokens that were received while the storage could not be written."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from ..answers import TokenSet
from ..errors import AuthError, StorageError
from .keys import Address
from .record import StoredTokens
from .renewal import Renewal, snapshot
from .revoking import revoke_unused
from .session import Loaded, Session

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 15.0


async def keep_unsaved(
    session: Session, read: Loaded, old: StoredTokens, new: StoredTokens, error: StorageError
) -> Renewal:
    """Hold tokens that could not be stored in this process, and try again until they are.

    Args:
        session: Whose tokens.
        read: The record as it was read last.
        old: The tokens in it.
        new: Those that Cognito issued.
        error: Why they are not stored.

    Returns:
        The new tokens: they are good, whatever the storage holds.
    """
    shared, address = session.shared, read.address
    shared.unsaved.hold(address.session_id, old, new)
    logger.error(
        "session %s: the storage failed after a refresh (%s); the new tokens are held in this process"
        " until they can be stored",
        address.session_id,
        error,
    )
    shared.keep_saving(address.session_id, _save(session, address))
    now = snapshot(session, Loaded(address, read.raw, session.parse(read.raw, address)))
    if now is None:
        return Renewal(failure=error)
    shared.remember(address.session_id, now.decoded)
    return Renewal(now.decoded.tokens, failure=error)


async def _save(session: Session, address: Address) -> None:
    """Try to store what a session waits for until it is stored or superseded, or this is cancelled."""
    pause = FIRST_PAUSE_SECONDS
    try:
        while not await _saved(session, address):
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    except asyncio.CancelledError:
        # The service is being closed: this is the last chance.
        if not await _saved(session, address):
            logger.warning("session %s: closed before its new tokens could be stored", address.session_id)
        raise


async def _saved(session: Session, address: Address) -> bool:
    """Try once; return whether nothing waits any more."""
    shared, session_id = session.shared, address.session_id
    unsaved = shared.unsaved.get(session_id)
    if unsaved is None:
        return True
    with suppress(StorageError):
        loaded = await session.load_at(address)
        if unsaved.new != loaded.record.tokens:
            await _superseded(session, address, loaded, unsaved.new)
            return True
        if await session.replace(loaded, loaded.record) is not None:
            await shared.emit(session_id, "tokenRefresh")
            return True
    return False


async def _superseded(session: Session, address: Address, loaded: Loaded, new: StoredTokens) -> None:
    """Drop what waits: the session was signed out, or has other tokens."""
    session.shared.unsaved.written(address.session_id, None)
    moved = loaded.mark is not None and session.address is not address
    if loaded.record.tokens is None and not moved and new.refresh_token is not None:
        with suppress(AuthError):
            await revoke_unused(session, TokenSet(new.access_token, None, new.refresh_token))
