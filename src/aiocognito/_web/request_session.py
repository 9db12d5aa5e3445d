"""The session of one request: read when it is asked for, and sent as a cookie when its key has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio

from .._client import AuthClient
from .._models import UserContext
from .._session.keys import is_secret, new_secret
from .._session.session import Session
from ..errors import AuthError
from .cookies import DEVICE_SECONDS, CookieNames, expired_cookies, read_cookies, set_cookie
from .csrf import check_csrf
from .request import WebRequest

if TYPE_CHECKING:
    from .service import WebService

Header: TypeAlias = tuple[bytes, bytes]

# How long a response waits for calls of its request that may still change the key.
SETTLE_SECONDS: Final = 5.0
DAY: Final = 86_400.0
NO_STORE: Final = b"private, no-store"


class _Opened:
    """What was read of the request's cookies, and the client that was made of it."""

    __slots__ = ("client", "names", "repeated", "sent_key", "sent_token")

    def __init__(
        self, client: AuthClient, names: CookieNames, sent_key: str | None, sent_token: str | None
    ) -> None:
        self.client = client
        self.names = names
        self.sent_key = sent_key
        self.sent_token = sent_token
        self.repeated: tuple[str, ...] = ()

    @property
    def has_new_key(self) -> bool:
        return self.client.session_key != self.sent_key


class RequestSession:
    """The session of one request.

    Args:
        service: The service that serves the request.
        read_request: Returns the request; called when it is needed.
    """

    __slots__ = (
        "_began",
        "_is_judged",
        "_opened",
        "_read_request",
        "_request",
        "is_accepted",
        "may_redirect",
        "service",
    )

    def __init__(self, service: WebService, read_request: Callable[[], WebRequest]) -> None:
        self.service = service
        self._read_request = read_request
        self._request: WebRequest | None = None
        self._opened: _Opened | None = None
        self._is_judged = False
        self._began: str | None = None
        # Whether a websocket was accepted, and whether an error may redirect the browser to the login page.
        self.is_accepted = False
        self.may_redirect = True

    @property
    def login_path(self) -> str | None:
        """The path of the login page, with the root path; None without one."""
        path = self.service.login_path
        return None if path is None else self.request.root_path.rstrip("/") + path

    @property
    def request(self) -> WebRequest:
        """The request."""
        if self._request is None:
            self._request = self._read_request()
        return self._request

    @property
    def is_read(self) -> bool:
        """Whether the session was asked for."""
        return self._opened is not None

    def check_csrf(self) -> None:
        """Raise if the request may be cross-site.

        Raises:
            CsrfError: It may be.
        """
        if not self._is_judged:
            check_csrf(self.request, self.service.csrf)
            self._is_judged = True

    def client(self, user_context: Callable[[], UserContext | None] | None = None) -> AuthClient:
        """Return the client of the request's session, after judging whether the request is cross-site.

        Args:
            user_context: Returns the end user's data for Cognito's threat protection; called once.

        Raises:
            CsrfError: The request may be cross-site.
            RuntimeError: The service is not running.
        """
        self.check_csrf()
        if self._opened is None:
            self._opened = self._open(None if user_context is None else user_context())
        return self._opened.client

    def _open(self, user_context: UserContext | None) -> _Opened:
        sessions, request = self.service.sessions, self.request
        names = self.service.cookie_names(request)
        key, token = read_cookies(request, names)
        sent_key = key.value if is_secret(key.value) else None
        sent_token = token.value if is_secret(token.value) else None
        # Made without the manager's checks, which a new secret passes.
        session = Session(
            sessions._context,
            sent_key or new_secret(),
            device_token=sent_token or new_secret(),
            user_context=user_context,
        )
        opened = _Opened(AuthClient._of_manager(session), names, sent_key, sent_token)
        if key.is_repeated or token.is_repeated:
            opened.repeated = tuple(
                name for name, cookie in ((names.session, key), (names.device, token)) if cookie.is_repeated
            )
        if request.is_websocket:
            _refuse_new_keys(opened, "a websocket has no response")
        elif self._began is not None:
            _refuse_new_keys(opened, self._began)
        return opened

    async def must_send_cookie(self) -> bool:
        """Wait for calls under way, and return whether the browser must be sent a new key."""
        opened = self._opened
        if opened is None or self.request.is_websocket or self._began is not None:
            return False
        await _settle(opened.client)
        return self._is_new(opened)

    async def begin_response(self, headers: Iterable[Header]) -> list[Header]:
        """Return a response's headers with those of the session. No cookie can be sent afterwards.

        Args:
            headers: The headers that the application has set.
        """
        result = list(headers)
        opened = self._opened
        if opened is None:
            self._began = "the response has begun"
            return result
        cookies: list[str] = []
        if not self.request.is_websocket and self._began is None:
            await _settle(opened.client)
            cookies = await self._cookies(opened)
            self._began = "the response has begun"
            _refuse_new_keys(opened, self._began, was_sent=bool(cookies))
        result += [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
        return _private(result, has_cookie=bool(cookies))

    async def _cookies(self, opened: _Opened) -> list[str]:
        """Return the Set-Cookie values of the response."""
        service, request, names = self.service, self.request, opened.names
        policy = service.cookies
        values = [
            value
            for name in opened.repeated
            for value in expired_cookies(name, policy, request, secure=names.secure)
        ]
        is_new = self._is_new(opened)
        if is_new or await self._is_due(opened):
            service.warning.log_if_needed(request, names.secure, service.public_origin)
            key, age = opened.client.session_key, service.cookie_seconds
            values.append(set_cookie(names.session, key, policy, secure=names.secure, max_age=age))
            token = opened.client._session.devices.token
            if token is not None and (opened.sent_token is not None or _has_devices(opened)):
                cookie = set_cookie(names.device, token, policy, secure=names.secure, max_age=DEVICE_SECONDS)
                values.append(cookie)
        return values

    def _is_new(self, opened: _Opened) -> bool:
        """Return whether the key was changed, or something was first stored under it."""
        session = opened.client._session
        return session.has_new_record or (opened.has_new_key and session.has_moved)

    async def _is_due(self, opened: _Opened) -> bool:
        """Return whether the browser must be sent its cookie again, because a day has passed."""
        session = opened.client._session
        seen_at = session.cookie_at
        if seen_at is None or opened.sent_key is None or opened.has_new_key:
            return False
        interval = min(DAY, self.service.cookie_seconds / 2)
        if session.context.clock() < seen_at + interval:
            return False
        try:
            return await session.note_cookie(seen_at)
        except AuthError:
            return False  # The storage failed: a later response renews the cookie.


def _has_devices(opened: _Opened) -> bool:
    """Return whether a device of the browser may have been stored under its new token."""
    return opened.client.config.device_tracking and opened.client._session.has_moved


def _refuse_new_keys(opened: _Opened, reason: str, *, was_sent: bool = False) -> None:
    calls = opened.client._session.calls
    calls.refuse_new_keys(reason, browser_has_key=was_sent or opened.sent_key is not None)


async def _settle(client: AuthClient) -> None:
    """Wait for calls that may change the key, even if the request is cancelled."""
    calls = client._session.calls
    if calls.are_running:
        with anyio.CancelScope(shield=True):
            await calls.settle(SETTLE_SECONDS)


def _private(headers: list[Header], *, has_cookie: bool) -> list[Header]:
    """Return headers by which no shared cache stores the response.

    A cache directive of the application stays, unless it would let a cache store a cookie.
    """
    vary = control = b""
    for name, value in headers:
        name = name.lower()
        if name == b"vary":
            vary = vary + b", " + value if vary else value
        elif name == b"cache-control":
            control = control + b", " + value.lower() if control else value.lower()
    if not vary:
        headers.append((b"vary", b"Cookie"))
    elif not {each.strip().lower() for each in vary.split(b",")} & {b"*", b"cookie"}:
        headers = [*_without(headers, b"vary"), (b"vary", vary + b", Cookie")]
    if not control:
        headers.append((b"cache-control", NO_STORE))
    elif has_cookie and not (b"private" in control or b"no-store" in control):
        headers = [*_without(headers, b"cache-control"), (b"cache-control", NO_STORE)]
    return headers


def _without(headers: list[Header], name: bytes) -> list[Header]:
    return [each for each in headers if each[0].lower() != name]
