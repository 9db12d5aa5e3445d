"""Cognito's two JSON services, one request at a time.

What takes long (importing aiobotocore, reading its models, loading TLS roots) happens at the first
call, once, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ..._config import AuthConfig
from ...errors import AuthUsageError, NetworkError, ServiceError
from ..clients import AwsSession
from ..flights import Flights
from .retry import RetryPolicy

if TYPE_CHECKING:
    from .connection import AwsConnection, Parts

Service = Literal["cognito-idp", "cognito-identity"]


class AwsClient:
    """A connection to one of Cognito's JSON services. All sessions share it; it holds no user's secrets.

    Args:
        service: The service.
        config: The endpoint, the timeouts and the number of attempts.
        aws_session: An aiobotocore session to take proxies, CA bundle and event handlers from; it
            stays the caller's. Without it ``~/.aws`` and credentials are not read, and of the
            environment only proxies and ``AWS_CA_BUNDLE``.
        retries: When to retry; by default as the configuration says.
    """

    def __init__(
        self,
        service: Service,
        config: AuthConfig,
        *,
        aws_session: AwsSession | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._service = service
        self._config = config
        self._aws_session = aws_session
        self._retries = retries or RetryPolicy(config.max_attempts)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connecting: Flights[AwsConnection] = Flights("the client")
        self._connection: AwsConnection | None = None
        self._closed = False

    async def call(
        self, operation: str, params: Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        """Call an operation.

        Args:
            operation: Its name in the API, such as ``InitiateAuth``.
            params: Its members; those that are None are left out.
            repeatable: Whether a repetition has the same outcome as one request. Then it is sent
                again after a lost response, an error of the service and a response that cannot be read.

        Returns:
            The members of the result; times are datetimes in UTC.

        Raises:
            ServiceError: The service refused; an instance of the code's class and of the operation's.
            NetworkError: No response came.
            AuthConfigError: The CA bundle cannot be read.
            AuthUsageError: The client is closed, or belongs to another event loop.
        """
        connection = self._check() or await self._connect()
        members = {name: value for name, value in params.items() if value is not None}
        try:
            return await self._retries.run(
                partial(connection.call, operation, members), repeatable=repeatable
            )
        except (ServiceError, NetworkError) as error:
            # The frames of botocore and of the retries do not help to understand a refusal.
            raise error.with_traceback(None)  # noqa: B904 - its own cause stays

    async def aclose(self) -> None:
        """Close the connections. Calls under way fail; closing twice does nothing."""
        if self._closed:
            return
        self._check()
        self._closed = True
        if self._connection is not None:
            await self._connection.aclose()

    def _check(self) -> AwsConnection | None:
        if self._closed:
            raise AuthUsageError("the client is closed")
        if self._loop is not asyncio.get_running_loop():
            if self._loop is not None:
                raise AuthUsageError(
                    "the client belongs to the event loop that first used it; make one per event loop"
                )
            self._loop = asyncio.get_running_loop()
        return self._connection

    async def _connect(self) -> AwsConnection:
        return await self._connecting.join(self._open)

    async def _open(self) -> AwsConnection:
        parts = await asyncio.to_thread(self._prepare)
        from .connection import AwsConnection  # loaded by now

        self._check()  # closed meanwhile: nothing is open yet, and nothing will be
        self._connection = AwsConnection(parts, self._config)
        return self._connection

    def _prepare(self) -> Parts:
        from .connection import prepare

        return prepare(self._service, self._config, self._aws_session)
