"""Session handles: one-time tickets for the next answer in a sign-in, bound to user, client and challenge."""

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
from .serialization import kept

if TYPE_CHECKING:
    from .users import User

PREFIX: Final = "AYABe"
_BYTES: Final = 1100
_REMEMBERED: Final = 86_400.0
"""Seconds for which an ended handle is still told from one that never was."""


@kept("auth-session")
@define
class AuthSession:
    """What a handle stands for.

    Args:
        challenge: The only challenge that it answers.
        client_id: The app client that got it.
        sub: Whose sign-in it is; ``None`` for a person who does not exist.
        expires: Until when it is good.
        state: What the challenge needs to judge the answer.
        wrong: How many wrong codes were given.
        spent: It was answered.
        dead: It was given up after too many wrong codes.
    """

    challenge: str
    client_id: str
    sub: str | None
    expires: float
    state: Any = field(default=None, repr=False)
    wrong: int = 0
    spent: bool = False
    dead: bool = False

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Spend the handle while an answer is worked on; a refused answer leaves it good.

        It is spent from the beginning, because of two answers at the same time only one may count.
        """
        self.spent = True
        try:
            yield
        except ApiError:
            self.spent = False
            raise


@kept("auth-session-store")
@define
class AuthSessionStore:
    """The handles of one pool, kept under a hash of themselves."""

    _handles: dict[bytes, AuthSession] = field(factory=dict, repr=False)

    def issue(self, handle: AuthSession, now: float) -> str:
        """Make the text that stands for a handle."""
        self._purge(now)
        text = PREFIX + base64url.encode(secrets.token_bytes(_BYTES))
        self._handles[digest(text)] = handle
        return text

    def put(self, text: str, handle: AuthSession, now: float) -> None:
        """Keep a handle under a text of its own, such as an SRP secret block."""
        self._purge(now)
        key = digest(text)
        # What takes another's place is the youngest, too.
        self._handles.pop(key, None)
        self._handles[key] = handle

    def get(self, text: str) -> AuthSession | None:
        """Look a handle up."""
        return self._handles.get(digest(text))

    def redeem(
        self, text: str, *, client_id: str, user: User | None, challenge: str, now: float
    ) -> AuthSession:
        """Find the handle that an answer came with; it stays good until it is spent.

        Raises:
            ApiError: It is unknown, somebody else's, of another challenge, used or expired; each with
                Cognito's own text.
        """
        handle = self.get(text)
        if handle is None or handle.client_id != client_id or handle.dead:
            raise invalid()
        if handle.sub != (None if user is None else user.sub) or handle.challenge != challenge:
            raise invalid()
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


def invalid() -> ApiError:
    """The refusal of a handle that never was, or is not for this."""
    return not_authorized("Invalid session for the user.")
