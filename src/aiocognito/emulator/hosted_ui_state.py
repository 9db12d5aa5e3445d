"""The state of one pool's hosted UI: codes, browser sessions, and browsers between two pages."""

from __future__ import annotations

import hmac
import secrets
from itertools import islice
from typing import Any, Final

from attrs import define, field

from .authorization_codes import CodeBook
from .hashing import digest
from .serialization import persisted

SESSION_LIFE: Final = 3600.0
"""Seconds for which a browser stays signed in; documented. Nothing renews it."""
STEP_LIFE: Final = 180.0
"""Seconds for the next step of a sign-in, independent of AuthSessionValidity; documented."""
CODE_LIFE: Final = 480.0
"""Seconds for the code of a forgotten password, or of a sign-up; documented for the first."""
LOCAL: Final = "COGNITO"


@persisted("browser-session")
@define
class Session:
    """A browser that is signed in.

    Args:
        sub: Who.
        auth_time: Since when, in seconds since 1970.
        expires: Until when.
        provider: With whose help.
    """

    sub: str
    auth_time: float
    expires: float
    provider: str = LOCAL


@persisted("browser-session-store")
@define
class Sessions:
    """The browsers that are signed in, by a hash of their cookie."""

    _kept: dict[bytes, Session] = field(factory=dict, repr=False)

    def start(self, session: Session) -> str:
        """Store a new session, and return its cookie."""
        for key, old in list(islice(self._kept.items(), 2)):
            if old.expires <= session.auth_time:
                del self._kept[key]
        text = secrets.token_urlsafe(32)
        self._kept[digest(text)] = session
        return text

    def get(self, text: str, now: float) -> Session | None:
        """Return the session of a cookie."""
        session = self._kept.get(digest(text))
        return session if session is not None and now < session.expires else None

    def end(self, text: str) -> None:
        """End a session."""
        self._kept.pop(digest(text), None)

    def end_all(self, sub: str) -> None:
        """End all sessions of a user."""
        self._kept = {key: session for key, session in self._kept.items() if session.sub != sub}


@define
class PendingStep:
    """A browser between two pages.

    Args:
        key: A hash of the cookie that the browser has to bring.
        query: The request that it is on, as it was asked.
        expires: Until when it may go on.
        state: What the next page needs.
    """

    key: bytes = field(repr=False)
    query: str = field(repr=False)
    expires: float
    state: Any = field(repr=False)


@define
class PendingSteps:
    """The browsers between two pages, by a public name; the secret is their cookie."""

    _kept: dict[str, PendingStep] = field(factory=dict, repr=False)

    def start(self, query: str, state: object, now: float, life: float) -> tuple[str, str]:
        """Store a pending step, and return its name and its cookie."""
        for name, old in list(islice(self._kept.items(), 2)):
            if old.expires <= now:
                del self._kept[name]
        name, cookie = secrets.token_hex(8), secrets.token_urlsafe(32)
        self._kept[name] = PendingStep(digest(cookie), query, now + life, state)
        return name, cookie

    def get(self, name: str, cookie: str, now: float) -> PendingStep | None:
        """Return a pending step, for the browser that has its cookie."""
        pending = self._kept.get(name)
        if pending is None or now >= pending.expires:
            return None
        return pending if hmac.compare_digest(pending.key, digest(cookie)) else None

    def query(self, name: str) -> str | None:
        """Return the query of a pending step's request."""
        pending = self._kept.get(name)
        return None if pending is None else pending.query

    def end(self, name: str) -> None:
        """Remove a pending step."""
        self._kept.pop(name, None)


@persisted("hosted-ui")
@define
class HostedUi:
    """The state of one pool's hosted UI.

    Args:
        codes: The authorization codes that are out.
        sessions: The browsers that are signed in.
        pending_steps: The browsers on their way; they are not kept, and begin anew.
    """

    codes: CodeBook = field(factory=CodeBook, repr=False)
    sessions: Sessions = field(factory=Sessions, repr=False)
    pending_steps: PendingSteps = field(factory=PendingSteps, repr=False, metadata={"persisted": False})
