"""What the integrations with FastAPI and Starlette share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, TypeAlias, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, NoMatchFound
from starlette.websockets import WebSocket, WebSocketState

from .. import _clocks as clocks
from .._client import AuthClient
from .._web import hosted_ui
from .._web.asgi import SCOPE_KEY, Receive, Scope, Send, SessionMiddleware
from .._web.error_responses import WebResponse, close_code, error_response, json_error_response, log_failure
from .._web.request import WebRequest
from .._web.request_session import RequestSession
from .._web.service import WebService
from ..errors import AuthError, http_status_for

Step: TypeAlias = Callable[[RequestSession, AuthClient], Awaitable[WebResponse]]

LIFESPAN_HINT = (
    "pass lifespan=cognito.lifespan to the application, or enter `async with cognito.lifespan(app):` in its"
    " own lifespan"
)


@asynccontextmanager
async def run_service(service: WebService, app: Any, callback_name: str) -> AsyncIterator[None]:
    """Open the sessions of an application, after checking the hosted UI's callback route if it has one.

    Raises:
        AuthConfigError: The configuration is malformed, or has no redirect URL for the callback route.
    """
    async with service.running() as sessions:
        path = _path_of(app, callback_name) if isinstance(app, Starlette) else None
        if path is not None:
            hosted_ui.check_callback(sessions.config, path)
        yield


def _path_of(app: Starlette, name: str) -> str | None:
    """Return the path of a route; None if the application does not have it."""
    try:
        return str(app.url_path_for(name))
    except NoMatchFound:
        # A mount with a name of its own puts that in front of the names of its routes.
        return next(_paths_of(app.routes, name), None)


def _paths_of(routes: Iterable[BaseRoute], name: str) -> Iterator[str]:
    for route in routes:
        path = getattr(route, "path", "")
        if getattr(route, "name", None) == name:
            yield path
        for inner in _paths_of(getattr(route, "routes", None) or (), name):
            yield path + inner


def install(app: Starlette, service: WebService) -> None:
    """Add the middleware and the error handler to an application, once."""
    if any(each.kwargs.get("service") is service for each in app.user_middleware):
        return
    app.add_middleware(
        cast("Any", SessionMiddleware),
        service=service,
        answer_auth_error=_answer_auth_error,
        answer_crash=_answer_crash,
    )
    if AuthError not in app.exception_handlers:
        # It takes both kinds of connection, where Starlette's types know handlers of one kind.
        app.exception_handlers[AuthError] = cast("Any", handle_auth_error)


def request_session(connection: HTTPConnection) -> RequestSession:
    """Return the session of a connection, by the nearest installed `CognitoAuth`.

    Raises:
        RuntimeError: None is installed.
    """
    session: RequestSession | None = connection.scope.get(SCOPE_KEY)
    if session is None:
        raise RuntimeError(
            "no CognitoAuth is installed: call cognito.install(app) after the application was made."
            " Middleware that is added after that call does not see the session"
        )
    # A mounted application has its own exception handlers, without ours.
    handlers = connection.scope.get("starlette.exception_handlers")
    if handlers is not None:
        handlers[0].setdefault(AuthError, handle_auth_error)
    return session


def client_of(connection: HTTPConnection) -> AuthClient:
    """Return the client of a connection's session, after judging whether the request is cross-site.

    Raises:
        CsrfError: Another site may have sent the request.
        RuntimeError: No `CognitoAuth` is installed, or it is not running.
    """
    session = request_session(connection)
    make = session.service.user_context
    return session.client(None if make is None else partial(make, connection))


def clock_of(connection: HTTPConnection) -> Callable[[], float]:
    """Return the clock of a connection's service; the process's if no `CognitoAuth` is installed."""
    session: RequestSession | None = connection.scope.get(SCOPE_KEY)
    return clocks.now if session is None else session.service.sessions._context.clock


def hosted_ui_endpoint(step: Step) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of one of the hosted UI's routes."""

    async def endpoint(request: Request) -> Response:
        session = request_session(request)
        return to_response(await step(session, client_of(request)))

    return endpoint


def to_response(sent: WebResponse) -> Response:
    """Return a response in Starlette's form."""
    response = Response(sent.body, sent.status)
    for name, value in sent.headers:
        response.headers[name] = value
    return response


async def handle_auth_error(connection: HTTPConnection, error: Exception) -> Response | None:
    """Answer an `AuthError` of a route, or refuse a websocket."""
    error = cast("AuthError", error)
    session: RequestSession | None = connection.scope.get(SCOPE_KEY)
    request = (
        session.request
        if session is not None
        else WebRequest.of_scope(connection.scope, connection.scope.get("root_path", ""))
    )
    status = http_status_for(error)
    log_failure(request.method, request.path, error)
    response = to_response(
        error_response(
            error,
            request,
            login_path=None if session is None else session.login_path,
            may_redirect=session is None or session.may_redirect,
        )
    )
    if isinstance(connection, WebSocket):
        await _refuse(connection, status, response, session is not None and session.is_accepted)
        return None
    return response


def json_error(request: Request, error: AuthError) -> Response:
    """Answer an `AuthError` of a route that serves programs only: neither a page nor a redirect."""
    log_failure(request.method, request.scope["path"], error)
    return to_response(json_error_response(error))


def can_deny(connection: HTTPConnection) -> bool:
    """Return whether the server can send a response to a websocket that is refused."""
    return "websocket.http.response" in (connection.scope.get("extensions") or {})


async def _refuse(websocket: WebSocket, status: int, response: Response, is_accepted: bool) -> None:
    """Refuse a websocket: with a response if it is not accepted and the server can, else by closing it."""
    if not is_accepted and can_deny(websocket):
        await websocket.send_denial_response(response)
        return
    if websocket.application_state is not WebSocketState.DISCONNECTED:
        await websocket.close(close_code(status))


async def _answer_auth_error(error: Exception, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an `AuthError` that a middleware raised, by the application's handler for it."""
    handlers = getattr(app, "exception_handlers", {})
    classes = [cls for cls in type(error).__mro__ if cls in handlers and issubclass(cls, AuthError)]
    handler = handlers[classes[0]] if classes else handle_auth_error
    connection = Request(scope, receive) if scope["type"] == "http" else WebSocket(scope, receive, send)
    response = await _called(handler, connection, error)
    if response is not None:
        await response(scope, receive, send)


async def _called(handler: Any, connection: HTTPConnection, error: Exception) -> Response | None:
    """Call an exception handler as Starlette does: a plain function in a thread."""
    if iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        response = await handler(connection, error)
    else:
        response = await run_in_threadpool(handler, connection, error)
    return cast("Response | None", response)


async def _answer_crash(error: Exception, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an exception as the application would: by its handler for 500, or in debug mode a traceback."""
    handlers = getattr(app, "exception_handlers", {})
    handler = handlers.get(500) or handlers.get(Exception)

    async def failing(_scope: Any, _receive: Any, _send: Any) -> None:
        raise error

    answering = ServerErrorMiddleware(failing, handler=handler, debug=getattr(app, "debug", False))
    await answering(scope, cast("Any", receive), cast("Any", send))
