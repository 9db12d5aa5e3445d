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

IssuedCredentials: TypeAlias = tuple[Credentials, str]
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
) -> IssuedCredentials | None:
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
    wanted = CredentialsRequest(borrowed=borrowed)
    if tokens is not None:
        logins = logins_of(tokens.id_token)
        (id_token,) = logins.values()
        wanted = CredentialsRequest(logins, keys.digest(id_token), config.custom_role_arn, borrowed)
    record = (await session.load()).record
    kept = _kept(record, wanted)
    now = session.context.clock()
    expires_at = kept.ends_at - EXPIRY_MARGIN if kept is not None else now
    if kept is None or force or now >= expires_at:
        return await _fetch_once(session, wanted, record)
    backoff, key = session.context.backoff, _key(session, wanted)
    early = early_at(kept.ends_at, lifetime=kept.ends_at - kept.issued_at, ahead=config.refresh_ahead)
    if now < backoff.next_renewal(key, early_at=early, expires_at=expires_at):
        return _found(record, kept)
    try:
        return await _fetch_once(session, wanted, record)
    except AuthError:
        # The present credentials have not expired.
        backoff.put_off(key)
        return _found(record, kept)


async def _fetch_once(
    session: Session, wanted: CredentialsRequest, record: SessionRecord
) -> IssuedCredentials:
    """Fetch credentials, in a task that concurrent callers join."""
    # By identity: a guest after a sign-out does not receive what a guest before it waits for.
    key = (*_key(session, wanted), _identity_id(record, wanted))
    return await session.context.credential_fetches.join(
        partial(_fetch, session, wanted, _kept(record, wanted)), key
    )


def _key(session: Session, wanted: CredentialsRequest) -> tuple[str, str | None]:
    return session.session_id, wanted.login


async def _fetch(
    session: Session, wanted: CredentialsRequest, seen: StoredCredentials | None
) -> IssuedCredentials:
    context = session.context
    async with context.storage.lock(f"{session.storage_key}:credentials"):
        before = (await session.load()).record
        kept = _kept(before, wanted)
        if kept is not None and kept != seen:
            return _found(before, kept)  # Another process has fetched them.
        asked_at = context.clock()
        identity_id, credentials = await obtain_credentials(
            context.connections.identity_pool(),
            wanted.logins,
            identity_id=_identity_id(before, wanted),
            custom_role_arn=wanted.role_arn,
        )
        stored = _stored(credentials, wanted, asked_at, _clock_drift(before, wanted))
        identity = StoredIdentity(identity_id=identity_id, is_guest=wanted.is_guest, credentials=stored)

        def change(record: SessionRecord) -> SessionRecord:
            # Do not store them if the session was signed out, signed in or moved meanwhile.
            return evolve(record, identity=identity) if _belongs(record, before, wanted) else record

        await session.update(change)
        return _credentials(stored), identity_id


def _kept(record: SessionRecord, wanted: CredentialsRequest) -> StoredCredentials | None:
    """Return the record's credentials if they match the request."""
    identity = record.identity
    if identity is None or identity.credentials is None or identity.is_guest is not wanted.is_guest:
        return None
    kept = identity.credentials
    return kept if (kept.login, kept.role_arn) == (wanted.login, wanted.role_arn) else None


def _identity_id(record: SessionRecord, wanted: CredentialsRequest) -> str | None:
    """Return the identity to request. A guest never receives the identity of a signed-in user."""
    identity = record.identity
    if identity is None:
        return None
    if not identity.is_guest and (wanted.is_guest or (wanted.borrowed and _kept(record, wanted) is None)):
        # The token provider may return another user's tokens than before.
        return None
    return identity.identity_id


def _belongs(record: SessionRecord, before: SessionRecord, wanted: CredentialsRequest) -> bool:
    if wanted.borrowed:
        return True
    if wanted.is_guest:
        return record.tokens is None and record.identity == before.identity
    return (
        record.tokens is not None
        and record.tokens.id_token is not None
        and keys.digest(record.tokens.id_token) == wanted.login
    )


def _clock_drift(record: SessionRecord, wanted: CredentialsRequest) -> float | None:
    """Return the seconds that AWS's clock is ahead of ours by the session's tokens; None if unknown."""
    is_measured = record.tokens is not None and not wanted.is_guest and not wanted.borrowed
    return record.tokens.clock_drift if record.tokens is not None and is_measured else None


def _life(end: float, now: float, drift: float | None) -> float:
    """Return how many seconds new credentials live: until their end, unless our clock makes that absurd."""
    life = end - (drift or 0.0) - now
    if life < _SHORTEST_LIFE:
        return ASSUMED_LIFE
    return life if drift is not None else min(life, _USUAL_LIFE)


def _stored(
    credentials: Credentials, wanted: CredentialsRequest, now: float, drift: float | None
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
        login=wanted.login,
        role_arn=wanted.role_arn,
    )


def _found(record: SessionRecord, kept: StoredCredentials) -> IssuedCredentials:
    identity = record.identity
    return _credentials(kept), identity.identity_id if identity is not None else ""


def _credentials(stored: StoredCredentials) -> Credentials:
    return Credentials(
        access_key_id=stored.access_key_id,
        secret_access_key=stored.secret_access_key,
        session_token=stored.session_token,
        expiration=datetime.fromtimestamp(stored.expires_at, UTC),
    )
