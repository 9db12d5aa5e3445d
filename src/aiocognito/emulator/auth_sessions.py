"""Session handles (Cognito's ``Session``): each is good for one answer to one challenge of one user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from . import base64url
from .errors import ApiError, not_authorized
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
    """The session handles of one pool, stored under their hashes."""

    _handles: dict[bytes, AuthSession] = field(factory=dict, repr=False)

    def issue(self, handle: AuthSession, now: float) -> str:
        """Store the state under a new handle, and return the handle."""
        self._purge(now)
        text = PREFIX + base64url.encode(secrets.token_bytes(_BYTES))
        self._handles[digest(text)] = handle
        return text

    def put(self, text: str, handle: AuthSession, now: float) -> None:
        """Store the state under a given text, such as an SRP secret block."""
        self._purge(now)
        key = digest(text)
        # A replaced entry becomes the youngest.
        self._handles.pop(key, None)
        self._handles[key] = handle

    def get(self, text: str) -> AuthSession | None:
        """Return the state behind a handle."""
        return self._handles.get(digest(text))

    def redeem(
        self, text: str, *, client_id: str, user: User | None, challenge: str, now: float
    ) -> AuthSession:
        """Return the state behind the handle of an answer; it stays valid until it is spent.

        Raises:
            ApiError: It is unknown, another user's, of another challenge, used or expired; each with
                Cognito's own text.
        """
        handle = self.get(text)
        if handle is None or handle.client_id != client_id or handle.dead:
            raise invalid("Session is unknown, of another app client, or given up")
        if handle.sub != (None if user is None else user.sub):
            raise invalid("Session is of another user")
        if handle.challenge != challenge:
            raise invalid(f"Session is of the challenge {handle.challenge}")
        if handle.spent:
            raise not_authorized("Invalid session for the user, session can only be used once.")
        if now >= handle.expires:
            raise not_authorized("Invalid session for the user, session is expired.")
        return handle

    def _purge(self, now: float) -> None:
        # Handles live equally long in a pool, give or take minutes: the oldest come first.
        for key, handle in list(islice(self._handles.items(), 2)):
            if handle.expires + _REMEMBERED < now:
                del self._handles[key]


def invalid(why: str | None = None) -> ApiError:
    """Return the error for an unknown handle, and for one of another sign-in."""
    return not_authorized("Invalid session for the user.", why=why)
