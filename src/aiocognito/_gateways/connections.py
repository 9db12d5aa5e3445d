"""The gateways of one configuration, which all its sessions share. They hold no user's secrets."""

from __future__ import annotations

from contextlib import AsyncExitStack

from .._config import AuthConfig
from .._models import UserContext
from ..errors import AuthUserPoolException, InvalidIdentityPoolIdException, OAuthNotConfigureException
from .aws.client import AwsClient
from .clients import AwsSession, HttpClient, check_aws_session
from .hosted_ui import HostedUi
from .http import Http
from .identity_pool import IdentityPool
from .user_pool import UserPool


class Connections:
    """Makes each gateway when it is first used, and closes what it made.

    Args:
        config: The services to use.
        aws_session: An aiobotocore session to make clients from; one is made by default.
        http_client: An httpx client for everything that is not an AWS API; one is made by default.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        aws_session: AwsSession | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        check_aws_session(aws_session)
        self._config = config
        self._aws_session = aws_session
        self.http_client = http_client
        self._http = Http(
            http_client, connect_timeout=config.connect_timeout, read_timeout=config.read_timeout
        )
        self._user_pool_service: AwsClient | None = None
        self._identity_pool_service: AwsClient | None = None

    def user_pool(self, user_context: UserContext | None = None) -> UserPool:
        """Return the user pool's gateway for one end user's context.

        Raises:
            AuthUserPoolException: The configuration names no user pool or no app client.
        """
        if self._config.user_pool_id is None:
            raise AuthUserPoolException("no user pool is configured")
        if self._config.user_pool_client_id is None:
            raise AuthUserPoolException("no app client is configured")
        if self._user_pool_service is None:
            self._user_pool_service = AwsClient("cognito-idp", self._config, aws_session=self._aws_session)
        return UserPool(self._config, self._user_pool_service, user_context)

    def identity_pool(self) -> IdentityPool:
        """Return the identity pool's gateway.

        Raises:
            InvalidIdentityPoolIdException: The configuration names no identity pool.
        """
        if self._config.identity_pool_id is None:
            raise InvalidIdentityPoolIdException("no identity pool is configured")
        if self._identity_pool_service is None:
            self._identity_pool_service = AwsClient(
                "cognito-identity", self._config, aws_session=self._aws_session
            )
        return IdentityPool(self._config.identity_pool_id, self._identity_pool_service)

    def hosted_ui(self) -> HostedUi:
        """Return the hosted UI's gateway.

        Raises:
            OAuthNotConfigureException: The configuration has no ``oauth``.
        """
        if self._config.oauth is None:
            raise OAuthNotConfigureException("no hosted UI is configured")
        return HostedUi(self._config, self._config.oauth, self._http)

    async def aclose(self) -> None:
        """Close the connections."""
        # All of them, also if the caller is cancelled meanwhile.
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self._http.aclose)
            for service in (self._user_pool_service, self._identity_pool_service):
                if service is not None:
                    closing.push_async_callback(service.aclose)
