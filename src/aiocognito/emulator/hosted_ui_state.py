"""The state of one pool's hosted UI: authorization codes, browser sessions, and pending steps."""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final

from attrs import define, field

from .authorization_codes import AuthorizationCodeStore
from .expiry import drop_expired
from .hashing import digest
from .serialization import persisted

# Documented (The hosted UI): one hour, three minutes for a step, eight for a code.
SESSION_LIFE: Final = 3600.0
"""Lifetime of a browser's session in seconds; documented. It is never extended."""
STEP_LIFE: Final = 180.0
"""Seconds for the next step of a sign-in, independent of AuthSessionValidity; documented."""
CODE_LIFE: Final = 480.0
"""Seconds for the code of a forgotten password, or of a sign-up; documented for the first."""
LOCAL: Final = "COGNITO"
"""The name of the user pool itself among its identity providers."""


@persisted("browser-session")
@define
class Session:
    """The session of a browser.

    Args:
        sub: The subject of the user.
        auth_time: The time of the sign-in, in seconds since 1970.
        expires: When it expires, in seconds since 1970.
        provider: The identity provider; ``COGNITO`` for the user pool itself.
    """

    sub: str
    auth_time: float
    expires: float
    provider: str = LOCAL


@persisted("browser-session-store", renamed={"_kept": "_sessions"})
@define
class Sessions:
    """The sessions of browsers, by a hash of their cookie."""

    _sessions: dict[bytes, Session] = field(factory=dict, repr=False)

    def start(self, session: Session) -> str:
        """Store a new session, and return its cookie."""
        drop_expired(self._sessions, session.auth_time)
        text = secrets.token_urlsafe(32)
        self._sessions[digest(text)] = session
        return text

    def get(self, text: str, now: float) -> Session | None:
        """Return the session of a cookie."""
        session = self._sessions.get(digest(text))
        return session if session is not None and now < session.expires else None

    def end(self, text: str) -> None:
        """End a session."""
        self._sessions.pop(digest(text), None)

    def end_all(self, sub: str) -> None:
        """End all sessions of a user."""
        self._sessions = {key: session for key, session in self._sessions.items() if session.sub != sub}


@define
class PendingStep:
    """A step of a sign-in that awaits the next request of its browser.

    Args:
        key: The hash of the step's cookie.
        query: The query of the authorization request.
        expires: When it expires, in seconds since 1970.
        state: The data of the next page.
    """

    key: bytes = field(repr=False)
    query: str = field(repr=False)
    expires: float
    state: Any = field(repr=False)


@define
class PendingSteps:
    """The pending steps by their names. The name is in URLs; the secret is the step's cookie."""

    _steps: dict[str, PendingStep] = field(factory=dict, repr=False)

    def start(self, query: str, state: object, now: float, life: float) -> tuple[str, str]:
        """Store a pending step, and return its name and its cookie."""
        drop_expired(self._steps, now)
        name, cookie = secrets.token_hex(8), secrets.token_urlsafe(32)
        self._steps[name] = PendingStep(digest(cookie), query, now + life, state)
        return name, cookie

    def get(self, name: str, cookie: str, now: float) -> PendingStep | None:
        """Return a pending step if the cookie is the step's."""
        pending = self._steps.get(name)
        if pending is None or now >= pending.expires:
            return None
        return pending if hmac.compare_digest(pending.key, digest(cookie)) else None

    def query(self, name: str) -> str | None:
        """Return the query of a pending step's authorization request."""
        pending = self._steps.get(name)
        return None if pending is None else pending.query

    def end(self, name: str) -> None:
        """Remove a pending step."""
        self._steps.pop(name, None)


@persisted("hosted-ui")
@define
class HostedUi:
    """The state of one pool's hosted UI.

    Args:
        codes: The authorization codes.
        sessions: The sessions of browsers.
        pending_steps: The pending steps. They are not persisted: after a restart, browsers begin again.
    """

    codes: AuthorizationCodeStore = field(factory=AuthorizationCodeStore, repr=False)
    sessions: Sessions = field(factory=Sessions, repr=False)
    pending_steps: PendingSteps = field(factory=PendingSteps, repr=False, metadata={"persisted": False})
