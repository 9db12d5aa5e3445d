"""The session of an aiohttp request: the middleware, the signal that writes the cookie, and the errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from itertools import pairwise
from typing import Any, Final, TypeAlias

from aiohttp import hdrs, web
from attrs import define, field

from .._client import AuthClient
from .._web import hosted_ui
from .._web.error_responses import WebResponse, close_code, error_response, log_failure
from .._web.request import WebRequest
from .._web.request_session import RequestSession
from .._web.service import WebService
from ..errors import AuthError, http_status_for

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

SETUP_HINT: Final = "call aiocognito.integrations.aiohttp.setup(app, config, storage=…) before it starts"


@define(eq=False)
class Setup:
    """What `setup` has added to an application.

    Attributes:
        service: The settings and the session manager.
        prefix: The path at which the application is mounted in another; None until a request came.
    """

    service: WebService
    prefix: str | None = None


@define(eq=False)
class ServedRequest:
    """A request, and its session by one application's setup.

    Attributes:
        request: The request. A middleware inside may have replaced it by a clone, which says more: the
            address of the browser, and not of a proxy.
        session: The session.
        websocket: The websocket, once it was accepted.
    """

    request: web.Request
    session: RequestSession
    websocket: web.WebSocketResponse | None = None


@define(eq=False)
class _RequestSessions:
    """All sessions of a request: those of the outer applications, and the innermost one's."""

    by_setup: dict[Setup, ServedRequest] = field(factory=dict)
    nearest: ServedRequest | None = None


SETUP: Final = web.AppKey("aiocognito.setup", Setup)
CALLBACKS: Final = web.AppKey("aiocognito.callbacks", list[web.AbstractResource])
_REQUEST: Final = web.RequestKey("aiocognito.request", _RequestSessions)
# A middleware may have cloned the request before ours saw it; the response is the same.
_RESPONSE: Final = web.ResponseKey("aiocognito.request", _RequestSessions)


def install(app: web.Application, service: WebService) -> None:
    """Add the middleware, the signal and the start-up to an application.

    Raises:
        RuntimeError: They were added before.
    """
    if SETUP in app:
        raise RuntimeError("setup was called for this application before")
    app[SETUP] = found = Setup(service)
    # The outermost: the application's own middlewares see the session, and handle errors first.
    app.middlewares.insert(0, _middleware(found))
    app.on_response_prepare.append(partial(_send_cookie, found))
    app.cleanup_ctx.append(_run)


async def _run(app: web.Application) -> AsyncIterator[None]:
    """Open the sessions while the application runs, after checking the hosted UI's callback."""
    service = app[SETUP].service
    async with service.running() as sessions:
        for resource in app.get(CALLBACKS, ()):
            hosted_ui.check_policy(service.cookies)
            hosted_ui.check_callback(sessions.config, resource.canonical)
        yield


def served(request: web.Request) -> ServedRequest:
    """Return the session of a request, by the nearest application that has a setup.

    Raises:
        RuntimeError: None has one.
    """
    known = request.get(_REQUEST)
    if known is None or known.nearest is None:
        raise RuntimeError(f"the application has no sessions: {SETUP_HINT}")
    found: ServedRequest = known.nearest
    return found


def client_of(request: web.Request) -> AuthClient:
    """Return the client of a request's session, after judging whether the request is cross-site.

    Raises:
        CsrfError: Another site may have sent the request.
        RuntimeError: No application has a setup, or it is not running.
    """
    found = served(request)
    found.request = request
    make = found.session.service.user_context
    return found.session.client(None if make is None else partial(make, request))


def _middleware(setup: Setup) -> Any:
    @web.middleware
    async def session_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        known = request.get(_REQUEST)
        if known is None:
            known = request[_REQUEST] = _RequestSessions()
        here = _serve(setup, request)
        outer, known.nearest = known.nearest, here
        known.by_setup[setup] = here
        try:
            response = await handler(request)
        except web.HTTPException as raised:
            raised[_RESPONSE] = known
            raise
        except AuthError as error:
            response = await _answer(here, error)
        finally:
            known.nearest = outer
        response[_RESPONSE] = known
        return response

    return session_middleware


def _serve(setup: Setup, request: web.Request) -> ServedRequest:
    def read() -> WebRequest:
        return web_request(here.request, _prefix_of(setup, request))

    here = ServedRequest(request, RequestSession(setup.service, read))
    return here


async def _send_cookie(setup: Setup, request: web.Request, response: web.StreamResponse) -> None:
    """Write the session's headers into a response that begins."""
    known = request.get(_REQUEST) or response.get(_RESPONSE)
    here = None if known is None else known.by_setup.get(setup)
    if here is None:
        return  # The request did not reach the middleware, as one with an unknown Expect header.
    if isinstance(response, web.WebSocketResponse):
        here.websocket = response
        here.session.is_accepted = True
    before = [(_encoded(name), _encoded(value)) for name, value in response.headers.items()]
    after = await here.session.begin_response(before)
    if after != before:
        response.headers.clear()
        for name, value in after:
            response.headers.add(_decoded(name), _decoded(value))


async def _answer(here: ServedRequest, error: AuthError) -> web.StreamResponse:
    """Answer an `AuthError` of a handler, or close its websocket."""
    session = here.session
    log_failure(here.request.method, here.request.path, error)
    if here.websocket is not None:
        await here.websocket.close(code=close_code(http_status_for(error)))
        return here.websocket
    if session.has_begun:
        raise error
    return to_response(
        error_response(
            error, session.request, login_path=session.login_path, may_redirect=session.may_redirect
        )
    )


def to_response(sent: WebResponse) -> web.Response:
    """Return a response in aiohttp's form."""
    return web.Response(status=sent.status, headers=sent.headers, body=sent.body)


def is_websocket(request: web.Request) -> bool:
    """Return whether a request is the handshake of a websocket (RFC 6455, section 4.1)."""
    upgrade = request.headers.get(hdrs.UPGRADE, "")
    return request.method == hdrs.METH_GET and upgrade.strip().lower() == "websocket"


def web_request(request: web.Request, root_path: str = "") -> WebRequest:
    """Return what the core reads of a request.

    Args:
        request: The request.
        root_path: The path at which the application is mounted in another.
    """
    url = request.rel_url
    return WebRequest(
        request.method,
        request.scheme,
        request.path,
        _encoded(url.raw_path),
        _encoded(url.raw_query_string),
        root_path,
        request.remote,
        _headers(request),
        is_websocket(request),
    )


def _headers(request: web.Request) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers, with the host that a middleware took from a proxy's header."""
    sent = request.headers.getall(hdrs.HOST, [])
    # Without the header, aiohttp asks the resolver for this machine's name.
    if len(sent) != 1 or request.host == sent[0]:
        return request.raw_headers
    others = (each for each in request.raw_headers if each[0].lower() != b"host")
    return (*others, (b"host", _encoded(request.host)))


def _prefix_of(setup: Setup, request: web.Request) -> str:
    """Return the path at which the setup's application is mounted in another; "" if it is not."""
    if setup.prefix is None:
        pairs = pairwise(request.match_info.apps)
        found = (_prefix_in(outer, inner) for outer, inner in pairs if inner.get(SETUP) is setup)
        setup.prefix = next(found, "")
    return setup.prefix


def _prefix_in(outer: web.Application, inner: web.Application) -> str:
    infos = (resource.get_info() for resource in outer.router.resources())
    return next((info.get("prefix", "") for info in infos if info.get("app") is inner), "")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
