"""The values of a refresh: the request, the record with its decoded tokens, and the result."""

from __future__ import annotations

from attrs import field, frozen

from .._models import AuthTokens, Metadata
from ..errors import AuthError
from .context import Decoded
from .record import SessionRecord, StoredTokens
from .session import Loaded, Session
from .stored_tokens import decode, early_at, expires_at


@frozen
class RefreshResult:
    """The result of a refresh.

    Attributes:
        tokens: The session's tokens; None if it is signed out.
        renewed: Whether this refresh has renewed them.
        failure: The error of a refresh that the caller need not know of; it is emitted as an event.
    """

    tokens: AuthTokens | None = None
    renewed: bool = False
    failure: AuthError | None = None


@frozen
class RefreshRequest:
    """A caller's request for tokens.

    Attributes:
        before: The access token that the caller read.
        force: Whether to renew tokens that have not expired.
        doubtful: Whether to renew tokens that seem good, because our clock was put back. They are
            returned if that fails.
        client_metadata: For the user pool's triggers.
        until: When waiting ends, by the monotonic clock.
    """

    before: str = field(repr=False)
    force: bool
    doubtful: bool
    client_metadata: Metadata = field(repr=False)
    until: float


@frozen
class Snapshot:
    """A record and its decoded tokens.

    Attributes:
        loaded: The record.
        stored: Its tokens.
        decoded: The decoded tokens.
        early_at: When to renew the tokens early, by our clock.
        expires_at: When the tokens count as expired, by our clock.
    """

    loaded: Loaded
    stored: StoredTokens
    decoded: Decoded
    early_at: float
    expires_at: float


def snapshot(session: Session, loaded: Loaded) -> Snapshot | None:
    """Decode a record; None if it has no tokens, or tokens that cannot be decoded."""
    context, record = session.context, loaded.record
    decoded = decode(context, loaded)
    if decoded is None or record.tokens is None:
        return None
    return Snapshot(
        loaded,
        record.tokens,
        decoded,
        early_at=early_at(context, record, decoded.tokens),
        expires_at=expires_at(context, record.tokens, decoded.tokens),
    )


def holds(record: SessionRecord, tokens: StoredTokens) -> bool:
    """Return whether a record still has the refresh token of ``tokens``."""
    return record.tokens is not None and record.tokens.refresh_token == tokens.refresh_token
