"""aiohttp's server: sessions by cookie, guards, the hosted UI's and the JSON routes, and websockets."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Literal

from aiohttp import web

from .._claims import Claims
from .._client import AuthClient
from .._gateways.clients import HttpClient
from .._hub import Hub
from .._models import AuthUser, UserContext
from .._public import public
from .._sessions import SessionManager
from .._verifier import TokenVerifier
from .._web.cookies import CookiePolicy
from .._web.errors import AuthForbiddenError, CsrfError, RecentSignInRequiredError
from .._web.guards import check_groups, check_recent, max_age_seconds, required_groups, user_or_none
from .._web.service import DEFAULT_TTL, ConfigSource, StorageSource, WebService
from . import _aiohttp
from ._aiohttp_guards import CLAIMS, H, guard, guarded, needs_token, needs_user
from ._aiohttp_routes import add_hosted_ui, add_json
from ._aiohttp_watch import watching

__all__ = [
    "AuthForbiddenError",
    "CookiePolicy",
    "CsrfError",
    "RecentSignInRequiredError",
    "auth_client",
    "bearer_claims",
    "bearer_required",
    "current_user",
    "ends_with_session",
    "login_required",
    "optional_user",
    "recent_sign_in",
    "require_groups",
    "session_manager",
    "setup",
    "setup_hosted_ui",
    "setup_json",
]


@public("aiocognito.integrations.aiohttp")
def setup(
    app: web.Application,
    config: ConfigSource,
    *,
    storage: StorageSource,
    cookies: CookiePolicy | None = None,
    trusted_origins: Iterable[str] = (),
    public_url: str | None = None,
    login_path: str | None = None,
    csrf: Literal["default", "strict"] = "default",
    user_context: Callable[[web.Request], UserContext | None] | None = None,
    session_ttl: timedelta = DEFAULT_TTL,
    max_session_age: timedelta | None = None,
    hub: Hub | None = None,
    clock: Callable[[], float] | None = None,
    http_client: HttpClient | None = None,
) -> None:
    """Give an application's handlers the session of the browser that sent the request.

    It opens nothing until the application starts. Sub-applications use the session of the application
    around them, unless ``setup`` was called for them, too. An `AuthError` that a handler or a middleware
    raises is answered, unless another middleware of the application handles it first.

    Args:
        app: The application.
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
        user_context: Takes the request, and returns the end user's data for Cognito's threat protection.
        session_ttl: How long a session lives after its last use.
        max_session_age: How long a session lives at most; None for no limit.
        hub: Receives the events of all sessions; one is made by default.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client for the hosted UI; one is made by default. Left open.

    Raises:
        AuthConfigError: A value is malformed; the message names it.
        RuntimeError: ``setup`` was called for this application before, or it has started.
    """
    service = WebService(
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
        lifespan_hint=_aiohttp.SETUP_HINT,
    )
    _aiohttp.install(app, service)


@public("aiocognito.integrations.aiohttp")
def session_manager(app_or_request: web.Application | web.Request) -> SessionManager:
    """Return the session manager of a running application, for its coroutines.

    Args:
        app_or_request: The application that `setup` was called for; or a request, for the nearest one.

    Raises:
        RuntimeError: `setup` was not called, or the application does not run in this event loop.
    """
    if isinstance(app_or_request, web.Request):
        return _aiohttp.served(app_or_request).session.service.sessions
    if _aiohttp.SETUP not in app_or_request:
        raise RuntimeError(f"the application has no sessions: {_aiohttp.SETUP_HINT}")
    return app_or_request[_aiohttp.SETUP].service.sessions


@public("aiocognito.integrations.aiohttp")
def auth_client(request: web.Request) -> AuthClient:
    """Return the client of the request's session, after judging whether the request is cross-site.

    Args:
        request: The request, which may be the handshake of a websocket.

    Raises:
        CsrfError: Another site may have sent the request.
        RuntimeError: `setup` was not called, or the application is not running.
    """
    return _aiohttp.client_of(request)


@public("aiocognito.integrations.aiohttp")
async def current_user(request: web.Request) -> AuthUser:
    """Return the signed-in user.

    Args:
        request: The request.

    Raises:
        UserUnAuthenticatedException: No user is signed in: 401, or a redirect to the login page.
        CsrfError: Another site may have sent the request.
        AuthError: The storage or Cognito failed.
    """
    return await auth_client(request).get_current_user()


@public("aiocognito.integrations.aiohttp")
async def optional_user(request: web.Request) -> AuthUser | None:
    """Return the signed-in user; None if no user is signed in.

    Args:
        request: The request.

    Raises:
        CsrfError: Another site may have sent the request.
        AuthError: The storage or Cognito failed.
    """
    return await user_or_none(auth_client(request))


@public("aiocognito.integrations.aiohttp")
def login_required(handler: H) -> H:
    """Require a signed-in user: a decorator of handlers, of a view's methods, or of a view.

    Without a user the response is 401, or for a page a redirect to the login page.

    Args:
        handler: A coroutine function, or a subclass of ``aiohttp.web.View``.

    Raises:
        TypeError: ``handler`` is neither.
    """
    return guarded(handler, needs_user)


@public("aiocognito.integrations.aiohttp")
def require_groups(*groups: str) -> Callable[[H], H]:
    """Return a decorator that requires the user to be in one of some groups.

    Without a user the response is 401, or for a page a redirect to the login page; without the group 403.

    It decorates coroutine functions, methods of a ``web.View``, and whole views.

    Args:
        groups: The groups of the user pool; at least one.

    Raises:
        ValueError: No group is given.
    """
    wanted = required_groups(groups)

    async def check(request: web.Request) -> None:
        await check_groups(auth_client(request), wanted)

    return guard(check)


@public("aiocognito.integrations.aiohttp")
def recent_sign_in(max_age: float | timedelta) -> Callable[[H], H]:
    """Return a decorator that requires a recent sign-in (RFC 9470).

    Otherwise the response is 401 with ``insufficient_user_authentication``. A browser is redirected to the
    login page with ``prompt=login``.

    It decorates coroutine functions, methods of a ``web.View``, and whole views.

    Args:
        max_age: How many seconds ago the user may have signed in at most.

    Raises:
        ValueError: ``max_age`` is not a positive time.
    """
    seconds = max_age_seconds(max_age)

    async def check(request: web.Request) -> None:
        clock = session_manager(request)._context.clock
        await check_recent(auth_client(request), seconds, clock)

    return guard(check)


@public("aiocognito.integrations.aiohttp")
def bearer_required(
    verifier: TokenVerifier,
    *,
    groups: str | Collection[str] | None = None,
    scopes: str | Collection[str] | None = None,
) -> Callable[[H], H]:
    """Return a decorator that requires a user pool's token in the header ``Authorization``.

    A request without a token, or with one that is refused, gets 401 with ``WWW-Authenticate`` (RFC 6750);
    one whose token lacks a group or a scope 403; and one whose token could not be verified, because the
    keys could not be fetched, 503. No response repeats any part of the token. Handlers get the claims from
    `bearer_claims`. The application needs no `setup`, and requests of other sites are not refused.

    Args:
        verifier: Verifies the tokens. The caller closes it.
        groups: The user must be in one of these groups, if any are given.
        scopes: The token must have all of these.

    Raises:
        AuthConfigError: A value is malformed, or scopes are asked of id tokens, which have none.
    """
    return guard(needs_token(verifier, groups, scopes))


@public("aiocognito.integrations.aiohttp")
def bearer_claims(request: web.Request) -> Claims:
    """Return the claims of the request's token.

    Args:
        request: The request.

    Raises:
        RuntimeError: The handler does not have `bearer_required`.
    """
    claims: Claims | None = request.get(CLAIMS)
    if claims is None:
        raise RuntimeError("the handler needs the decorator bearer_required")
    return claims


@public("aiocognito.integrations.aiohttp")
def setup_hosted_ui(app: web.Application, prefix: str) -> None:
    """Add the routes of the hosted UI: ``GET /login``, ``GET /callback`` and ``POST /logout``.

    ``/login?next=/page`` redirects to the hosted UI, and the callback to the page. At start-up,
    ``redirect_sign_in`` must have the URL of the callback. If it has several with this path, the one at
    ``public_url``, or at the request's host, is used. In a sub-application without a `setup` of its own,
    the URL is looked for at the first request.

    Args:
        app: The application.
        prefix: What their paths begin with, such as ``"/auth"``.

    Raises:
        AuthConfigError: The prefix is malformed, or the cookies are ``samesite="strict"``: the callback
            comes from another site.
    """
    add_hosted_ui(app, prefix)


@public("aiocognito.integrations.aiohttp")
def setup_json(
    app: web.Application, prefix: str, *, tokens: bool = False, app_name: str | None = None
) -> None:
    """Add the JSON routes for a front end: ``POST /sign-in``, ``GET /session`` and 22 others.

    Bodies have the members of Amplify's inputs, and responses are what ``to_dict()`` returns. An error has
    ``name``, ``message``, ``recoverySuggestion`` and ``requestId``. A body that does not fit gets 422, and
    no part of it is repeated.

    Args:
        app: The application.
        prefix: What their paths begin with, such as ``"/auth"``.
        tokens: Whether ``/session`` returns the tokens, which the scripts of a page can then read.
        app_name: The name that authenticator apps show for this service; the request's host by default.

    Raises:
        AuthConfigError: The prefix is malformed.
    """
    add_json(app, prefix, tokens=tokens, app_name=app_name)


@public("aiocognito.integrations.aiohttp")
@asynccontextmanager
async def ends_with_session(
    request: web.Request, websocket: web.WebSocketResponse, *, poll: float = 5.0
) -> AsyncIterator[None]:
    """Close a websocket with code 4401 when the session of its browser ends.

    ``async with ends_with_session(request, websocket): async for message in websocket: ...`` The loop then
    ends. A change in this process is seen at once, one in another process after ``poll`` seconds. A sign-in
    or another change of the key ends the session for this websocket, too: the page connects again, with
    its new cookie.

    Args:
        request: The request of the websocket's handshake.
        websocket: The websocket, after ``prepare``.
        poll: After how many seconds the session's record is read again.

    Raises:
        ValueError: ``poll`` is not a positive number.
        RuntimeError: The websocket is not prepared, or `setup` was not called.
        CsrfError: Another site may have opened the websocket.
    """
    async with watching(request, websocket, poll):
        yield
