"""The OAuth settings of app clients, as CreateUserPoolClient checks them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .errors import ApiError, invalid_parameter
from .tokens import scopes

if TYPE_CHECKING:
    from .pool import UserPool

COGNITO: Final = "COGNITO"
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*")  # RFC 3986, 3.1


def check(pool: UserPool, given: Mapping[str, Any], *, has_secret: bool) -> None:
    """Refuse OAuth settings that an app client cannot have.

    Args:
        pool: The user pool.
        given: CreateUserPoolClient's members.
        has_secret: Whether the client has a secret.

    Raises:
        ApiError: With the code that the service model declares for it.
    """
    _check_flows(given, has_secret=has_secret)
    known = {*scopes.STANDARD, *scopes.custom(pool)}
    for scope in given.get("AllowedOAuthScopes", ()):
        if scope not in known:
            raise ApiError("ScopeDoesNotExistException", f"Invalid scope requested: {scope}")
    for name in given.get("SupportedIdentityProviders", ()):
        if name != COGNITO and name not in pool.providers:
            raise invalid_parameter(f"The provider {name} does not exist for User Pool {pool.id}.")
    callbacks = given.get("CallbackURLs", ())
    _check_urls([*callbacks, *given.get("LogoutURLs", ())])
    if "DefaultRedirectURI" in given and given["DefaultRedirectURI"] not in callbacks:
        text = f"The default redirect URI {given['DefaultRedirectURI']} is not in the callback URIs list."
        raise invalid_parameter(text)


# Recorded (App clients for OAuth): the errors for impossible settings.
def _check_flows(given: Mapping[str, Any], *, has_secret: bool) -> None:
    flows: Collection[str] = given.get("AllowedOAuthFlows", ())
    asked = given.get("AllowedOAuthFlowsUserPoolClient", False)
    if asked and not (flows and given.get("AllowedOAuthScopes")):
        raise invalid_parameter(
            "AllowedOAuthFlows and AllowedOAuthScopes are required"
            " if user pool client is allowed to use OAuth flows."
        )
    if "client_credentials" in flows:
        if len(set(flows)) > 1:
            raise _impossible(
                "client_credentials flow can not be selected along with code flow or implicit flow."
            )
        if not has_secret:
            raise _impossible(
                "client_credentials flow can not be selected if client does not have a client secret."
            )
    elif flows and not given.get("CallbackURLs"):
        raise _impossible("CallbackUrls can not be empty when code flow or implicit flow is selected")


# Recorded (App clients for OAuth): the texts about fragments and HTTP.
def _check_urls(urls: Collection[str]) -> None:
    for url in urls:
        if "#" in url:
            raise invalid_parameter(f"{url} cannot use fragment")
        if not _is_absolute(url):
            raise invalid_parameter(f"{url} is not an absolute URL.")
        if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in _LOCAL:
            raise invalid_parameter(f"{url} cannot use the HTTP protocol.")


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not _SCHEME.fullmatch(parts.scheme):
        return False
    # An application's own scheme needs no host: com.example.app:/callback.
    return bool(parts.netloc) if parts.scheme in {"http", "https"} else url != f"{parts.scheme}:"


def _impossible(text: str) -> ApiError:
    return ApiError("InvalidOAuthFlowException", text)
