"""Revoking tokens that no session holds."""

from __future__ import annotations

from contextlib import suppress

from .._jwt import claims_of
from .._responses import Authenticated, Outcome, TokenSet
from ..errors import AuthError
from .device_confirmation import forget_session_device
from .record import SessionRecord, StoredTokens
from .session import Loaded, Session
from .storage_retries import retry_until_done


async def revoke_outcome(session: Session, outcome: Outcome) -> None:
    """Revoke the tokens of an outcome that could not be stored, if it has tokens."""
    if isinstance(outcome, Authenticated):
        await revoke_unused(session, outcome.tokens)


async def revoke_unused(session: Session, tokens: TokenSet) -> None:
    """Revoke tokens that were received and not stored (RevokeToken). A failure is ignored."""
    if tokens.refresh_token is not None:
        # The tokens were never returned to a caller.
        with suppress(AuthError):
            await session.pool.revoke_token(tokens.refresh_token)


def revoke_replaced(session: Session, replaced: SessionRecord | None) -> None:
    """Revoke, in the background, the tokens of a record that a new sign-in replaced."""
    tokens = replaced.tokens if replaced is not None else None
    if replaced is not None and tokens is not None and tokens.refresh_token is not None:
        session.context.spawn(_revoke_replaced(session, replaced, tokens))


async def _revoke_replaced(session: Session, replaced: SessionRecord, tokens: StoredTokens) -> None:
    # Before the revocation, because ForgetDevice needs the access token.
    await forget_session_device(session, replaced)
    await revoke_unused(session, TokenSet(tokens.access_token, tokens.id_token, tokens.refresh_token))


async def revoke_ended(session: Session, record: SessionRecord) -> AuthError | None:
    """Forget the device of an ended session and revoke its tokens; return the error if that failed."""
    await forget_session_device(session, record)
    return (await revoke_stored(session, record.tokens))[1]


def revoke_if_deleted(session: Session, read: Loaded) -> None:
    """Revoke the tokens of a record, in the background, once the storage says that it is deleted.

    The caller receives an error, because neither the delete nor the check after it was answered. If the
    record is still there, the caller's next call deletes it and revokes its tokens.
    """
    context, address = session.context, read.address

    async def attempt() -> bool:
        if await context.storage.get(address.storage_key) is None:
            await revoke_ended(session, read.record)
        return True

    context.save_in_background(f"{address.session_id} (revoked)", retry_until_done(attempt))


async def revoke_stored(session: Session, stored: StoredTokens | None) -> tuple[bool, AuthError | None]:
    """Revoke the tokens of a deleted record (RevokeToken).

    Returns:
        Whether they are revoked, and the error if they are not. Tokens that cannot be revoked are neither.
    """
    if stored is None or stored.refresh_token is None or not _is_revocable(stored):
        return False, None
    try:
        await session.pool.revoke_token(stored.refresh_token)
    except AuthError as error:
        return False, error
    return True, None


def _is_revocable(stored: StoredTokens) -> bool:
    """Return whether the tokens can be revoked: only those with ``origin_jti`` can."""
    return "origin_jti" in claims_of(stored.access_token)
