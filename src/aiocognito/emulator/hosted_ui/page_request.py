"""One request of a browser to a page: its parameters, its cookies, and the response."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from aiohttp import web
from attrs import define, field

from .. import dispatch, html, request_url
from ..clients import AppClient
from ..hashing import digest
from ..hosted_ui_state import SESSION_LIFE, STEP_LIFE, Session
from ..html import Html
from ..pool import UserPool
from ..site import Site
from ..state import EmulatorState
from .request import AuthorizationRequest

CSRF_COOKIE: Final = "XSRF-TOKEN"
CSRF_FIELD: Final = "_csrf"
At = TypeVar("At")
_CSRF_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_STEPS: Final = 20
"""Pending steps that a browser can have at a time; a further one replaces the oldest."""
LATE: Final = "This page has expired or was already used. Please sign in again."


class BackToLogin(Exception):
    """Show the login page, with a message.

    Args:
        text: The message.
        error: The error code, if the message is an error.
    """

    def __init__(self, text: str, error: str | None = None):
        super().__init__(text)
        self.text = text
        self.error = error


class PageResponse(web.Response):
    """A response to a browser.

    Attributes:
        error: The error code, if the page shows an error.
        explanation: Why, for the request log.
    """

    error: str | None = None
    explanation: str | None = None


class CsrfError(Exception):
    """A form was sent by another page, or by another browser."""


@define
class PageRequest:
    """A request of a browser that signs in a user to one app.

    Args:
        site: The HTTP side of the emulator.
        request: The HTTP request.
        authorization: The app's authorization request.
        form: The fields of a submitted form.
        step_name: The name of the pending step in the page's path.
        csrf_token: The token that forms must send back.
    """

    site: Site = field(repr=False)
    request: web.Request
    authorization: AuthorizationRequest
    form: Mapping[str, str] = field(factory=dict, repr=False)
    step_name: str = ""
    csrf_token: str = field(factory=lambda: secrets.token_urlsafe(32), repr=False)
    _cookies: dict[str, tuple[str, float | None]] = field(factory=dict, repr=False, init=False)

    def __attrs_post_init__(self) -> None:
        sent = self.request.cookies.get(CSRF_COOKIE, "")
        # An existing token stays: other tabs, and other emulators on this host, have it in their forms.
        if _CSRF_TOKEN.fullmatch(sent):
            self.csrf_token = sent
        else:
            self._cookies[CSRF_COOKIE] = self.csrf_token, None

    @property
    def state(self) -> EmulatorState:
        """The emulator's state."""
        return request_url.state_of(self.site, self.request)

    @property
    def pool(self) -> UserPool:
        """The user pool."""
        return self.authorization.pool

    @property
    def client(self) -> AppClient:
        """The app client."""
        return self.authorization.client

    def given(self, name: str) -> str:
        """Return the text of a field, without blanks around it."""
        return self.form.get(name, "").strip()

    @property
    def client_name(self) -> str:
        """The name of the app client as pages show it."""
        return str(self.client.settings.get("ClientName") or self.client.id)

    async def call_for(self, operation: str, /, username: str, **members: Any) -> dict[str, Any]:
        """Call an operation for a user of the app client, with the client's secret hash.

        Raises:
            ApiError: The request is malformed, or the operation is refused.
        """
        secret_hash = self.client.hash_of(username)
        if secret_hash is not None:
            members["SecretHash"] = secret_hash
        return await self.call(operation, ClientId=self.client.id, Username=username, **members)

    async def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Check a request against the service model, and call the operation.

        Raises:
            ApiError: The request is malformed, or the operation is refused.
        """
        return await dispatch.perform(self.state, operation, self.check(operation, **members))

    def check(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Check a request against the service model, and return it.

        Raises:
            ApiError: The request is malformed.
        """
        model = dispatch.operation_model(self.site.model, operation)
        return self.site.model.check(model, members)

    # URLs

    def url(self, path: str) -> str:
        """Return the path of another page, with the authorization request as its query."""
        return f"{path}?{self.authorization.query}"

    def absolute(self, location: str) -> str:
        """Return the URL of a path of the emulator."""
        return f"{request_url.base(self.site, self.request)}{location}"

    # Responses

    def page(
        self, title: str, *content: str | None, error: str | None = None, reason: str | None = None
    ) -> PageResponse:
        """Return a page.

        Args:
            title: The heading.
            content: The parts below it.
            error: The error code, if the page shows an error; its status is 400 then.
            reason: Why, for the request log.
        """
        text = html.document(title, *content, owner=self.client_name, lang=self.authorization.lang)
        status = 200 if error is None else 400
        response = PageResponse(text=text, content_type="text/html", status=status)
        response.explanation = reason if error is not None else None
        return self._with_cookies(response, error)

    def redirect(self, location: str, *, error: str | None = None) -> PageResponse:
        """Return a redirect to a page of the emulator, or back to the app."""
        if location.startswith("/"):
            location = self.absolute(location)
        return self._with_cookies(PageResponse(status=302, headers={"Location": location}), error)

    def form_to(self, path: str, *content: str | None) -> Html:
        """Return a form that is submitted to a page of the emulator."""
        token = html.element("input", type="hidden", name=CSRF_FIELD, value=self.csrf_token)
        return html.element("form", token, *content, method="post", action=self.url(path))

    def _with_cookies(self, response: PageResponse, error: str | None) -> PageResponse:
        for name, (value, life) in self._cookies.items():
            response.set_cookie(
                name,
                value,
                max_age=None if life is None else int(life),
                path="/",
                httponly=True,
                samesite="Lax",
                secure=request_url.scheme(self.site, self.request) == "https",
            )
        response.error = error
        return response

    # Forms

    def require_csrf_token(self) -> None:
        """Refuse a form that another page, or another browser, has sent.

        Raises:
            CsrfError: The form's token is not the cookie's, or the browser names another site as the origin.
        """
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise CsrfError
        cookie = self.request.cookies.get(CSRF_COOKIE, "")
        sent = self.form.get(CSRF_FIELD, "")
        if not cookie or not hmac.compare_digest(digest(cookie), digest(sent)):
            raise CsrfError

    # The session

    @property
    def _cookie(self) -> str:
        # All ports of a host share its cookies: the pool's id separates pools and emulators.
        return f"cognito-{self.pool.id}"

    def session(self) -> Session | None:
        """Return this browser's session if its user exists and is enabled."""
        cookie = self.request.cookies.get(self._cookie)
        if cookie is None:
            return None
        session = self.pool.hosted.sessions.get(cookie, self.state.clock())
        # Documented (User sessions): how long a client reuses a session is a setting of the client.
        if session is None or self.state.clock() >= session.auth_time + self.pool.sso_seconds(self.client.id):
            return None
        user = self.pool.users.by_subject(session.sub)
        return session if user is not None and user.enabled else None

    def begin_session(self, sub: str, provider: str) -> Session:
        """Start a session in this browser. Its cookie is always new, so that a planted one is never used."""
        self._end_session()
        now = self.state.clock()
        # Other clients of the user pool may reuse the session for longer than this one.
        life = max(SESSION_LIFE, *(self.pool.sso_seconds(client_id) for client_id in self.pool.clients))
        session = Session(sub, now, now + life, provider)
        self._cookies[self._cookie] = self.pool.hosted.sessions.start(session), life
        return session

    def _end_session(self) -> None:
        if cookie := self.request.cookies.get(self._cookie):
            self.pool.hosted.sessions.end(cookie)

    def end_session(self) -> None:
        """End the browser's session and its pending steps."""
        self._end_session()
        pending_steps, now = self.pool.hosted.pending_steps, self.state.clock()
        for name, cookie in self.request.cookies.items():
            step = name.removeprefix(f"{self._cookie}-")
            if name == self._cookie or step != name:
                self._cookies[name] = "", 0
            # The name of a step is in URLs; only the cookie proves that the step is this browser's.
            if pending_steps.get(step, cookie, now) is not None:
                pending_steps.end(step)

    # Pending steps

    def start_step(self, state: object, *, life: float = STEP_LIFE) -> str:
        """Store the next step of the sign-in, and return its name."""
        now = self.state.clock()
        name, cookie = self.pool.hosted.pending_steps.start(self.authorization.query, state, now, life)
        self._drop_old()
        self._cookies[f"{self._cookie}-{name}"] = cookie, life
        return name

    def _drop_old(self) -> None:
        """Delete the cookies of expired steps, and the oldest of too many: requests have a limited size."""
        pending_steps, now = self.pool.hosted.pending_steps, self.state.clock()
        steps = {
            sent: pending_steps.get(sent.removeprefix(f"{self._cookie}-"), cookie, now)
            for sent, cookie in self.request.cookies.items()
            if sent.startswith(f"{self._cookie}-")
        }
        alive = [sent for sent, pending in steps.items() if pending is not None]
        # Browsers send the oldest cookies first.
        for sent in steps.keys() - set(alive[1 - _MOST_STEPS :]):
            self._cookies[sent] = "", 0

    def step(self, kind: type[At]) -> At:
        """Return the data of the pending step in the page's path.

        Args:
            kind: The type of the data.

        Raises:
            BackToLogin: The step is another browser's, expired, finished, or of another page.
        """
        cookie = self.request.cookies.get(f"{self._cookie}-{self.step_name}", "")
        pending = self.pool.hosted.pending_steps.get(self.step_name, cookie, self.state.clock())
        if (
            pending is None
            or pending.query != self.authorization.query
            or not isinstance(pending.state, kind)
        ):
            raise BackToLogin(LATE, "expired")
        return pending.state

    def finish_step(self) -> None:
        """Remove the pending step in the page's path."""
        self.pool.hosted.pending_steps.end(self.step_name)
        self._cookies[f"{self._cookie}-{self.step_name}"] = "", 0
