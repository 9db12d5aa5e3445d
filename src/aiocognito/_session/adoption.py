"""Adopting a refresh token of another system: it is renewed once, and becomes an ordinary session."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from attrs import evolve, frozen

from .._claims import ACCESS
from .._models import AuthUser
from .._responses import TokenSet
from .._verifier import TokenVerifier
from ..errors import (
    AuthValidationError,
    AuthValidationErrorCode,
    InvalidJWTError,
    InvalidTokens,
    SignInException,
    StorageError,
    UserAlreadyAuthenticatedException,
)
from .commit import emit_signed_in
from .context import ID_TOKEN_LEEWAY
from .indexing import user_id_of, username_of
from .marks import MARK_SECONDS, new_mark
from .record import SessionRecord, StoredTokens
from .rekeying import change_in_place
from .revocation import revoke_unused
from .session import EndedMeanwhile, Loaded, Session, Superseded
from .stored_tokens import current_user, read_tokens, stored_tokens

# Pauses before the record is written again, in seconds. The refresh token may be used up by then.
PAUSES: Final = (0.1, 0.5, 2.0)


@frozen
class _Reservation:
    """The mark under a session key, which keeps other calls from the key until the session is stored."""

    session: Session
    mark: bytes

    async def release(self) -> None:
        """Remove the mark. If that fails, it expires."""
        with suppress(StorageError):
            where = self.session.storage_key
            await self.session.context.storage.replace(where, None, expected=self.mark)


async def adopt(session: Session, refresh_token: str, device_key: str | None) -> AuthUser:
    """Renew a refresh token once, verify the new tokens, and store them as a session.

    The token is sent after the storage and the user pool's keys have been reached, so that an outage does
    not use it up. It is never revoked when something fails: the other system may go on using it.

    Args:
        session: The session, under a key that opens nothing.
        refresh_token: The refresh token of the other system.
        device_key: The device that the token was issued to.

    Returns:
        The user.

    Raises:
        UserAlreadyAuthenticatedException: The key opens a session that is signed in; nothing was sent.
        AuthValidationError: The key opens something else; nothing was sent.
        NotAuthorizedException: Cognito refused the token.
        TokenVerificationError: The new tokens are not those of this user pool and app client.
        SignInException: The sessions of the user were ended meanwhile; the token is revoked.
        StorageError: The storage failed.
    """
    reservation = await _reserve(session)
    try:
        await session.context.id_tokens.ready()
        requested_at = session.context.clock()
        tokens = await session.pool.get_tokens_from_refresh_token(refresh_token, device_key=device_key)
        stored, user = await _verified(session, tokens, refresh_token, device_key)
        loaded = await _store(session, stored, requested_at)
    except BaseException:
        await reservation.release()
        raise
    await emit_signed_in(session, loaded, session.session_id)
    return user


async def _reserve(session: Session) -> _Reservation:
    mark = new_mark()
    storage, where = session.context.storage, session.storage_key
    if await storage.replace(where, mark, expected=None, ttl=MARK_SECONDS):
        return _Reservation(session, mark)
    loaded = await session.load()
    if loaded.record.tokens is not None:
        raise UserAlreadyAuthenticatedException("the session key opens a session that is signed in")
    raise _in_use()


def _in_use() -> AuthValidationError:
    return AuthValidationError(
        AuthValidationErrorCode.InvalidArgument,
        "session_key: is in use",
        recovery_suggestion="Make a new one with SessionManager.new_session_key().",
    )


async def _verified(
    session: Session, tokens: TokenSet, refresh_token: str, device_key: str | None
) -> tuple[StoredTokens, AuthUser]:
    """Verify the new tokens, and return them as they are stored, and their user."""
    stored = decoded = None
    with suppress(InvalidJWTError):
        stored = stored_tokens(session.context, tokens, "", None, previous=refresh_token)
        decoded = read_tokens(SessionRecord(tokens=stored))
    if stored is None or decoded is None:
        raise InvalidTokens("Cognito returned a token that is not a JWT")
    if tokens.id_token is not None:
        sub = (await session.context.id_tokens.verify(tokens.id_token)).sub
    else:
        # Tokens of the hosted UI without the scope openid.
        sub = await _verified_access_token(session, tokens.access_token)
    if sub != user_id_of(stored):
        raise InvalidTokens("Cognito returned tokens of two different users")
    rotates = tokens.refresh_token is not None
    stored = evolve(stored, username=username_of(stored), device_key=device_key, rotates=rotates)
    return stored, current_user(decoded)


async def _verified_access_token(session: Session, access_token: str) -> str:
    context = session.context
    verifier = TokenVerifier.from_config(
        context.config,
        token_use=ACCESS,
        leeway=ID_TOKEN_LEEWAY,
        cache_size=0,
        clock=context.clock,
        http_client=context.connections.http_client,
    )
    try:
        return (await verifier.verify(access_token)).sub
    finally:
        await verifier.aclose()


async def _store(session: Session, stored: StoredTokens, requested_at: float) -> Loaded:
    """Store the session. A storage that fails is tried again: the token that was sent may be used up."""
    was_ended = False
    for pause in (*PAUSES, None):
        try:
            return await change_in_place(
                session, lambda record: _adopted(session, record, stored), requested_at=requested_at
            )
        except Superseded as superseded:
            was_ended = isinstance(superseded, EndedMeanwhile)
            break
        except StorageError:
            if pause is None:
                raise
            await asyncio.sleep(pause)
    if not was_ended:
        raise _in_use()
    await revoke_unused(session, TokenSet(stored.access_token, None, stored.refresh_token))
    raise SignInException("the user's sessions were ended meanwhile; nothing was stored")


def _adopted(session: Session, record: SessionRecord, stored: StoredTokens) -> SessionRecord:
    """Return the record of the new session.

    Raises:
        Superseded: The key opens something by now.
    """
    if not record.is_empty and record.tokens != stored:
        raise Superseded
    return record if record.tokens == stored else record.signed_in(stored, at=session.context.clock())
