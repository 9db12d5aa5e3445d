"""Puts a person's or a machine's token on the requests of an httpx client."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection, Generator
from typing import Final, Literal

import httpx

from ..config_checks import is_loopback
from ..errors import UserUnAuthenticatedException
from ..session.provider import TokenProvider

_HOST: Final = re.compile(r"[\w.:-]+", re.ASCII)
_PORTS: Final = {"https": 443, "http": 80}


class SessionAuth(httpx.Auth):
    """Sends the token of whoever is signed in, to the hosts that are named and to nobody else.

    ``httpx.AsyncClient(auth=SessionAuth(auth, hosts=["api.example.com"]))``. Other hosts get their
    request without it, and so do named ones over plain http, unless they are this machine. A redirect
    to another host, port or scheme does not take it along, not even to one that is named: whoever is
    redirected did not ask for that.

    Args:
        auth: An `AuthClient`, or a `TokenProvider` such as `ClientCredentials`.
        hosts: Such as ``api.example.com``, to the letter; with a port, that port alone.
        token: ``"access"``, or ``"id"`` for the services that want the other one.
        allow_insecure_http: Whether the token may go over plain http to another machine.

    Raises:
        TypeError: ``auth`` has no tokens.
        ValueError: No host is named, or one of them is something else.
    """

    def __init__(
        self,
        auth: object,
        *,
        hosts: str | Collection[str],
        token: Literal["access", "id"] = "access",  # noqa: S107 - no secret
        allow_insecure_http: bool = False,
    ) -> None:
        provider = getattr(auth, "token_provider", auth)
        if not isinstance(provider, TokenProvider):
            raise TypeError("auth: must be an AuthClient or a TokenProvider")
        if token not in ("access", "id"):
            raise ValueError("token: must be 'access' or 'id'")
        named = [hosts] if isinstance(hosts, str) else list(hosts)
        if not named:
            raise ValueError("hosts: must name at least one")
        self._provider = provider
        self._hosts = frozenset(map(_host, named))
        self._token = token
        self._allow_http = allow_insecure_http

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Refuse: tokens are renewed by awaiting.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(f"{request.url.host}: SessionAuth needs an httpx.AsyncClient")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Put the token on a request.

        Raises:
            UserUnAuthenticatedException: Nobody is signed in, or there is no such token.
        """
        if self._is_meant(request.url):
            request.headers["Authorization"] = f"Bearer {await self._get()}"
        yield request

    def _is_meant(self, url: httpx.URL) -> bool:
        host = url.raw_host.decode()
        port = url.port or _PORTS.get(url.scheme)
        if (host, port) not in self._hosts and (host, None) not in self._hosts:
            return False
        return url.scheme == "https" or (url.scheme == "http" and (self._allow_http or is_loopback(host)))

    async def _get(self) -> str:
        tokens = await self._provider.get_tokens()
        if tokens is None:
            raise UserUnAuthenticatedException("nobody is signed in")
        wanted = tokens.access_token if self._token == "access" else tokens.id_token  # noqa: S105 - the name of a kind of token
        if wanted is None:
            raise UserUnAuthenticatedException("there is no id token")
        return wanted.token


def _host(entry: object) -> tuple[str, int | None]:
    """Read a host as httpx reads that of a URL, so that the two can be compared."""
    text = entry if isinstance(entry, str) else ""
    try:
        url = httpx.URL(f"https://{text}")
    except httpx.InvalidURL:
        url = httpx.URL("")
    is_more = url.userinfo or url.raw_path != b"/" or url.fragment or "?" in text or "#" in text
    if is_more or not _HOST.fullmatch(url.raw_host.decode()):
        raise ValueError(f"hosts: {entry!r} is no host name; leave out the scheme and the path")
    # httpx drops a port that is the scheme's own.
    return url.raw_host.decode(), url.port or (443 if text.endswith(":443") else None)
