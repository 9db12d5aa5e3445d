"""One request of a browser: what it asks, the cookies that it brings, and the answer that it gets."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from aiohttp import web
from attrs import define, field

from .. import dispatch, html
from ..clients import AppClient
from ..hashing import digest
from ..hosted_ui_state import SESSION_LIFE, STEP_LIFE, Session
from ..html import Html
from ..pool import UserPool
from ..site import Site
from ..state import EmulatorState
from .request import SignInRequest

CSRF_COOKIE: Final = "XSRF-TOKEN"
CSRF_FIELD: Final = "_csrf"
At = TypeVar("At")
_CSRF_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_STEPS: Final = 20
"""On which one browser can be at a time; the oldest is given up for the next."""
LATE: Final = "That took too long, or was finished already. Please sign in again."


class BackToLogin(Exception):
    """Go back to the login page, which says why.

    Args:
        text: What it says.
        error: The code of the refusal, if it is one.
    """

    def __init__(self, text: str, error: str | None = None):
        super().__init__(text)
        self.text = text
        self.error = error


class Answer(web.Response):
    """An answer to a browser, which knows the error that it tells about."""

    error: str | None = None


class CsrfError(Exception):
    """A form that no page of ours has sent, or another browser's."""


@define
class PageRequest:
    """A request of a browser that is about signing in to one app.

    Args:
        site: Where it came in.
        request: The request itself.
        asked: What the app asked for.
        form: What was typed, if something was sent.
        step: The name of the pending that the page is about.
        csrf_token: The token that forms have to bring back.
    """

    site: Site = field(repr=False)
    request: web.Request
    asked: SignInRequest
    form: Mapping[str, str] = field(factory=dict, repr=False)
    step_name: str = ""
    csrf_token: str = field(factory=lambda: secrets.token_urlsafe(32), repr=False)
    _cookies: dict[str, tuple[str, float | None]] = field(factory=dict, repr=False, init=False)

    def __attrs_post_init__(self) -> None:
        brought = self.request.cookies.get(CSRF_COOKIE, "")
        # One that is there stays: other tabs and other emulators on this host have it in their forms.
        if _CSRF_TOKEN.fullmatch(brought):
            self.csrf_token = brought
        else:
            self._cookies[CSRF_COOKIE] = self.csrf_token, None

    @property
    def state(self) -> EmulatorState:
        """The emulator's state."""
        return self.site.state

    @property
    def pool(self) -> UserPool:
        """The user pool."""
        return self.asked.pool

    @property
    def client(self) -> AppClient:
        """The app client."""
        return self.asked.client

    def given(self, name: str) -> str:
        """Return what was typed into a field."""
        return self.form.get(name, "").strip()

    @property
    def client_name(self) -> str:
        """What people know the app by."""
        return str(self.client.settings.get("ClientName") or self.client.id)

    async def ask(self, operation: str, /, username: str, **members: Any) -> dict[str, Any]:
        """Perform an operation of the API for a user of the app client, shapes checked.

        Raises:
            ApiError: It is refused.
        """
        secret_hash = self.client.hash_of(username)
        if secret_hash is not None:
            members["SecretHash"] = secret_hash
        return await self.ask_plainly(operation, ClientId=self.client.id, Username=username, **members)

    async def ask_plainly(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Do an operation of the API, shapes checked.

        Raises:
            ApiError: It is refused.
        """
        return await dispatch.perform(self.state, operation, self.check(operation, **members))

    def check(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Check the shapes of what an operation of the API is to be asked.

        Raises:
            ApiError: It could not be asked.
        """
        model = dispatch.operation_model(self.site.model, operation)
        return self.site.model.check(model, members)

    # Where pages are

    def url(self, path: str) -> str:
        """Write the address of another page, with the request that this one is about."""
        return f"{path}?{self.asked.query}"

    def absolute(self, location: str) -> str:
        """Write an address of ours in full."""
        return f"{self.request.scheme}://{self.request.host}{location}"

    # Answers

    def page(self, title: str, *content: str | None, error: str | None = None) -> Answer:
        """Show a page.

        Args:
            title: Its heading.
            content: What is under it.
            error: The code of a refusal that it tells about, with which its status is 400.
        """
        text = html.document(title, *content, whose=self.client_name, lang=self.asked.lang)
        status = 200 if error is None else 400
        response = Answer(text=text, content_type="text/html", status=status)
        return self._baked(response, error)

    def go(self, location: str, *, error: str | None = None) -> Answer:
        """Send the browser somewhere: to a page of ours, or back to the app."""
        if location.startswith("/"):
            location = self.absolute(location)
        return self._baked(Answer(status=302, headers={"Location": location}), error)

    def form_to(self, path: str, *content: str | None) -> Html:
        """Write a form that is sent to a page of ours."""
        token = html.element("input", type="hidden", name=CSRF_FIELD, value=self.csrf_token)
        return html.element("form", token, *content, method="post", action=self.url(path))

    def _baked(self, response: Answer, error: str | None) -> Answer:
        for name, (value, life) in self._cookies.items():
            response.set_cookie(
                name,
                value,
                max_age=None if life is None else int(life),
                path="/",
                httponly=True,
                samesite="Lax",
                secure=self.request.secure,
            )
        response.error = error
        return response

    # Forms

    def require_csrf_token(self) -> None:
        """Refuse a form that another page, or another browser, has sent.

        Raises:
            CsrfError: It has not the token of the cookie, or the browser says where it came from.
        """
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise CsrfError
        cookie = self.request.cookies.get(CSRF_COOKIE, "")
        brought = self.form.get(CSRF_FIELD, "")
        if not cookie or not hmac.compare_digest(digest(cookie), digest(brought)):
            raise CsrfError

    # The session

    @property
    def _cookie(self) -> str:
        # Cookies know no ports: the pool's id keeps pools and emulators on one host apart.
        return f"cognito-{self.pool.id}"

    def session(self) -> Session | None:
        """Return this browser's session if its user exists and is enabled."""
        cookie = self.request.cookies.get(self._cookie)
        if cookie is None:
            return None
        session = self.pool.hosted.sessions.get(cookie, self.state.clock())
        user = None if session is None else self.pool.users.by_subject(session.sub)
        return session if user is not None and user.enabled else None

    def begin_session(self, sub: str, provider: str) -> Session:
        """Start a session in this browser. Its cookie is always new, so that a planted one is never used."""
        self._end_session()
        now = self.state.clock()
        session = Session(sub, now, now + SESSION_LIFE, provider)
        self._cookies[self._cookie] = self.pool.hosted.sessions.start(session), SESSION_LIFE
        return session

    def _end_session(self) -> None:
        if cookie := self.request.cookies.get(self._cookie):
            self.pool.hosted.sessions.end(cookie)

    def forget(self) -> None:
        """Forget who is signed in on this browser, and where it is on its way."""
        self._end_session()
        pending_steps, now = self.pool.hosted.pending_steps, self.state.clock()
        for name, cookie in self.request.cookies.items():
            step = name.removeprefix(f"{self._cookie}-")
            if name == self._cookie or step != name:
                self._cookies[name] = "", 0
            # The name of a step is in addresses; only its cookie says that it is this browser's.
            if pending_steps.get(step, cookie, now) is not None:
                pending_steps.end(step)

    # On the way

    def start_step(self, state: object, *, life: float = STEP_LIFE) -> str:
        """Remember where the browser is on its way; return the name under which."""
        now = self.state.clock()
        name, cookie = self.pool.hosted.pending_steps.start(self.asked.query, state, now, life)
        self._drop_old()
        self._cookies[f"{self._cookie}-{name}"] = cookie, life
        return name

    def _drop_old(self) -> None:
        """Take cookies away that are worth nothing any more, or too many: a request can hold only so many."""
        pending_steps, now = self.pool.hosted.pending_steps, self.state.clock()
        steps = {
            brought: pending_steps.get(brought.removeprefix(f"{self._cookie}-"), cookie, now)
            for brought, cookie in self.request.cookies.items()
            if brought.startswith(f"{self._cookie}-")
        }
        alive = [brought for brought, pending in steps.items() if pending is not None]
        # Browsers bring the oldest first.
        for brought in steps.keys() - set(alive[1 - _MOST_STEPS :]):
            self._cookies[brought] = "", 0

    def step(self, kind: type[At]) -> At:
        """Find where this browser is on its way, with the request that it began with.

        Args:
            kind: What the page is for.

        Raises:
            BackToLogin: It is not there: another browser's, over, or somewhere else.
        """
        cookie = self.request.cookies.get(f"{self._cookie}-{self.step_name}", "")
        pending = self.pool.hosted.pending_steps.get(self.step_name, cookie, self.state.clock())
        if pending is None or pending.query != self.asked.query or not isinstance(pending.state, kind):
            raise BackToLogin(LATE, "expired")
        return pending.state

    def finish_step(self) -> None:
        """Forget the pending that the page is about: it is over."""
        self.pool.hosted.pending_steps.end(self.step_name)
        self._cookies[f"{self._cookie}-{self.step_name}"] = "", 0
