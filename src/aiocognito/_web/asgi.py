"""The ASGI middleware that gives each request its session, and writes the cookie into the response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from ..errors import AuthError
from .request import WebRequest
from .request_session import RequestSession
from .service import WebService

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# The nearest middleware's session is found here. A mounted application with one of its own replaces it.
SCOPE_KEY: Final = "aiocognito.session"
# The messages with the headers of a response, and all that begin one. Others may come before these.
_WITH_HEADERS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_STARTS: Final = _WITH_HEADERS | {"websocket.accept", "websocket.close"}


class AnswerError(Protocol):
    """Sends the response to an exception that the application did not handle."""

    async def __call__(
        self, error: Exception, app: Any, scope: Scope, receive: Receive, send: Send, /
    ) -> None:
        """Send the response.

        Args:
            error: The exception.
            app: The application that the middleware belongs to.
            scope: The ASGI scope.
            receive: The ASGI callable.
            send: The ASGI callable.
        """
        ...


class SessionMiddleware:
    """Gives each request a session, which is read when it is asked for.

    Args:
        app: The application inside.
        service: The settings and the session manager.
        answer_auth_error: Answers an `AuthError` that reached the middleware, as one raised by another
            middleware does.
        answer_crash: Answers another exception if the key has changed, so that the browser gets the cookie.
    """

    def __init__(
        self, app: ASGIApp, service: WebService, answer_auth_error: AnswerError, answer_crash: AnswerError
    ) -> None:
        self.app = app
        self._service = service
        self._answer_auth_error = answer_auth_error
        self._answer_crash = answer_crash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        # Read now: a mounted application changes the root path in the same scope.
        root_path, app = scope.get("root_path", ""), scope.get("app")
        session = RequestSession(self._service, partial(WebRequest.of_scope, scope, root_path))
        has_begun = False

        async def send_with_cookie(message: Message) -> None:
            nonlocal has_begun
            kind = message["type"]
            if not has_begun and kind in _STARTS:
                has_begun = True
                if kind in _WITH_HEADERS:
                    message = {**message, "headers": await session.begin_response(message.get("headers", ()))}
                elif kind == "websocket.accept":
                    session.is_accepted = True
            await send(message)

        outer = scope.get(SCOPE_KEY)
        scope[SCOPE_KEY] = session
        try:
            try:
                await self.app(scope, receive, send_with_cookie)
            except AuthError as error:
                if has_begun:
                    raise
                await self._answer_auth_error(error, app, scope, receive, send_with_cookie)
        except Exception as error:
            if not has_begun and await session.must_send_cookie():
                await self._answer_crash(error, app, scope, receive, send_with_cookie)
            raise
        finally:
            scope[SCOPE_KEY] = outer
