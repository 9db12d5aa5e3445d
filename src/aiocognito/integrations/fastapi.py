"""FastAPI: sessions by cookie, guards, the hosted UI's routes, and what a service without sessions needs."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends, FastAPI
from fastapi.params import Depends as Dependency
from starlette.requests import HTTPConnection

from .._claims import ACCESS, Claims
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
from ._fastapi_bearer import CognitoBearer, make_bearer, swagger_ui_oauth
from ._fastapi_json import json_router

__all__ = [
    "Auth",
    "AuthForbiddenError",
    "CognitoAuth",
    "CognitoBearer",
    "CookiePolicy",
    "CsrfError",
    "CurrentUser",
    "OptionalUser",
    "RecentSignInRequiredError",
    "auth_client",
    "current_user",
    "optional_user",
    "recent_sign_in",
    "require_groups",
]


@public("aiocognito.integrations.fastapi")
class CognitoAuth:
    """Gives an application's routes the session of the browser that sent the request.

    Make one per application, at import time. It opens nothing until the application starts::

        cognito = CognitoAuth(AuthConfig.from_env, storage=make_storage)
        app = FastAPI(lifespan=cognito.lifespan)
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
        # What Swagger UI's Authorize button was given, which another run may change.
        self._button: dict[str, Any] | None = None
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

        Pass it as ``FastAPI(lifespan=cognito.lifespan)``, or enter it in a lifespan of your own. It may be
        entered several times, one after the other or at once. Frameworks do not run the lifespans of
        mounted applications: enter those in the outer application's.

        Args:
            app: The application.

        Raises:
            AuthConfigError: The configuration is malformed, or has no redirect URL for the callback route.
        """
        async with _starlette.run_service(self._service, app, self._callback_name):
            if isinstance(app, FastAPI) and app.swagger_ui_init_oauth in (None, self._button):
                app.swagger_ui_init_oauth = self._button = swagger_ui_oauth(self.sessions.config) or None
            yield

    def install(self, app: FastAPI) -> None:
        """Add the middleware that writes the cookie, and a handler for `AuthError` unless there is one.

        Call it at import time. Middleware that is added later is outside of this one, and does not see the
        session.

        Args:
            app: The application.
        """
        _starlette.install(app, self._service)

    def hosted_ui_router(self) -> APIRouter:
        """Return the routes of the hosted UI: ``GET /login``, ``GET /callback`` and ``POST /logout``.

        ``/login?next=/page`` redirects to the hosted UI, and the callback to the page. At start-up,
        ``redirect_sign_in`` must have the URL of the callback. If it has several with this path, the one
        at ``public_url``, or at the request's host, is used.

        Raises:
            AuthConfigError: The cookies are ``samesite="strict"``: the callback comes from another site.
        """
        hosted_ui.check_policy(self._service.cookies)
        router = APIRouter(include_in_schema=False)
        router.add_api_route(hosted_ui.LOGIN, _starlette.hosted_ui_endpoint(hosted_ui.login), methods=["GET"])
        router.add_api_route(
            hosted_ui.CALLBACK,
            _starlette.hosted_ui_endpoint(hosted_ui.callback),
            methods=["GET"],
            name=self._callback_name,
        )
        router.add_api_route(
            hosted_ui.LOGOUT, _starlette.hosted_ui_endpoint(hosted_ui.logout), methods=["POST"]
        )
        return router

    def json_router(self, *, tokens: bool = False, app_name: str | None = None) -> APIRouter:
        """Return the JSON routes for a front end: ``POST /sign-in``, ``GET /session`` and 22 others.

        Bodies have the members of Amplify's inputs, and responses are what ``to_dict()`` returns. An error
        has ``name``, ``message``, ``recoverySuggestion`` and ``requestId``. A body that does not fit gets
        422, and no part of it is repeated.

        Args:
            tokens: Whether ``/session`` returns the tokens, which the scripts of a page can then read.
            app_name: The name that authenticator apps show for this service; the request's host by
                default.
        """
        return json_router(auth_client, tokens=tokens, app_name=app_name)

    def bearer(
        self,
        *,
        token_use: Literal["access", "id"] = ACCESS,
        groups: str | Collection[str] | None = None,
        scopes: str | Collection[str] | None = None,
    ) -> CognitoBearer[Claims]:
        """Return a dependency for ``Security`` that requires a token in the header ``Authorization``.

        It returns the token's `Claims`; see `CognitoBearer` for the responses to other requests.
        The route uses no session and no cookie, and requests of other sites are not refused.

        Args:
            token_use: ``"access"`` or ``"id"``.
            groups: The user must be in one of these groups, if any are given.
            scopes: The token must have all of these, and those that ``Security`` names.

        Raises:
            AuthConfigError: A value is malformed, or scopes are asked of id tokens, which have none.
        """
        return make_bearer(
            verifier=lambda: self._service.verifier(token_use),
            config=self._service.read_config,
            token_use=token_use,
            groups=groups,
            scopes=scopes,
        )


@public("aiocognito.integrations.fastapi")
async def auth_client(connection: HTTPConnection) -> AuthClient:
    """Return the client of the request's session, after judging whether the request is cross-site.

    The other dependencies get their client from this one: to replace it in tests, use
    ``app.dependency_overrides[auth_client]``.

    Args:
        connection: The request or websocket.

    Raises:
        CsrfError: Another site may have sent the request.
        RuntimeError: No `CognitoAuth` is installed, or it is not running.
    """
    return _starlette.client_of(connection)


@public("aiocognito.integrations.fastapi")
async def current_user(
    connection: HTTPConnection,
    auth: AuthClient = Depends(auth_client),
) -> AuthUser:
    """Return the signed-in user.

    Args:
        connection: The request or websocket.
        auth: The client of the session.

    Raises:
        UserUnAuthenticatedException: No user is signed in: 401, or a redirect to the login page.
        CsrfError: Another site may have sent the request.
        AuthError: The storage or Cognito failed.
    """
    client = await auth_client(connection) if isinstance(auth, Dependency) else auth
    return await client.get_current_user()


@public("aiocognito.integrations.fastapi")
async def optional_user(
    connection: HTTPConnection,
    auth: AuthClient = Depends(auth_client),
) -> AuthUser | None:
    """Return the signed-in user; None if no user is signed in.

    Args:
        connection: The request or websocket.
        auth: The client of the session.

    Raises:
        CsrfError: Another site may have sent the request.
        AuthError: The storage or Cognito failed.
    """
    client = await auth_client(connection) if isinstance(auth, Dependency) else auth
    return await user_or_none(client)


Auth: TypeAlias = Annotated[AuthClient, Depends(auth_client)]
CurrentUser: TypeAlias = Annotated[AuthUser, Depends(current_user)]
OptionalUser: TypeAlias = Annotated[AuthUser | None, Depends(optional_user)]


@public("aiocognito.integrations.fastapi")
def require_groups(*groups: str) -> Dependency:
    """Return a dependency that requires the user to be in one of some groups, and returns the user.

    Args:
        groups: The groups of the user pool; at least one.

    Raises:
        ValueError: No group is given.
    """
    wanted = required_groups(groups)

    async def user_in_groups(auth: Auth) -> AuthUser:
        return await check_groups(auth, wanted)

    return Dependency(user_in_groups)


@public("aiocognito.integrations.fastapi")
def recent_sign_in(max_age: float | timedelta) -> Dependency:
    """Return a dependency that requires a recent sign-in, and returns the user (RFC 9470).

    Otherwise the response is 401 with ``insufficient_user_authentication``. A browser is redirected to the
    login page with ``prompt=login``.

    Args:
        max_age: How many seconds ago the user may have signed in at most.

    Raises:
        ValueError: ``max_age`` is not a positive time.
    """
    seconds = max_age_seconds(max_age)

    async def recently_signed_in_user(connection: HTTPConnection, auth: Auth) -> AuthUser:
        return await check_recent(auth, seconds, _starlette.clock_of(connection))

    return Dependency(recently_signed_in_user)
