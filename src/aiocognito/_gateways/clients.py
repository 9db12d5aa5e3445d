"""The clients that a caller may pass in, as Protocols of what is used of them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from .._config_checks import check_object
from .._public import public
from ..errors import AuthConfigError

# Clients whose method ``request`` blocks.
_BLOCKING: Final = {
    ("httpx", "Client"),
    ("httpx2", "Client"),
    ("requests.sessions", "Session"),
}


@public("aiocognito")
class HttpResponse(Protocol):
    """A complete HTTP response, such as an ``httpx.Response``."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def content(self) -> bytes:
        """The body."""
        ...


@public("aiocognito")
class HttpClient(Protocol):
    """An HTTP client: an ``httpx.AsyncClient``, or a client with the same ``request`` method.

    If the client also has httpx's ``stream`` method, responses are read through it, up to one megabyte.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = ...,
        headers: Mapping[str, str] | None = ...,
        auth: None = ...,
        follow_redirects: bool = ...,
    ) -> Awaitable[HttpResponse]:
        """Send a request and return the response.

        Args:
            method: The HTTP method.
            url: The URL.
            data: A form to send.
            headers: Headers to send.
            auth: None where a request must not carry the client's own authentication.
            follow_redirects: False for every request.
        """
        ...


@public("aiocognito")
class AwsSession(Protocol):
    """An AWS session, such as ``aiobotocore.session.AioSession``."""

    def create_client(
        self, service_name: str, /, *, region_name: str, endpoint_url: str, config: Any
    ) -> AbstractAsyncContextManager[Any]:
        """Return a context manager that makes a botocore client.

        Args:
            service_name: ``cognito-idp`` or ``cognito-identity``.
            region_name: The region of the pool.
            endpoint_url: The URL of the service.
            config: An ``aiobotocore.config.AioConfig``.
        """
        ...

    def get_config_variable(self, logical_name: str, /) -> Any:
        """Return a setting of the session.

        Args:
            logical_name: botocore's name of the setting, such as ``ca_bundle``.
        """
        ...


def check_http_client(client: object) -> None:
    """Check an ``http_client``.

    Raises:
        AuthConfigError: It is neither None nor an asynchronous HTTP client.
    """
    if client is None:
        return
    check_object("http_client", client, ("request",), "httpx.AsyncClient()")
    names = {(each.__module__, each.__name__) for each in type(client).__mro__}
    if not _BLOCKING.isdisjoint(names):
        raise AuthConfigError(
            f"must be an httpx.AsyncClient, not the blocking {type(client).__name__}", field="http_client"
        )


def check_aws_session(session: object) -> None:
    """Check an ``aws_session``.

    Raises:
        AuthConfigError: It is neither None nor a session of aiobotocore.
    """
    if session is None:
        return
    check_object(
        "aws_session", session, ("create_client", "get_config_variable"), "aiobotocore.session.get_session()"
    )
