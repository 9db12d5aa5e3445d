"""The session of one request: read when it is asked for, and sent as a cookie when its key has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio

from .._client import AuthClient
from .._models import UserContext
from .._session.keys import address, new_secret
from .._session.session import Session
from ..errors import AuthError
from .cookies import (
    DEVICE_SECONDS,
    REPEATED,
    CookieNames,
    SentCookies,
    expired_cookies,
    read_cookies,
    set_cookie,
)
from .csrf import check_csrf
from .request import WebRequest

if TYPE_CHECKING:
    from .service import WebService

Header: TypeAlias = tuple[bytes, bytes]

# How long a response waits for calls of its request that may still change the key.
SETTLE_SECONDS: Final = 5.0
NO_STORE: Final = b"private, no-store"
_HAS_BEGUN: Final = "the response has begun"


class RequestSession:
    """The session of one request.

    Args:
        service: The service that serves the request.
        read_request: Returns the request; called when it is needed.
    """

    __slots__ = (
        "_client",
        "_names",
        "_read_request",
        "_request",
        "_sent",
        "has_begun",
        "is_accepted",
        "may_redirect",
        "service",
    )

    _names: CookieNames
    _sent: SentCookies

    def __init__(self, service: WebService, read_request: Callable[[], WebRequest]) -> None:
        self.service = service
        self._read_request = read_request
        self._request: WebRequest | None = None
        self._client: AuthClient | None = None
        # Whether the response has begun, and whether a websocket was accepted.
        self.has_begun = False
        self.is_accepted = False
        # Whether an error may redirect the browser to the login page.
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

    def client(self, user_context: Callable[[], UserContext | None] | None = None) -> AuthClient:
        """Return the client of the request's session, after judging whether the request is cross-site.

        Args:
            user_context: Returns the end user's data for Cognito's threat protection; called once.

        Raises:
            CsrfError: The request may be cross-site.
            RuntimeError: The service is not running.
        """
        client = self._client
        if client is None:
            request = self.request
            check_csrf(request, self.service.csrf)
            client = self._client = self._open(request, None if user_context is None else user_context())
        return client

    def _open(self, request: WebRequest, user_context: UserContext | None) -> AuthClient:
        service = self.service
        context = service.sessions._context
        names = self._names = service.cookie_names(request)
        sent = self._sent = read_cookies(request, names)
        # Made without the manager's checks, which a key of this form passes.
        session = Session(
            context,
            address(context.config, sent.session_key or new_secret()),
            device_token=sent.device_token or new_secret(),
            user_context=user_context,
        )
        if request.is_websocket or self.has_begun:
            reason = "a websocket has no response" if request.is_websocket else _HAS_BEGUN
            session.calls.refuse_new_keys(reason, browser_has_key=sent.session_key is not None)
        return AuthClient._of_manager(session)

    async def must_send_cookie(self) -> bool:
        """Wait for calls under way, and return whether the browser must be sent a new key."""
        if self._client is None or self.has_begun or self.request.is_websocket:
            return False
        session = self._client._session
        await _settle(session)
        return session.has_moved or session.has_new_record

    async def begin_response(self, headers: Iterable[Header]) -> list[Header]:
        """Return a response's headers with those of the session. No cookie can be sent afterwards.

        Args:
            headers: The headers that the application has set.
        """
        result, client = list(headers), self._client
        if client is None:
            self.has_begun = True
            return result
        has_cookie = False
        if not self.request.is_websocket:
            session, sent, calls = client._session, self._sent, client._session.calls
            if calls.are_running:
                await _settle(session)
            was_sent = False
            if self._may_have_cookies(session):
                removals, cookies = self._removals(), await self._cookies(session)
                has_cookie, was_sent = bool(removals or cookies), bool(cookies)
                result += [(b"set-cookie", cookie.encode("latin-1")) for cookie in (*removals, *cookies)]
            calls.refuse_new_keys(_HAS_BEGUN, browser_has_key=was_sent or session.address.key == sent.session)
        self.has_begun = True
        return _private(result, has_cookie=has_cookie)

    def _may_have_cookies(self, session: Session) -> bool:
        """Return whether there may be a cookie to send, which most responses have not."""
        return (
            session.has_moved or session.has_new_record or self._sent.has_duplicates or self._is_old(session)
        )

    def _is_old(self, session: Session) -> bool:
        """Return whether the browser was sent its cookie a day ago, or half of the cookie's lifetime."""
        sent_at = session.cookie_at
        if sent_at is None or session.address.key != self._sent.session:
            return False
        return session.context.clock() >= sent_at + self.service.cookie_renewal_seconds

    def _removals(self) -> list[str]:
        """Return the Set-Cookie values that remove duplicates."""
        policy, request, names = self.service.cookies, self.request, self._names
        values: list[str] = []
        for name, value in ((names.session, self._sent.session), (names.device, self._sent.device)):
            if value == REPEATED:
                values += expired_cookies(name, policy, request, secure=names.secure)
        return values

    async def _cookies(self, session: Session) -> list[str]:
        """Return the Set-Cookie values of the session, the first one with its key; none if none is due."""
        if not (session.has_moved or session.has_new_record or await self._is_due(session)):
            return []
        service, request, names = self.service, self.request, self._names
        policy, secure = service.cookies, names.secure
        service.secure_cookie_warning.log_if_needed(request, secure, service.public_origin)
        age = service.cookie_seconds
        values = [set_cookie(names.session, session.key, policy, secure=secure, max_age=age)]
        token = session.devices.token
        # A device may have been stored under a new token when the key changed.
        if token is not None and (token == self._sent.device or _may_have_devices(session)):
            values.append(set_cookie(names.device, token, policy, secure=secure, max_age=DEVICE_SECONDS))
        return values

    async def _is_due(self, session: Session) -> bool:
        """Return whether the browser is sent its cookie again, and store that."""
        sent_at = session.cookie_at
        if sent_at is None or not self._is_old(session):
            return False
        try:
            return await session.note_cookie(sent_at)
        except AuthError:
            return False  # The storage failed: a later response renews the cookie.


def _may_have_devices(session: Session) -> bool:
    return session.has_moved and session.context.config.device_tracking


async def _settle(session: Session) -> None:
    """Wait for calls that may change the key, even if the request is cancelled."""
    if session.calls.are_running:
        with anyio.CancelScope(shield=True):
            await session.calls.settle(SETTLE_SECONDS)


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
