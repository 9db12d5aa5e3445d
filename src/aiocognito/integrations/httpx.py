"""Authentication for clients of httpx, or of its successor httpx2: sends a user's or a machine's token."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection, Generator
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

import httpx

from .._claims import ACCESS, ID
from .._config_checks import is_loopback
from .._session.tokens import TokenProvider
from ..errors import AuthConfigError, AuthUsageError, UserUnAuthenticatedException

__all__ = ["SessionAuth"]

# A host name or an address, IPv6 in brackets, and a port; what httpx makes of the name is checked after that.
_ENTRY: Final = re.compile(
    r"(?:(?!\.)[^\s.:/?#@\\\[\]%][^\s:/?#@\\\[\]%]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)
_HOST: Final = re.compile(r"[\w.:-]+", re.ASCII)
_PORTS: Final = {"https": 443, "http": 80}


def _auth_classes() -> tuple[type, ...]:
    """Return the ``Auth`` class of each client library that is installed.

    A client takes objects of its own library's class alone, and both libraries have the same methods.
    """
    try:
        successor = import_module("httpx2")
    except ImportError:
        return (httpx.Auth,)
    return tuple(dict.fromkeys((httpx.Auth, successor.Auth)))  # The one may stand in for the other.


if TYPE_CHECKING:
    _Auth = httpx.Auth
else:
    _Auth = type("_Auth", _auth_classes(), {})


class SessionAuth(_Auth):
    """Sends the signed-in user's token to the named hosts only.

    ``httpx.AsyncClient(auth=SessionAuth(auth, hosts=["api.example.com"]))``. Other hosts get their
    request without it, and so do named ones over plain http, unless they are this machine. A redirect
    to another host, port or scheme does not carry it, not even to a named one: the caller did not send
    that request.

    Args:
        auth: An `AuthClient`, or a `TokenProvider` such as `ClientCredentials`.
        hosts: Such as ``api.example.com``, to the letter; with a port from 1 to 65535, that port alone.
        token: ``"access"``, or ``"id"`` for the services that want the other one.
        allow_insecure_http: Whether the token may go over plain http to another machine.

    Raises:
        TypeError: ``auth`` has no tokens.
        AuthConfigError: No host is named, or one of them is something else.
    """

    def __init__(
        self,
        auth: object,
        *,
        hosts: str | Collection[str],
        token: Literal["access", "id"] = ACCESS,
        allow_insecure_http: bool = False,
    ) -> None:
        provider = getattr(auth, "token_provider", auth)
        if not isinstance(provider, TokenProvider):
            raise TypeError("auth: must be an AuthClient or a TokenProvider")
        if token not in (ACCESS, ID):
            raise AuthConfigError("must be 'access' or 'id'", field="token")
        named = [hosts] if isinstance(hosts, str) else list(hosts)
        if not named:
            raise AuthConfigError("must name at least one", field="hosts")
        self._provider = provider
        self._hosts = frozenset(map(_host, named))
        self._token = token
        self._allow_http = allow_insecure_http

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Refuse: tokens are renewed by awaiting.

        Raises:
            AuthUsageError: Always.
        """
        raise AuthUsageError(
            f"{request.url.host}: SessionAuth needs an httpx.AsyncClient",
            recovery_suggestion="Use an httpx.AsyncClient.",
        )

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Put the token on a request.

        Raises:
            UserUnAuthenticatedException: No user is signed in, or the session lacks the token.
        """
        if self._is_meant(request.url):
            request.headers["Authorization"] = f"Bearer {await self._get()}"
        yield request

    def _is_meant(self, url: httpx.URL) -> bool:
        host = url.raw_host.decode()
        port = _PORTS.get(url.scheme) if url.port is None else url.port
        if (host, port) not in self._hosts and (host, None) not in self._hosts:
            return False
        return url.scheme == "https" or (url.scheme == "http" and (self._allow_http or is_loopback(host)))

    async def _get(self) -> str:
        tokens = await self._provider.get_tokens()
        if tokens is None:
            raise UserUnAuthenticatedException("no user is signed in")
        wanted = tokens.access_token if self._token == ACCESS else tokens.id_token
        if wanted is None:
            raise UserUnAuthenticatedException("the session has no id token")
        return wanted.token


def _host(entry: object) -> tuple[str, int | None]:
    """Read a host as httpx reads that of a URL, so that the two can be compared."""
    match = _ENTRY.fullmatch(entry) if isinstance(entry, str) else None
    port = int(match["port"]) if match and match["port"] else None
    host = _as_in_urls(entry) if match else ""
    if not _HOST.fullmatch(host) or not (port is None or 1 <= port <= 65535):
        # A URL with a user name and a password is not repeated.
        what = "a value with '@'" if "@" in str(entry) else repr(entry)
        raise AuthConfigError(
            f"{what} is not a host name such as 'api.example.com' or 'api.example.com:8443'; leave out"
            " scheme, path, wildcards and a leading dot",
            field="hosts",
        )
    return host, port


def _as_in_urls(entry: object) -> str:
    try:
        return httpx.URL(f"https://{entry}").raw_host.decode()
    except httpx.InvalidURL:
        return ""
