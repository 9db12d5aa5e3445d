"""The clients that a caller may pass in, as Protocols of what is used of them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from .._public import public


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
