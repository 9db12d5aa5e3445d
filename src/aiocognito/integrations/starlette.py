"""Starlette: sessions by cookie, the hosted UI's and the JSON routes, and an authentication backend."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route

from .._client import AuthClient
from .._gateways.clients import HttpClient
from .._hub import Hub
from .._models import AuthUser, UserContext
from .._public import public
from .._sessions import SessionManager
from .._web import hosted_ui
from .._web.cookies import CookiePolicy
from .._web.errors import AuthForbiddenError, CsrfError, RecentSignInRequiredError
from .._web.guards import check_groups, check_recent, max_age_seconds, required_groups, user_or_none
from .._web.service import DEFAULT_TTL, ConfigSource, StorageSource, WebService
from . import _starlette
from ._starlette_backend import CognitoBackend, CognitoUser
from ._starlette_guards import H, guard
from ._starlette_json import make_json_routes

__all__ = [
    "AuthForbiddenError",
    "CognitoAuth",
    "CognitoBackend",
    "CognitoUser",
    "CookiePolicy",
    "CsrfError",
    "RecentSignInRequiredError",
    "auth_client",
    "current_user",
    "optional_user",
    "recent_sign_in",
    "require_groups",
]


@public("aiocognito.integrations.starlette")
class CognitoAuth:
    """Gives an application's routes the session of the browser that sent the request.

    Make one per application, at import time. It opens nothing until the application starts::

        cognito = CognitoAuth(AuthConfig.from_env, storage=make_storage)
        routes = [Mount("/auth", routes=cognito.json_routes())]
        app = Starlette(routes=routes, lifespan=cognito.lifespan)
        cognito.install(app)

    Args:
        config: The user pool, or a function that returns it, called at start-up.
        storage: The storage of the sessions, which is left open; or a function that makes one, called at
            start-up. Its result is closed at the end.
        cookies: The names and attributes of the cookies.
        trusted_origins: The other origins whose pages may send unsafe requests, such as
            ``["https://shop.example"]``.
        public_url: The origin at which browsers reach the service, if a proxy changes the Host header or
            ends TLS, such as ``"https://shop.example"``.
        login_path: The page to which browsers are redirected for a page that needs a user. Without one
            they get a page with the error.
        csrf: ``"strict"`` refuses unsafe requests that have neither Origin nor Sec-Fetch-Site.
        user_context: Takes the connection, and returns the end user's data for Cognito's threat
            protection.
        session_ttl: How long a session lives after its last use.
        max_session_age: How long a session lives at most; None for no limit.
        hub: Receives the events of all sessions; one is made by default.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client for the hosted UI; one is made by default. Left open.

    Raises:
        AuthConfigError: A value is malformed; the message names it.
    """

    def __init__(
        self,
        config: ConfigSource,
        *,
        storage: StorageSource,
        cookies: CookiePolicy | None = None,
        trusted_origins: Iterable[str] = (),
        public_url: str | None = None,
        login_path: str | None = None,
        csrf: Literal["default", "strict"] = "default",
        user_context: Callable[[HTTPConnection], UserContext | None] | None = None,
        session_ttl: timedelta = DEFAULT_TTL,
        max_session_age: timedelta | None = None,
        hub: Hub | None = None,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        self._service = WebService(
            config,
            storage=storage,
            cookies=cookies,
            trusted_origins=trusted_origins,
            public_url=public_url,
            login_path=login_path,
            csrf=csrf,
            user_context=user_context,
            session_ttl=session_ttl,
            max_session_age=max_session_age,
            hub=hub,
            clock=clock,
            http_client=http_client,
            lifespan_hint=_starlette.LIFESPAN_HINT,
        )
        self._callback_name = f"aiocognito_callback_{id(self):x}"

    @property
    def sessions(self) -> SessionManager:
        """The session manager of the running event loop, for coroutines of the application.

        Raises:
            RuntimeError: The application does not run in this event loop.
        """
        return self._service.sessions

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Open the sessions while the application runs.

        Pass it as ``Starlette(lifespan=cognito.lifespan)``, or enter it in a lifespan of your own. It may
        be entered several times, one after the other or at once. Starlette does not run the lifespans of
        mounted applications: enter those in the outer application's.

        Args:
            app: The application.

        Raises:
            AuthConfigError: The configuration is malformed, or has no redirect URL for the callback route.
        """
        async with _starlette.run_service(self._service, app, self._callback_name):
            yield

    def install(self, app: Starlette) -> None:
        """Add the middleware that writes the cookie, and a handler for `AuthError` unless there is one.

        Call it at import time. Middleware that is added later is outside of this one, and does not see the
        session.

        Args:
            app: The application.
        """
        _starlette.install(app, self._service)

    def hosted_ui_routes(self) -> list[Route]:
        """Return the routes of the hosted UI: ``GET /login``, ``GET /callback`` and ``POST /logout``.

        Put them in a ``Mount``. ``/login?next=/page`` redirects to the hosted UI, and the callback to the
        page. At start-up, ``redirect_sign_in`` must have the URL of the callback. If it has several with
        this path, the one at ``public_url``, or at the request's host, is used.

        Raises:
            AuthConfigError: The cookies are ``samesite="strict"``: the callback comes from another site.
        """
        hosted_ui.check_policy(self._service.cookies)
        endpoint, name = _starlette.hosted_ui_endpoint, self._callback_name
        return [
            Route(hosted_ui.LOGIN, endpoint(hosted_ui.login), methods=["GET"]),
            Route(hosted_ui.CALLBACK, endpoint(hosted_ui.callback), methods=["GET"], name=name),
            Route(hosted_ui.LOGOUT, endpoint(hosted_ui.logout), methods=["POST"]),
        ]

    def json_routes(self, *, tokens: bool = False, app_name: str | None = None) -> list[Route]:
        """Return the JSON routes for a front end: ``POST /sign-in``, ``GET /session`` and 22 others.

        Put them in a ``Mount``. Bodies have the members of Amplify's inputs, and responses are what
        ``to_dict()`` returns. An error has ``name``, ``message``, ``recoverySuggestion`` and ``requestId``.
        A body that does not fit gets 422, and no part of it is repeated.

        Args:
            tokens: Whether ``/session`` returns the tokens, which the scripts of a page can then read.
            app_name: The name that authenticator apps show for this service; the request's host by
                default.
        """
        return make_json_routes(tokens=tokens, app_name=app_name)


@public("aiocognito.integrations.starlette")
def auth_client(connection: HTTPConnection) -> AuthClient:
    """Return the client of the request's session, after judging whether the request is cross-site.

    Args:
        connection: The request or websocket.

    Raises:
        CsrfError: Another site may have sent the request.
        RuntimeError: No `CognitoAuth` is installed, or it is not running.
    """
    return _starlette.client_of(connection)


@public("aiocognito.integrations.starlette")
async def current_user(connection: HTTPConnection) -> AuthUser:
    """Return the signed-in user.

    Args:
        connection: The request or websocket.

    Raises:
        UserUnAuthenticatedException: No user is signed in: 401, or a redirect to the login page.
        CsrfError: Another site may have sent the request.
        AuthError: The storage or Cognito failed.
    """
    return await auth_client(connection).get_current_user()


@public("aiocognito.integrations.starlette")
async def optional_user(connection: HTTPConnection) -> AuthUser | None:
    """Return the signed-in user; None if no user is signed in.

    Args:
        connection: The request or websocket.

    Raises:
        CsrfError: Another site may have sent the request.
        AuthError: The storage or Cognito failed.
    """
    return await user_or_none(auth_client(connection))


@public("aiocognito.integrations.starlette")
def require_groups(*groups: str) -> Callable[[H], H]:
    """Return a decorator that requires the user to be in one of some groups.

    Without a user the response is 401, or for a page a redirect to the login page; without the group 403.

    It decorates functions of a request or websocket, and methods of an ``HTTPEndpoint`` or
    ``WebSocketEndpoint``; in front of a websocket's ``accept``, it refuses the websocket.

    Args:
        groups: The groups of the user pool; at least one.

    Raises:
        ValueError: No group is given.
    """
    wanted = required_groups(groups)

    async def check(connection: HTTPConnection) -> None:
        await check_groups(auth_client(connection), wanted)

    return guard(check)


@public("aiocognito.integrations.starlette")
def recent_sign_in(max_age: float | timedelta) -> Callable[[H], H]:
    """Return a decorator that requires a recent sign-in (RFC 9470).

    Otherwise the response is 401 with ``insufficient_user_authentication``. A browser is redirected to the
    login page with ``prompt=login``.

    It decorates functions of a request or websocket, and methods of an ``HTTPEndpoint`` or
    ``WebSocketEndpoint``; in front of a websocket's ``accept``, it refuses the websocket.

    Args:
        max_age: How many seconds ago the user may have signed in at most.

    Raises:
        ValueError: ``max_age`` is not a positive time.
    """
    seconds = max_age_seconds(max_age)

    async def check(connection: HTTPConnection) -> None:
        await check_recent(auth_client(connection), seconds, _starlette.clock_of(connection))

    return guard(check)
