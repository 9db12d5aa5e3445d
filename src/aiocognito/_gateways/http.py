"""HTTP requests other than those of AWS APIs. The only module that imports httpx, at the first request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

from .._threads import run_in_thread
from ..errors import NetworkError
from .clients import HttpClient, check_http_client
from .environment import proxy_for, tls_context
from .limits import UnreadableBody, check_size, read_body

DEFAULT_TIMEOUT: Final = 5.0

# httpx's exceptions for requests of which nothing was sent. They are compared by name: a caller's client may
# be of another library with exceptions of the same names, such as httpx2.
_NOT_SENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}
)
_FAILURES: Final = frozenset({"HTTPError", "InvalidURL", "StreamError"})

# The extension of a request that holds its query.
_QUERY: Final = "aiocognito.query"

TRUST_ADVICE: Final = "Name the CA that signed it in AWS_CA_BUNDLE or SSL_CERT_FILE."
PLAIN_HTTP_ADVICE: Final = (
    "The server, or a proxy before it, does not speak TLS at this port: an endpoint of plain http begins with"
    " http://."
)


@frozen
class RawResponse:
    """A server's response.

    Attributes:
        status: The HTTP status.
        body: The body; it may hold secrets.
    """

    status: int
    body: bytes = field(repr=False)


class Http:
    """Makes requests through a caller's client, or through clients of its own.

    A client of its own takes proxies and trusted certificates from the environment (see
    `aiocognito._gateways.environment`).

    Args:
        client: An ``httpx.AsyncClient``, or anything with its method ``request``. Left open. None makes
            one for each origin, at its first request.
        connect_timeout: Seconds to wait for a connection, with a client of its own.
        read_timeout: Seconds to wait for a response, with a client of its own. With any client, a request
            takes no longer than both timeouts together.
        keep_alive: Whether connections are kept between requests, with a client of its own. One that
            keeps none may be used from one event loop after another.
    """

    def __init__(
        self,
        client: HttpClient | None = None,
        *,
        connect_timeout: float = DEFAULT_TIMEOUT,
        read_timeout: float = DEFAULT_TIMEOUT,
        keep_alive: bool = True,
    ) -> None:
        check_http_client(client)
        self._client = client
        self._owned: dict[str, _Owned] = {}
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._keep_alive = keep_alive

    def set_timeouts(self, *, connect: float, read: float) -> None:
        """Replace the timeouts. Call it before the first request."""
        self._connect_timeout, self._read_timeout = connect, read

    async def request(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> RawResponse:
        """Make a request; redirects are not followed, and no more than a megabyte is read.

        Args:
            method: ``GET`` or ``POST``.
            url: The URL.
            data: A form to send.
            headers: Additional headers.

        Raises:
            NetworkError: No response came, or one that cannot be read.
            AuthConfigError: An environment variable for proxies or certificates is malformed.
        """
        owned = None if self._client is not None else await self._own(url)
        client = self._client if owned is None else owned.client
        # A caller's client may add authentication, such as the token that this form requests.
        options: dict[str, Any] = {} if data is None else {"data": data, "auth": None}
        options["headers"] = {"Accept-Encoding": "identity", **(headers or {})}
        if owned is not None:
            url, _, query = url.partition("?")
            options["extensions"] = {_QUERY: query.encode()}
        try:
            async with asyncio.timeout(self._connect_timeout + self._read_timeout):
                return await _send(client, method, url, options)
        except Exception as failure:
            names = {cls.__name__ for cls in type(failure).__mro__}
            if not names & _FAILURES and not isinstance(failure, OSError | UnreadableBody):
                raise
            error = _network_error(failure, names, url, None if owned is None else owned.proxy_variable)
        # Raised here, without its cause: the cause holds the request, and with it a code or a secret.
        raise error

    async def aclose(self) -> None:
        """Close the clients that were made here."""
        owned, self._owned = self._owned, {}
        # Each one, also if the caller is cancelled meanwhile.
        async with AsyncExitStack() as closing:
            for each in owned.values():
                closing.push_async_callback(each.client.aclose)

    async def _own(self, url: str) -> _Owned:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        owned = self._owned.get(origin)
        if owned is not None:
            return owned
        # In a thread, because importing httpx and loading certificates takes long.
        made = await run_in_thread(partial(self._make, origin))
        kept = self._owned.setdefault(origin, made)
        if kept is not made:  # Another request's was ready first.
            await made.client.aclose()
        return kept

    def _make(self, origin: str) -> _Owned:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        proxy = proxy_for(origin)
        is_tls = origin.startswith("https:") or (proxy is not None and proxy.url.startswith("https:"))
        # Plain http needs no certificates: a context without any trusts none.
        context = tls_context() if is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # httpx refuses TLS settings for a connection to a proxy by plain http.
        of_proxy = context if proxy is not None and proxy.url.startswith("https:") else None
        transport = httpx.AsyncHTTPTransport(
            verify=context,
            limits=httpx.Limits(max_keepalive_connections=20 if self._keep_alive else 0),
            proxy=None if proxy is None else httpx.Proxy(proxy.url, ssl_context=of_proxy),
        )
        client = httpx.AsyncClient(
            timeout=httpx.Timeout(self._read_timeout, connect=self._connect_timeout),
            # A server's cookie for one user must not reach another user's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            transport=_Transport(transport),  # type: ignore[arg-type]  # has the methods that httpx calls
            trust_env=False,
        )
        return _Owned(client, None if proxy is None else proxy.variable)


@frozen
class _Owned:
    """A client that was made here, and the environment variable that named its proxy."""

    client: Any
    proxy_variable: str | None


class _Transport:
    """Sends requests with their query, which httpx is not given: it logs the URL of each request.

    Args:
        transport: httpx's transport.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request (``httpx.AsyncBaseTransport``)."""
        query = request.extensions[_QUERY]
        if query:
            request = type(request)(
                request.method,
                request.url.copy_with(query=query),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


async def _send(client: Any, method: str, url: str, options: Mapping[str, Any]) -> RawResponse:
    stream = getattr(client, "stream", None)
    if stream is None:  # Not httpx's: its responses are complete.
        response = await client.request(method, url, follow_redirects=False, **options)
        check_size(len(response.content))
        return RawResponse(response.status_code, response.content)
    async with stream(method, url, follow_redirects=False, **options) as response:
        if response.is_stream_consumed:  # An event hook of the caller's client has read it.
            check_size(len(response.content))
            return RawResponse(response.status_code, response.content)
        body = await read_body(response.aiter_raw(), response.headers.get("content-encoding"))
        return RawResponse(response.status_code, body)


def _network_error(failure: Exception, names: set[str], url: str, variable: str | None) -> NetworkError:
    """Return the error for a failure. It quotes nothing that was sent or received."""
    by = f" through the proxy of {variable}" if variable is not None else ""
    text, advice = f"no answer{by} ({type(failure).__name__})", None
    refused = _refused_certificate(failure)
    if isinstance(failure, UnreadableBody):
        text = str(failure)
    elif refused is not None:
        text, advice = f"the certificate is not trusted{by} ({refused})", TRUST_ADVICE
    return NetworkError(
        f"{urlsplit(url).hostname}: {text}",
        request_sent=not names & _NOT_SENT and refused is None,
        recovery_suggestion=advice,
    )


def _refused_certificate(failure: BaseException | None) -> str | None:
    """Return why a certificate was refused, if that is what a failure comes from."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return failure.verify_message or "certificate verify failed"
        seen.add(id(failure))
        failure = failure.__cause__ or failure.__context__
    return None
