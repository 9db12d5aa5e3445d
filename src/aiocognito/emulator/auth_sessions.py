"""Auth sessions and their handles (Cognito's ``Session``), for one answer to one challenge of one user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from . import base64url
from .errors import ApiError, not_authorized
from .expiry import drop_expired
from .hashing import digest
from .serialization import persisted

if TYPE_CHECKING:
    from .users import User

# Recorded (Session handles): about 1,500 characters that begin with AYABe.
PREFIX: Final = "AYABe"
_BYTES: Final = 1100
_REMEMBERED: Final = 86_400.0
"""Seconds for which an expired handle is still distinguished from an unknown one."""


@persisted("auth-session")
@define
class AuthSession:
    """The state behind a session handle.

    Args:
        challenge: The challenge that it is for.
        client_id: The app client that it was issued to.
        sub: The subject of the user; ``None`` for a user who does not exist.
        expires: When it expires, in seconds since 1970.
        state: What the challenge needs to check the answer.
        wrong: The number of wrong codes.
        spent: Whether it was used.
        dead: Whether it is invalid after too many wrong codes.
        event_id: The event of its sign-in, in user pools that record them.
    """

    challenge: str
    client_id: str
    sub: str | None
    expires: float
    state: Any = field(default=None, repr=False)
    wrong: int = 0
    spent: bool = False
    dead: bool = False
    event_id: str | None = None

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Mark the handle as used while an answer is processed; a refused answer makes it valid again.

        It is marked first: of two concurrent answers only one may count.
        """
        self.spent = True
        try:
            yield
        except ApiError:
            self.spent = False
            raise


@persisted("auth-session-store")
@define
class AuthSessionStore:
    """The auth sessions of one pool, stored under the hashes of their handles."""

    _handles: dict[bytes, AuthSession] = field(factory=dict, repr=False)

    def issue(self, session: AuthSession, now: float) -> str:
        """Store an auth session under a new handle, and return the handle."""
        handle = PREFIX + base64url.encode(secrets.token_bytes(_BYTES))
        self.put(handle, session, now)
        return handle

    def put(self, handle: str, session: AuthSession, now: float) -> None:
        """Store an auth session under a given text, such as an SRP secret block."""
        drop_expired(self._handles, now - _REMEMBERED)
        key = digest(handle)
        # A replaced entry becomes the youngest.
        self._handles.pop(key, None)
        self._handles[key] = session

    def __contains__(self, key: bytes) -> bool:
        return key in self._handles

    def get(self, handle: str) -> AuthSession | None:
        """Return the auth session of a handle."""
        return self._handles.get(digest(handle))

    def redeem(
        self, handle: str, *, client_id: str, user: User | None, challenge: str, now: float
    ) -> AuthSession:
        """Return the auth session of an answer; it stays valid until it is spent.

        Raises:
            ApiError: The handle is unknown, another user's, of another challenge, used or expired; each with
                Cognito's own text.
        """
        session = self.get(handle)
        if session is None or session.client_id != client_id or session.dead:
            raise invalid("Session is unknown, of another app client, or given up")
        if session.sub != (None if user is None else user.sub):
            raise invalid("Session is of another user")
        if session.challenge != challenge:
            raise invalid(f"Session is of the challenge {session.challenge}")
        if session.spent:
            raise not_authorized("Invalid session for the user, session can only be used once.")
        if now >= session.expires:
            raise not_authorized("Invalid session for the user, session is expired.")
        return session


def invalid(why: str | None = None) -> ApiError:
    """Return the error for an unknown handle, and for one of another sign-in."""
    return not_authorized("Invalid session for the user.", why=why)
