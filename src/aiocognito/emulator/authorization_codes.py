"""Authorization codes (RFC 6749, section 4.1), each exchanged once."""

from __future__ import annotations

import uuid
from typing import Final

from attrs import define, field

from .expiry import drop_expired
from .hashing import digest
from .serialization import persisted

LIFE: Final = 300.0
"""Seconds; documented."""
_REMEMBERED: Final = 86_400.0
"""Seconds for which an expired code is remembered, so that a second use is recognized."""


@persisted("authorization-code")
@define
class AuthorizationCode:
    """The state behind an authorization code.

    Args:
        client_id: The app client that it was issued to.
        sub: The subject of the user.
        redirect_uri: The callback URL; the exchange must name the same one.
        scopes: The granted scopes.
        expires: When it expires, in seconds since 1970.
        auth_time: When the user signed in, in seconds since 1970.
        nonce: The nonce of the ID token, if the request has one.
        code_challenge: The PKCE challenge (RFC 7636), if the request had one; the method is S256.
        event_id: The sign-in whose tokens were issued for it; ``None`` while it is unused.
        spent: Whether it was used, or invalidated by a failed exchange.
    """

    client_id: str
    sub: str
    redirect_uri: str
    scopes: tuple[str, ...]
    expires: float
    auth_time: float
    nonce: str | None = field(default=None, repr=False)
    code_challenge: str | None = field(default=None, repr=False)
    event_id: str | None = None
    spent: bool = False


@persisted("authorization-code-store")
@define
class AuthorizationCodeStore:
    """The authorization codes of one pool, stored under their hashes."""

    _codes: dict[bytes, AuthorizationCode] = field(factory=dict, repr=False)

    def issue(self, code: AuthorizationCode, now: float) -> str:
        """Store the state under a new code, a UUID like Cognito's, and return the code."""
        drop_expired(self._codes, now - _REMEMBERED)
        text = str(uuid.uuid4())  # Never seeded: it is a secret.
        self._codes[digest(text)] = code
        return text

    def get(self, text: str) -> AuthorizationCode | None:
        """Return the state behind a code."""
        return self._codes.get(digest(text))
