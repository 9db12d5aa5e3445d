"""Signing out: the local session goes first and whatever the service answers."""

from __future__ import annotations

from ..errors import AuthError, InvalidJWTError, StorageError
from ..jwt import decode_jwt
from ..models import AuthTokens
from ..results import SignOutResult
from ..services.own_user import OwnUser
from .provider import SessionTokenProvider
from .record import StoredTokens
from .session import Session


async def sign_out(session: Session, *, everywhere: bool) -> SignOutResult:
    """Forget the session, revoke its tokens, and tell the Hub.

    Args:
        session: Whose.
        everywhere: Sign the person out on all their devices (GlobalSignOut), and fall back to
            RevokeToken if that fails.

    Raises:
        StorageError: The storage cannot forget.
    """
    tokens, error = await _good_tokens(session) if everywhere else (None, None)
    loaded = await session.forget()
    await session.shared.emit(session.session_id, "signedOut")
    stored = loaded.record.tokens
    if tokens is not None:
        try:
            await session.pool.own_user(tokens.access_token.token).global_sign_out()
        except AuthError as refusal:
            error = refusal
        else:
            return SignOutResult(revoked=True)
    revoked, refusal_to_revoke = await _revoke(session, stored)
    return SignOutResult(revoked=revoked, error=error or refusal_to_revoke)


async def delete_user(session: Session, user: OwnUser) -> None:
    """DeleteUser, and forget the session; its tokens died with the account.

    Raises:
        StorageError: The account is deleted, and the storage cannot forget.
    """
    await user.delete_user()
    loaded = await session.forget()
    if loaded.record.tokens is not None:
        await session.devices.forget_user(loaded.record.tokens.username)
    await session.shared.emit(session.session_id, "signedOut")


async def _good_tokens(session: Session) -> tuple[AuthTokens | None, AuthError | None]:
    """Tokens that GlobalSignOut accepts, renewed if they must be, or why there are none."""
    try:
        return await SessionTokenProvider(session).get_tokens(), None
    except StorageError:
        raise
    except AuthError as error:
        return None, error


async def _revoke(session: Session, stored: StoredTokens | None) -> tuple[bool, AuthError | None]:
    if stored is None or stored.refresh_token is None or not _is_revocable(stored):
        return False, None
    try:
        await session.pool.revoke_token(stored.refresh_token)
    except AuthError as error:
        return False, error
    return True, None


def _is_revocable(stored: StoredTokens) -> bool:
    """Whether the app client issues tokens that can be revoked: they say where they come from."""
    try:
        return "origin_jti" in decode_jwt(stored.access_token).payload
    except InvalidJWTError:
        return False
