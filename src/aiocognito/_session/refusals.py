"""What a refused refresh means for the session: whether it ends, waits or goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from attrs import evolve

from ..errors import (
    AuthError,
    NetworkError,
    NotAuthorizedException,
    RefreshTokenReuseException,
    ServiceError,
    SessionBusyError,
    StorageError,
    TokenRefreshException,
    service_error,
)
from ..errors._refusals import RefusalSubject, subject_of
from .intents import may_still_come, withdraw
from .record import SessionRecord
from .refresh_values import RefreshRequest, RefreshResult, Snapshot, holds
from .session import Session

# An unknown refusal ends a session only this many seconds after its access token expired.
UNKNOWN_SECONDS: Final = 86_400.0


# Only refusals about these subjects end a session. Throttling, a 500, a lost connection or a wrong client
# secret never do.
_ENDING: Final = frozenset({RefusalSubject.REFRESH_TOKEN_ENDED, RefusalSubject.USER})


def names_wrong_device(error: AuthError) -> bool:
    """Return whether a refusal is about the device key."""
    return subject_of(error) is RefusalSubject.DEVICE


def device_key_of(current: Snapshot) -> str | None:
    """Return the device key in the access token, if it has one."""
    claim = current.decoded.tokens.access_token.payload.get("device_key")
    return claim if isinstance(claim, str) and claim else None


async def settle_refusal(
    session: Session, current: Snapshot, request: RefreshRequest, error: AuthError
) -> RefreshResult | None:
    """Change the record after a failed refresh.

    Args:
        session: The session.
        current: The record, with the intent of this refresh.
        request: The caller's request.
        error: The error of the refresh.

    Returns:
        The result for the caller; None if the record must be read again.

    Raises:
        AuthError: ``error``, if the caller needs new tokens; `SessionBusyError` while another process may
            still store them.
    """
    subject = subject_of(error)
    is_spent = subject is RefusalSubject.REFRESH_TOKEN_SPENT
    is_unknown = subject is RefusalSubject.UNKNOWN and isinstance(error, NotAuthorizedException)
    if is_spent and not holds((await session.load()).record, current.stored):
        return None  # Another process has stored the successor.
    if is_spent or subject is RefusalSubject.DEVICE:
        return await _spent(session, current, request, error)
    if subject in _ENDING or (is_unknown and _is_long_over(session, current)):
        return await _ended(session, current, error)
    with suppress(StorageError):  # An intent ends by itself.
        await withdraw(session, current.loaded, sent=_may_have_worked(error))
    session_id = current.loaded.address.session_id
    if is_unknown:
        error.retryable = True
        session.context.refusals.add(session_id, error)
    if request.force or session.context.clock() >= current.expires_at:
        raise error
    # The present tokens have not expired.
    session.context.backoff.put_off(session_id)
    return RefreshResult(current.decoded.tokens, failure=error)


async def spent_outcome(session: Session, current: Snapshot, request: RefreshRequest) -> RefreshResult:
    """Return the result of a refresh whose token was refused before and is not sent again.

    Raises:
        TokenRefreshException: The caller forces a refresh.
        SessionBusyError: The tokens expired, and another process may still store their successors.
        RefreshTokenReuseException: The tokens expired, and no process can store successors. The session
            is ended.
    """
    if session.context.clock() < current.expires_at:
        if request.force:
            raise TokenRefreshException(
                "the refresh token was refused before; the access token is used until it expires"
            )
        return RefreshResult(current.decoded.tokens)
    code = current.stored.spent_by or "NotAuthorizedException"
    error = service_error("GetTokensFromRefreshToken", code, "the refresh token was refused before")
    return await _expired(session, current, error)


async def _spent(
    session: Session, current: Snapshot, request: RefreshRequest, error: AuthError
) -> RefreshResult:
    """Mark the refresh token as used up; the session goes on until its access token expires."""
    if session.context.clock() >= current.expires_at and not may_still_come(session, current.loaded.record):
        return await _expired(session, current, error)

    def change(record: SessionRecord) -> SessionRecord:
        if record.tokens is None or not holds(record, current.stored):
            return record
        return evolve(record, tokens=evolve(record.tokens, spent_by=error.name))

    await session.update(change)
    if session.context.clock() >= current.expires_at:
        return await _expired(session, current, error)
    if request.force:
        raise error
    return RefreshResult(current.decoded.tokens, failure=error)


async def _expired(session: Session, current: Snapshot, error: AuthError) -> RefreshResult:
    """End a session whose tokens expired, unless a suspended process may still store new ones."""
    if isinstance(error, RefreshTokenReuseException) and may_still_come(session, current.loaded.record):
        raise SessionBusyError(
            "the session's tokens were renewed by a process that has not stored them yet",
            recovery_suggestion="Try again later: within ten minutes the session either goes on or ends.",
        )
    return await _ended(session, current, error)


async def _ended(session: Session, current: Snapshot, error: AuthError) -> RefreshResult:
    """Sign out a session whose refresh token was refused, unless it has another token by now."""

    def change(record: SessionRecord) -> SessionRecord:
        return record.signed_out() if holds(record, current.stored) else record

    loaded = await session.update(change)
    session.context.decoded.pop(loaded.address.session_id, None)
    session.context.refusals.clear(loaded.address.session_id)
    if isinstance(error, NotAuthorizedException):
        return RefreshResult(failure=error)
    raise error


def _is_long_over(session: Session, current: Snapshot) -> bool:
    return session.context.clock() > current.expires_at + UNKNOWN_SECONDS


def _may_have_worked(error: AuthError) -> bool:
    """Return whether Cognito may have issued tokens despite the error, so that the outcome is unknown."""
    if isinstance(error, NetworkError):
        return error.request_sent
    if isinstance(error, ServiceError):
        return error.service_status is None or error.service_status >= 500
    return True  # The response could not be parsed.
