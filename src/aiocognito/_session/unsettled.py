"""Sessions whose entry in the index was not looked at again after their record was written.

The storage failed at that moment, or the process ended. Until the entry is looked at, it is unknown
whether the session was ended.
"""

from __future__ import annotations

from contextlib import suppress

from attrs import evolve

from ..errors import StorageError
from .indexing import user_id_of
from .revocation import revoke_replaced
from .session import Loaded, Session
from .user_index import IndexPlace, is_confirmed


async def settle(session: Session, loaded: Loaded) -> Loaded:
    """Look at a session's entry in the index, and delete the session if it was ended.

    Args:
        session: The session.
        loaded: Its record, which is unsettled.

    Returns:
        The present record: empty if the session was ended.

    Raises:
        StorageError: The storage failed, and whether the session was ended is unknown.
    """
    epoch, user_id = loaded.record.unsettled, user_id_of(loaded.record.tokens)
    if epoch is None or user_id is None:
        return loaded
    place = IndexPlace(user_id, loaded.address.session_id, epoch)
    if await is_confirmed(session.context, place):
        with suppress(StorageError):
            settled = evolve(loaded.record, unsettled=None)
            return await session.replace(loaded, settled) or await session.load_at(loaded.address)
        return loaded
    forgotten = await session.forget(lambda record: record.unsettled == epoch)
    if forgotten.record.unsettled == epoch:
        await session.context.emit(forgotten.address.session_id, "signedOut")
        revoke_replaced(session, forgotten.record)
    return await session.load()
