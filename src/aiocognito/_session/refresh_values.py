"""The values that a refresh works with."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from .._models import AuthTokens
from ..errors import AuthError
from .context import Decoded
from .record import SessionRecord, StoredTokens
from .session import Loaded, Session

Metadata = Mapping[str, str] | None


@frozen
class RefreshResult:
    """What a refresh came to.

    Attributes:
        tokens: The session's tokens now; None if it is signed out.
        renewed: Whether this refresh has renewed them.
        failure: What went wrong without failing the caller.
    """

    tokens: AuthTokens | None = None
    renewed: bool = False
    failure: AuthError | None = None


@frozen
class RefreshRequest:
    """A caller's wish for tokens.

    Attributes:
        before: The access token that made the caller ask.
        force: Whether tokens are to be renewed even if they are good.
        doubtful: Whether they are to be renewed although they seem good, since our clock was put back.
            They serve if that fails.
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
    """A record, and its tokens decoded.

    Attributes:
        loaded: The record.
        stored: Its tokens.
        decoded: The same, decoded.
        early_at: From when on they are to be renewed, by our clock.
        expires_at: When they count as expired, by our clock.
    """

    loaded: Loaded
    stored: StoredTokens
    decoded: Decoded
    early_at: float
    expires_at: float


def snapshot(session: Session, loaded: Loaded) -> Snapshot | None:
    """Decode a record; None if it holds no tokens that can be read."""
    decoded, stored = session.decode(loaded), loaded.record.tokens
    if decoded is None or stored is None:
        return None
    tokens = decoded.tokens
    early_at, expires_at = session.early_at(loaded.record, tokens), session.expires_at(stored, tokens)
    return Snapshot(loaded, stored, decoded, early_at, expires_at)


def holds(record: SessionRecord, tokens: StoredTokens) -> bool:
    """Return whether a record still holds the refresh token that was sent."""
    return record.tokens is not None and record.tokens.refresh_token == tokens.refresh_token
