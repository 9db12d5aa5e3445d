"""A session's entries in the index of its user and under the user's names: written first, and renewed."""

from __future__ import annotations

import logging
from contextlib import suppress

from attrs import evolve

from .._jwt import text_claim
from ..errors import StorageError
from . import user_index
from .context import ServiceContext
from .name_index import add_names
from .record import SessionRecord, StoredTokens
from .user_index import IndexPlace, SignedIn

logger = logging.getLogger(__name__)


def user_id_of(tokens: StoredTokens | None) -> str | None:
    """Return the ``sub`` of the tokens' user; None without tokens, or if they cannot be decoded."""
    return None if tokens is None else text_claim(tokens.access_token, "sub")


def username_of(tokens: StoredTokens) -> str:
    """Return Cognito's username of the tokens' user, which may differ from the name that was entered."""
    return text_claim(tokens.access_token, "username") or tokens.username


async def enter_session(
    context: ServiceContext,
    tokens: StoredTokens,
    user_id: str,
    session_id: str,
    *,
    previous: str | None,
    signed_in: SignedIn | None,
) -> IndexPlace | None:
    """Write the entries of a session whose record is about to be written.

    Args:
        context: The service's context.
        tokens: The tokens that the record will have.
        user_id: Their ``sub``.
        session_id: The id of the record.
        previous: The id of the same session under its present key, if it is being moved.
        signed_in: The sign-in that the tokens are from, if they are new.

    Returns:
        The session's place; None if the session that is being moved is being ended, or the user's sessions
        were ended during the sign-in.

    Raises:
        StorageError: The storage failed; the record must not be written.
    """
    await _add_names(context, tokens, user_id)
    return await user_index.enter(context, user_id, session_id, previous=previous, signed_in=signed_in)


async def renewed(context: ServiceContext, session_id: str, record: SessionRecord) -> SessionRecord:
    """Renew a session's entries if it is time, before its record is written with a new lifetime.

    Args:
        context: The service's context.
        session_id: The session's id.
        record: The record that is about to be written.

    Returns:
        The record, with the time of the renewal. If the storage fails, the record stays as it is: its
        lifetime is not extended beyond that of its entries.
    """
    if not context.is_indexed or record.tokens is None:
        return record
    now, user_id = context.clock(), user_id_of(record.tokens)
    if user_id is None or 0 <= now - record.indexed_at <= context.index_renewal_seconds:
        return record
    try:
        await _add_names(context, record.tokens, user_id)
        await user_index.renew(context, user_id, session_id)
    except StorageError as error:
        logger.warning("session %s: its entry in the index could not be renewed: %s", session_id, error)
        return record
    return evolve(record, indexed_at=now)


async def leave_index(context: ServiceContext, session_id: str, tokens: StoredTokens | None) -> None:
    """Remove the entry of a session whose record was deleted. If that fails, it is pruned later."""
    user_id = user_id_of(tokens) if context.is_indexed else None
    if user_id is not None:
        with suppress(StorageError):
            await user_index.leave(context, user_id, session_id)


async def _add_names(context: ServiceContext, tokens: StoredTokens, user_id: str) -> None:
    entered = tokens.sign_in_details.login_id if tokens.sign_in_details is not None else None
    username = username_of(tokens)
    await add_names(context, [username, entered or ""], username, user_id)
