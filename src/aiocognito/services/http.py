"""HTTP for what is no AWS API. The one module that imports httpx, when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import anyio.to_thread
from attrs import field, frozen

from ..errors import NetworkError

DEFAULT_TIMEOUT: Final = 5.0


@frozen
class HttpAnswer:
    """What a server answered.

    Attributes:
        status: The HTTP status.
        body: The body; it may hold secrets.
        headers: The headers, their names in lower case.
    """

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)


class Http:
    """Makes requests through a caller's client, or through one of its own.

    Args:
        client: Anything with the methods of ``httpx.AsyncClient`` that are used here: ``request`` and
            nothing else. Left open. None makes one at the first request.
        connect_timeout: Seconds to wait for a connection, with a client of its own.
        read_timeout: Seconds to wait for an answer, with a client of its own.
    """

    def __init__(
        self,
        client: Any = None,
        *,
        connect_timeout: float = DEFAULT_TIMEOUT,
        read_timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self._client = client
        self._owned: Any = None
        self._making: asyncio.Future[Any] | None = None
        self._timeouts = connect_timeout, read_timeout

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
            data: A form to send.
            headers: More headers.

        Raises:
            NetworkError: No answer came.
        """
        client = self._client or self._owned or await self._make()
        failure: Exception
        try:
            answer = await client.request(method, url, data=data, headers=headers, follow_redirects=False)
            return HttpAnswer(
                answer.status_code, answer.content, {k.lower(): v for k, v in answer.headers.items()}
            )
        except Exception as error:
            # Whose client it is decides which exceptions it has; their names are httpx's and its heirs'.
            if not _is_transport_error(error):
                raise
            failure = error
        what = type(failure).__name__
        error = NetworkError(
            f"{urlsplit(url).hostname}: no answer ({what})", request_sent=not what.startswith("Connect")
        )
        # Without its cause: it holds the request, and that a code or a secret.
        raise error

    async def aclose(self) -> None:
        """Close the client, if it is our own."""
        owned, self._owned = self._owned, None
        if owned is not None:
            await owned.aclose()

    async def _make(self) -> Any:
        # Importing httpx and loading TLS roots takes a while: in a thread, and once.
        client = await anyio.to_thread.run_sync(_new_client, *self._timeouts)
        if self._owned is None:
            self._owned = client
        elif client is not self._owned:
            await client.aclose()
        return self._owned


def _new_client(connect_timeout: float, read_timeout: float) -> Any:
    import httpx

    return httpx.AsyncClient(timeout=httpx.Timeout(read_timeout, connect=connect_timeout))


def _is_transport_error(error: Exception) -> bool:
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & {"TransportError", "HTTPError", "InvalidURL"}) or isinstance(error, OSError)
