"""A session's AWS credentials: stored in its record, and fetched once for concurrent callers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from .._early_renewal import EXPIRY_MARGIN, early_at
from .._flows.aws_credentials import logins_of, obtain_credentials
from .._models import AuthTokens, Credentials
from ..errors import AuthError
from . import keys
from .record import SessionRecord, StoredCredentials, StoredIdentity
from .session import Session

# The assumed lifetime if the service returns no expiration (as in Amplify).
ASSUMED_LIFE: Final = 50 * 60.0
# An identity pool's credentials live for an hour, a role's for at least 15 minutes. New credentials that
# seem to end sooner show that our clock is wrong.
_USUAL_LIFE: Final = 3600.0
_SHORTEST_LIFE: Final = 600.0

SessionCredentials: TypeAlias = tuple[Credentials, str]
"""Credentials, and the id of their identity."""


@frozen
class CredentialsRequest:
    """The credentials that a caller asks for: those of a signed-in user, or a guest's.

    Attributes:
        logins: The user's id token by its issuer; None for a guest.
        login: The hash of the id token. Credentials are fetched anew when it changes.
        role_arn: The role to request.
        borrowed: Whether the tokens come from the caller's token provider and are not in the record.
    """

    logins: Mapping[str, str] | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)
    role_arn: str | None = None
    borrowed: bool = False

    @property
    def is_guest(self) -> bool:
        """Whether no user is signed in."""
        return self.logins is None


async def fetch_credentials(
    session: Session, tokens: AuthTokens | None, *, force: bool, borrowed: bool
) -> SessionCredentials | None:
    """Return AWS credentials for the signed-in user, or for a guest.

    Args:
        session: The session that stores them.
        tokens: The user's tokens; None for a guest.
        force: Whether to fetch new credentials although the stored ones have not expired.
        borrowed: Whether the tokens come from the caller's token provider.

    Returns:
        The credentials and their identity id; None without an identity pool, and for a guest if the
        configuration allows no guests.

    Raises:
        UserUnAuthenticatedException: The signed-in user has no id token.
        AuthError: The identity pool refused or cannot be reached, and the stored credentials expired.
    """
    config = session.context.config
    if config.identity_pool_id is None or (tokens is None and not config.allow_guest_access):
        return None
    request = CredentialsRequest(borrowed=borrowed)
    if tokens is not None:
        logins = logins_of(tokens.id_token)
        (id_token,) = logins.values()
        request = CredentialsRequest(logins, keys.digest(id_token), config.custom_role_arn, borrowed)
    record = (await session.load()).record
    current = _current(record, request)
    now = session.context.clock()
    expires_at = current.ends_at - EXPIRY_MARGIN if current is not None else now
    if current is None or force or now >= expires_at:
        return await _fetch_once(session, request, record)
    backoff, key = session.context.backoff, _key(session, request)
    early = early_at(
        current.ends_at, lifetime=current.ends_at - current.issued_at, ahead=config.refresh_ahead
    )
    if now < backoff.next_renewal(key, early_at=early, expires_at=expires_at):
        return _result(record, current)
    try:
        return await _fetch_once(session, request, record)
    except AuthError:
        # The present credentials have not expired.
        backoff.put_off(key)
        return _result(record, current)


async def _fetch_once(
    session: Session, request: CredentialsRequest, record: SessionRecord
) -> SessionCredentials:
    """Fetch credentials, in a task that concurrent callers join."""
    # By identity: a guest after a sign-out does not receive what a guest before it waits for.
    key = (*_key(session, request), _identity_id(record, request))
    return await session.context.credential_fetches.join(
        partial(_fetch, session, request, _current(record, request)), key
    )


def _key(session: Session, request: CredentialsRequest) -> tuple[str, str | None]:
    return session.session_id, request.login


async def _fetch(
    session: Session, request: CredentialsRequest, seen: StoredCredentials | None
) -> SessionCredentials:
    context = session.context
    async with context.storage.lock(f"{session.storage_key}:credentials"):
        before = (await session.load()).record
        current = _current(before, request)
        if current is not None and current != seen:
            return _result(before, current)  # Another process has fetched them.
        asked_at = context.clock()
        identity_id, credentials = await obtain_credentials(
            context.connections.identity_pool(),
            request.logins,
            identity_id=_identity_id(before, request),
            custom_role_arn=request.role_arn,
        )
        stored = _stored(credentials, request, asked_at, _clock_drift(before, request))
        identity = StoredIdentity(identity_id=identity_id, is_guest=request.is_guest, credentials=stored)

        def change(record: SessionRecord) -> SessionRecord:
            # Do not store them if the session was signed out, signed in or moved meanwhile.
            return (
                evolve(record, identity=identity) if _is_still_valid_for(record, before, request) else record
            )

        await session.update(change)
        return _credentials(stored), identity_id


def _current(record: SessionRecord, request: CredentialsRequest) -> StoredCredentials | None:
    """Return the record's credentials if they match the request."""
    identity = record.identity
    if identity is None or identity.credentials is None or identity.is_guest is not request.is_guest:
        return None
    current = identity.credentials
    return current if (current.login, current.role_arn) == (request.login, request.role_arn) else None


def _identity_id(record: SessionRecord, request: CredentialsRequest) -> str | None:
    """Return the identity to request. A guest never receives the identity of a signed-in user."""
    identity = record.identity
    if identity is None:
        return None
    if not identity.is_guest and (
        request.is_guest or (request.borrowed and _current(record, request) is None)
    ):
        # The token provider may return another user's tokens than before.
        return None
    return identity.identity_id


def _is_still_valid_for(record: SessionRecord, before: SessionRecord, request: CredentialsRequest) -> bool:
    if request.borrowed:
        return True
    if request.is_guest:
        return record.tokens is None and record.identity == before.identity
    return (
        record.tokens is not None
        and record.tokens.id_token is not None
        and keys.digest(record.tokens.id_token) == request.login
    )


def _clock_drift(record: SessionRecord, request: CredentialsRequest) -> float | None:
    """Return the seconds that AWS's clock is ahead of ours by the session's tokens; None if unknown."""
    is_measured = record.tokens is not None and not request.is_guest and not request.borrowed
    return record.tokens.clock_drift if record.tokens is not None and is_measured else None


def _life(end: float, now: float, drift: float | None) -> float:
    """Return how many seconds new credentials live: until their end, unless our clock makes that absurd."""
    life = end - (drift or 0.0) - now
    if life < _SHORTEST_LIFE:
        return ASSUMED_LIFE
    return life if drift is not None else min(life, _USUAL_LIFE)


def _stored(
    credentials: Credentials, request: CredentialsRequest, now: float, drift: float | None
) -> StoredCredentials:
    end = now + ASSUMED_LIFE + (drift or 0.0)
    if credentials.expiration is not None:
        end = credentials.expiration.timestamp()
    return StoredCredentials(
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key,
        session_token=credentials.session_token,
        expires_at=end,
        issued_at=now,
        clock_drift=end - now - _life(end, now, drift),
        login=request.login,
        role_arn=request.role_arn,
    )


def _result(record: SessionRecord, current: StoredCredentials) -> SessionCredentials:
    identity = record.identity
    return _credentials(current), identity.identity_id if identity is not None else ""


def _credentials(stored: StoredCredentials) -> Credentials:
    return Credentials(
        access_key_id=stored.access_key_id,
        secret_access_key=stored.secret_access_key,
        session_token=stored.session_token,
        expiration=datetime.fromtimestamp(stored.expires_at, UTC),
    )
