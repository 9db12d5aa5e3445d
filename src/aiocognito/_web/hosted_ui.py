"""The routes of a sign-in on the hosted UI: to it, back from it, and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from .._client import AuthClient
from .._config import AuthConfig
from .._flows.redirect import custom_state_of
from ..errors import (
    AuthConfigError,
    AuthError,
    InvalidPreferredRedirectUrlException,
    InvalidRedirectException,
    OAuthNotConfigureException,
    OAuthStateMismatchException,
    UserAlreadyAuthenticatedException,
)
from .cookies import CookiePolicy
from .error_responses import WebResponse, is_scripted
from .origins import Origin, is_same_host, read_origin
from .request import WebRequest
from .request_session import RequestSession
from .return_path import safe_return_path

LOGIN: Final = "/login"
CALLBACK: Final = "/callback"
LOGOUT: Final = "/logout"
_MAX_FIELDS: Final = 50


def check_policy(policy: CookiePolicy) -> None:
    """Raise if browsers would not send the cookie with the callback.

    Raises:
        AuthConfigError: The policy is ``samesite="strict"``.
    """
    if policy.samesite == "strict":
        raise AuthConfigError(
            "must be 'lax' with the hosted UI: browsers come back from another site, and would not send a"
            " 'strict' cookie",
            field="cookies.samesite",
        )


def check_callback(config: AuthConfig, path: str) -> None:
    """Raise if no configured redirect URL leads to the callback route.

    The root path is known at requests alone, so a URL may have more in front of the route's path.

    Args:
        config: The configuration.
        path: The callback route's path, without the root path.

    Raises:
        AuthConfigError: No URL ends with the path, or no hosted UI is configured.
    """
    if config.oauth is None:
        raise AuthConfigError("must be configured for the hosted UI's routes", field="oauth")
    if not any(urlsplit(url).path.endswith(path) for url in config.oauth.redirect_sign_in):
        raise AuthConfigError(
            f"must have the URL of the callback route, which ends with {path!r}; list it among the app"
            " client's callback URLs, too",
            field="oauth.redirect_sign_in",
        )


async def login(session: RequestSession, auth: AuthClient) -> WebResponse:
    """Redirect the browser to the hosted UI, or back to its page if a user is signed in.

    The query has ``next``, the page to come back to, and with ``prompt=login`` the user signs in again.
    """
    request = session.request
    query = _query(request)
    back = safe_return_path(query.get("next"), home(request))
    again = query.get("prompt") == "login"
    uri = _redirect_uri(session, auth.config, _sibling(request, CALLBACK))
    try:
        asked = await auth.sign_in_with_redirect(
            custom_state=back,
            redirect_uri=uri,
            nonce=True,
            prompt="LOGIN" if again else None,
            replace=again,
        )
    except UserAlreadyAuthenticatedException:
        return WebResponse.redirect(back)
    return WebResponse.redirect(asked.url)


async def callback(session: RequestSession, auth: AuthClient) -> WebResponse:
    """Complete the sign-in, and redirect the browser to the page that it came from.

    A callback that is loaded again leads to that page, too, if the user is signed in.
    """
    request = session.request
    session.may_redirect = False  # The login page would lead back here.
    try:
        result = await auth.complete_sign_in_with_redirect(request.target)
    except OAuthStateMismatchException:
        if not await _is_signed_in(auth):
            raise
        back = _custom_state(request)
    else:
        back = result.custom_state
    return WebResponse.redirect(safe_return_path(back, home(request)))


async def logout(session: RequestSession, auth: AuthClient) -> WebResponse:
    """Sign out, and redirect the browser to the hosted UI's logout if the user signed in there.

    A script gets the URL as ``logoutUrl`` in JSON: it could not follow the redirect to another site.
    """
    request = session.request
    result = await auth.sign_out(redirect_uri=await _logout_uri(session, auth))
    if is_scripted(request):
        return WebResponse.json(200, {"logoutUrl": result.logout_url}, (("cache-control", "no-store"),))
    return WebResponse.redirect(result.logout_url or home(request))


def home(request: WebRequest) -> str:
    """Return the path of the application's first page."""
    return safe_return_path(f"{request.root_path.rstrip('/')}/")


def _query(request: WebRequest) -> dict[str, str]:
    try:
        pairs = parse_qsl(request.query, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return dict(pairs)


def _custom_state(request: WebRequest) -> str | None:
    """Return the page that a spent state names. It is checked like any other text of the browser."""
    try:
        return custom_state_of(_query(request).get("state", ""))
    except ValueError:  # not the form of a state
        return None


async def _is_signed_in(auth: AuthClient) -> bool:
    try:
        await auth.get_current_user()
    except AuthError:
        return False
    return True


def _sibling(request: WebRequest, name: str) -> str:
    """Return the path of the route beside the request's own."""
    return unquote(request.path).rpartition("/")[0] + name


def _redirect_uri(session: RequestSession, config: AuthConfig, path: str) -> str:
    """Return the configured redirect URL of the callback route at the request's host.

    Raises:
        OAuthNotConfigureException: No hosted UI is configured.
        InvalidRedirectException: No URL has the path.
        InvalidPreferredRedirectUrlException: Several URLs have it, and none is at this host.
    """
    if config.oauth is None:
        raise OAuthNotConfigureException("no hosted UI is configured")
    found = [url for url in config.oauth.redirect_sign_in if urlsplit(url).path == path]
    if not found:
        raise InvalidRedirectException(
            f"no URL of oauth.redirect_sign_in has the path {path!r}; if a proxy removes a prefix, set the"
            " server's root path to it"
        )
    if len(found) == 1:
        return found[0]
    here = _at_this_host(session, found)
    if here is None:
        raise InvalidPreferredRedirectUrlException(
            "no redirect URL is at this host",
            recovery_suggestion="Open the site at its own address, and sign in there.",
        )
    return here


def _at_this_host(session: RequestSession, urls: Sequence[str]) -> str | None:
    """Return the first URL at the public URL's origin, or at the request's."""
    public, request = session.service.public_origin, session.request
    origins = [(url, _origin_of(url)) for url in urls]
    named = [(url, origin) for url, origin in origins if origin is not None]
    if public is not None:
        return next((url for url, origin in named if str(origin) == str(public)), None)
    host = request.host
    if host is None:
        return None
    own = str(Origin(request.scheme, host))
    exact = next((url for url, origin in named if str(origin) == own), None)
    # A server behind a proxy that ends TLS does not see the browser's scheme.
    return exact or next((url for url, origin in named if is_same_host(origin, host)), None)


def _origin_of(url: str) -> Origin | None:
    parts = urlsplit(url)
    return read_origin(f"{parts.scheme}://{parts.netloc}")


async def _logout_uri(session: RequestSession, auth: AuthClient) -> str | None:
    """Return the URL to come back to from the hosted UI's logout; None for the default."""
    oauth = auth.config.oauth
    if oauth is None or len(oauth.redirect_sign_out) < 2:
        return None
    if not (await auth._session.load()).record.by_redirect:
        return None
    return _at_this_host(session, oauth.redirect_sign_out)
