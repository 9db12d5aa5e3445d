"""The one procedure by which tokens are renewed.

One leader per session in this process → the storage's lock, which may span machines → read again →
GetTokensFromRefreshToken → compare-and-set: if that says no because somebody signed out or in
meanwhile, the answer is dropped → wake the others → tell the Hub, outside the lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from attrs import evolve

from ..errors import (
    AuthError,
    NotAuthorizedException,
    PasswordResetRequiredException,
    RefreshTokenReuseException,
    ServiceError,
    TokenRefreshException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from ..models import AuthTokens
from .device_confirmation import confirm_outstanding
from .record import SessionRecord, StoredTokens
from .session import Session

# Only these end a session (Amplify's list; TokenRevokedException is in no service model, so it goes
# by its name). Throttling, a 500 or a lost connection never signs anybody out.
ENDING: Final = (
    NotAuthorizedException,
    UserNotFoundException,
    PasswordResetRequiredException,
    UserNotConfirmedException,
    RefreshTokenReuseException,
)
ENDING_NAMES: Final = frozenset({"TokenRevokedException"})


async def refreshed(
    session: Session, seen: bytes | None, *, force: bool, client_metadata: Mapping[str, str] | None
) -> AuthTokens | None:
    """Renew a session's tokens, once, however many callers ask at the same time.

    Args:
        session: Whose tokens.
        seen: The record's bytes that made the caller ask. If others are there by the time it is our
            turn, somebody else has renewed them already.
        force: Renew them even if they are good.
        client_metadata: For the user pool's triggers; that of the first caller counts.

    Returns:
        The tokens; None if nobody is signed in (any more).

    Raises:
        TokenRefreshException: They expired and there is no refresh token.
        ServiceError: Cognito refused; `ENDING` says which refusals end the session.
        NetworkError: Cognito could not be reached; the session is kept.
        StorageError: The storage failed.
    """
    shared = session.shared
    flight = shared.refreshes.get(session.session_id)
    if flight is None:
        flight = asyncio.get_running_loop().create_future()
        flight.add_done_callback(_retrieve)
        shared.refreshes[session.session_id] = flight
        work = _lead(session, seen, force, client_metadata, flight)
        await asyncio.shield(shared.spawn(work))
    # Shielded: a cancelled caller must not cancel what the others wait for.
    return await asyncio.shield(flight)


async def _lead(
    session: Session,
    seen: bytes | None,
    force: bool,
    client_metadata: Mapping[str, str] | None,
    flight: asyncio.Future[AuthTokens | None],
) -> None:
    shared, session_id = session.shared, session.session_id
    failure: AuthError | None = None
    renewed = False
    try:
        async with shared.storage.lock(session.storage_key):
            tokens, renewed, failure = await _refresh(session, seen, force, client_metadata)
        flight.set_result(tokens)
    except BaseException as error:
        if isinstance(error, AuthError):
            failure = error
        # A future takes no StopIteration and no CancelledError as an exception; neither comes here
        # but when the loop is shut down.
        if isinstance(error, asyncio.CancelledError):
            flight.cancel()
            raise
        flight.set_exception(error)
    finally:
        # Before the Hub is told: a listener may well ask for tokens.
        del shared.refreshes[session_id]
    if renewed:
        await shared.emit(session_id, "tokenRefresh")
    elif isinstance(failure, AuthError):
        await shared.emit(session_id, "tokenRefresh_failure", {"error": failure})


async def _refresh(
    session: Session, seen: bytes | None, force: bool, client_metadata: Mapping[str, str] | None
) -> tuple[AuthTokens | None, bool, AuthError | None]:
    """Return the tokens, whether they are new, and what went wrong without ending the wait."""
    loaded = await session.load()
    decoded, stored = session.decode(loaded.raw, loaded.record), loaded.record.tokens
    if decoded is None or stored is None:
        return None, False, None
    now = session.shared.clock()
    expires_at = session.expires_at(stored, decoded.tokens)
    before = session.parse(seen).tokens
    others_did = before is None or before.access_token != stored.access_token
    if (not force or others_did) and now < decoded.good_until:
        session.shared.remember(session.session_id, decoded)
        return decoded.tokens, False, None
    if stored.refresh_token is None:
        raise TokenRefreshException("the tokens expired, and there is no refresh token to renew them with")
    confirmation = await confirm_outstanding(session, loaded)
    stored = confirmation.loaded.record.tokens
    if stored is None or stored.refresh_token is None:
        return None, False, None
    try:
        tokens, renewed = await _exchange(session, stored, stored.refresh_token, client_metadata)
        return tokens, renewed, None
    except Exception as error:
        if confirmation.failure is not None and isinstance(error, NotAuthorizedException):
            # Refused as long as the device is not confirmed, which says nothing about the session.
            raise confirmation.failure from None
        if _ends_session(error):
            await _end(session, stored.refresh_token)
            if isinstance(error, NotAuthorizedException):
                return None, False, error
            raise
        if force or now > expires_at or not isinstance(error, AuthError):
            raise
        # An early renewal that failed harms nobody: the old tokens are still good.
        session.shared.patience.put_off(session.session_id)
        return decoded.tokens, False, error


async def _exchange(
    session: Session, old: StoredTokens, refresh_token: str, client_metadata: Mapping[str, str] | None
) -> tuple[AuthTokens | None, bool]:
    """GetTokensFromRefreshToken, and store what came, unless the session is another by now.

    Returns:
        The tokens that the session has now, and whether they are what came.
    """
    answer = await session.pool.get_tokens_from_refresh_token(
        refresh_token, device_key=old.device_key, client_metadata=client_metadata
    )
    new = session.stored_tokens(answer, old.username, old.sign_in_details, previous=refresh_token)
    new = evolve(new, device_key=old.device_key, unknown=old.unknown)

    def change(current: SessionRecord) -> SessionRecord:
        # Other parts of the record may have changed; what matters is whether these are still the
        # tokens that were renewed. If not, somebody signed out or in, and that stands.
        is_same = current.tokens is not None and current.tokens.refresh_token == refresh_token
        return evolve(current, tokens=new) if is_same else current

    loaded = await session.update(change)
    decoded = session.decode(loaded.raw, loaded.record)
    if decoded is None:
        return None, False
    session.shared.remember(session.session_id, decoded)
    return decoded.tokens, loaded.record.tokens == new


def _ends_session(error: Exception) -> bool:
    return isinstance(error, ENDING) or (isinstance(error, ServiceError) and error.name in ENDING_NAMES)


async def _end(session: Session, refresh_token: str) -> None:
    """Sign out the session whose refresh token was refused, unless it has another one by now."""

    def change(current: SessionRecord) -> SessionRecord:
        is_same = current.tokens is not None and current.tokens.refresh_token == refresh_token
        return current.signed_out() if is_same else current

    await session.update(change)
    session.shared.decoded.pop(session.session_id, None)


def _retrieve(flight: asyncio.Future[AuthTokens | None]) -> None:
    """Ask for the exception, so that asyncio does not complain when every caller has left."""
    if not flight.cancelled():
        flight.exception()
