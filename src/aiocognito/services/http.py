"""HTTP for what is no AWS API. The one module that imports httpx, when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final
from urllib.parse import urlsplit

import anyio.to_thread
from attrs import field, frozen

from ..errors import NetworkError

DEFAULT_TIMEOUT: Final = 5.0

# httpx's names of what went wrong before anything was sent. Whose client it is decides which classes
# it has, so they go by their names.
_NOT_SENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}
)
_FAILURES: Final = frozenset({"HTTPError", "InvalidURL", "StreamError"})
_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


@frozen
class HttpAnswer:
    """What a server answered.

    Attributes:
        status: The HTTP status.
        body: The body; it may hold secrets.
    """

    status: int
    body: bytes = field(repr=False)


class Http:
    """Makes requests through a caller's client, or through one of its own.

    Args:
        client: Anything with the method ``request`` of ``httpx.AsyncClient``. Left open. None makes
            one at the first request.
        connect_timeout: Seconds to wait for a connection, with a client of its own.
        read_timeout: Seconds to wait for an answer, with a client of its own.
        keep_alive: Whether connections are kept between requests, with a client of its own. One that
            keeps none may be used from one event loop after another.
    """

    def __init__(
        self,
        client: Any = None,
        *,
        connect_timeout: float = DEFAULT_TIMEOUT,
        read_timeout: float = DEFAULT_TIMEOUT,
        keep_alive: bool = True,
    ) -> None:
        self._client = client
        self._owned: Any = None
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._keep_alive = keep_alive

    async def request(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Make a request; redirects are not followed.

        Args:
            method: ``GET`` or ``POST``.
            url: Where to.
            data: A form to send. It proves by itself who sends it: a caller's client that
                authenticates its requests leaves this one alone.
            headers: More headers.

        Raises:
            NetworkError: No answer came.
        """
        client = self._client or self._owned or await self._make()
        # Among what a caller's client may add is the very token that this form is to bring.
        options: dict[str, Any] = {} if data is None else {"data": data, "auth": None}
        try:
            async with self._limit():
                answer = await client.request(method, url, headers=headers, follow_redirects=False, **options)
            return HttpAnswer(answer.status_code, answer.content)
        except Exception as failure:
            names = {cls.__name__ for cls in type(failure).__mro__}
            if not names & _FAILURES and not isinstance(failure, OSError):
                raise
            error = NetworkError(
                f"{urlsplit(url).hostname}: no answer ({type(failure).__name__})",
                request_sent=not names & _NOT_SENT,
            )
        # Raised out here, without its cause: that holds the request, and in it a code or a secret.
        raise error

    async def aclose(self) -> None:
        """Close the client, if it is our own."""
        owned, self._owned = self._owned, None
        if owned is not None:
            await owned.aclose()

    def _limit(self) -> AbstractAsyncContextManager[object]:
        """Limit how long an answer may take in all; a caller's client has limits of its own."""
        if self._client is not None:
            return nullcontext()
        return asyncio.timeout(self._connect_timeout + self._read_timeout)

    async def _make(self) -> Any:
        # Importing httpx and loading TLS roots takes a while: in a thread.
        client = await anyio.to_thread.run_sync(self._new_client)
        if self._owned is None:
            self._owned = client
        else:  # Somebody else's was ready first.
            await client.aclose()
        return self._owned

    def _new_client(self) -> Any:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        return httpx.AsyncClient(
            timeout=httpx.Timeout(self._read_timeout, connect=self._connect_timeout),
            limits=httpx.Limits(max_keepalive_connections=20 if self._keep_alive else 0),
            # What a server sets for one person is nothing to the next.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # No proxy stands between a machine and itself.
            mounts=dict.fromkeys(_LOOPBACK),
        )
