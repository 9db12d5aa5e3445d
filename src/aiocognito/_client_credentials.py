"""Tokens for machines: the OAuth client-credentials grant (RFC 6749, 4.4) as a `TokenProvider`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from attrs import frozen

from . import _clocks as clocks
from ._config import AuthConfig, check_config, check_scopes, split_scopes
from ._config_checks import is_number
from ._early_renewal import EXPIRY_MARGIN, RenewalBackoff, early_at
from ._gateways.clients import HttpClient
from ._gateways.flights import Closed, Flights
from ._gateways.hosted_ui import HostedUi
from ._gateways.http import Http
from ._jwt import JWT, decode_jwt
from ._models import AuthTokens, Metadata
from ._public import public
from .errors import (
    AuthConfigError,
    AuthError,
    AuthUserPoolException,
    InvalidJWTError,
    InvalidTokens,
    OAuthNotConfigureException,
)


@frozen
class _Issued:
    """A token, and how long it serves, in seconds since the epoch."""

    tokens: AuthTokens
    expires_at: float
    early_at: float


@public("aiocognito")
class ClientCredentials:
    """Tokens of a service itself, renewed before they expire, in one request for all tasks.

    ``async with ClientCredentials(config) as machine: tokens = await machine.get_tokens()``. It is a
    `TokenProvider`, for `AuthClient` or ``aiocognito.integrations.httpx.SessionAuth``.

    Args:
        config: The app client with its secret, and the domain in ``oauth``.
        scopes: The scopes to request, such as ``("orders/read",)``; None for all that the app client has. One
            text is split by commas and white space.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client; one is made by default. Left open.

    Raises:
        AuthUserPoolException: The configuration names no app client.
        AuthConfigError: The app client has no secret, without which there is no such grant, a scope
            is malformed, or an argument is not such an object.
        OAuthNotConfigureException: The configuration has no ``oauth``.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        scopes: str | Collection[str] | None = None,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        check_config(config)
        if config.user_pool_client_id is None:
            raise AuthUserPoolException("no app client is configured")
        if config.user_pool_client_secret is None:
            raise AuthConfigError(
                "is needed for the client-credentials grant", field="user_pool_client_secret"
            )
        if config.oauth is None:
            raise OAuthNotConfigureException("no OAuth domain is configured")
        self._config = config
        self._scopes = check_scopes("scopes", split_scopes(scopes or ()))
        self._clock = clocks.resolve(clock, config)
        self._http = Http(
            http_client,
            connect_timeout=config.connect_timeout,
            read_timeout=config.read_timeout,
            keep_alive=False,  # An hour passes between two requests.
        )
        self._endpoint = HostedUi(config, config.oauth, self._http)
        self._issued: _Issued | None = None
        self._backoff = RenewalBackoff(self._clock)
        self._requests: Flights[_Issued] = Flights("the ClientCredentials")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self._config.user_pool_client_id!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Cancel the request in flight, and close the HTTP client if it was made here.

        A caller that waits for a token gets a ``RuntimeError``, or the current token if it is still good.
        """
        try:
            await self._requests.end()
        finally:
            await self._http.aclose()

    async def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Metadata = None
    ) -> AuthTokens:
        """Return a good access token (POST /oauth2/token).

        A token with less than 5 s left counts as expired. Within ``AuthConfig.refresh_ahead`` of its
        end it is renewed early; if that fails, the old one is returned.

        Args:
            force_refresh: Fetch a new token even if the current one is good.
            client_metadata: For the user pool's triggers (``aws_client_metadata``); that of the first
                caller counts.

        Raises:
            ServiceError: The token endpoint refused; ``.name`` is its ``error``, such as
                ``invalid_client`` or ``invalid_scope``.
            NetworkError: No response came.
            RuntimeError: The object was closed in the meantime.
        """
        issued, now = self._issued, self._clock()
        if issued is not None and not force_refresh:
            next_renewal = self._backoff.next_renewal(early_at=issued.early_at, expires_at=issued.expires_at)
            if now < next_renewal:
                return issued.tokens
            if now < issued.expires_at:
                return await self._early(issued, client_metadata)
        return (await self._ask(client_metadata)).tokens

    async def _early(self, issued: _Issued, client_metadata: Metadata) -> AuthTokens:
        try:
            return (await self._ask(client_metadata)).tokens
        except (AuthError, Closed):
            self._backoff.put_off()
            return issued.tokens

    async def _ask(self, client_metadata: Metadata) -> _Issued:
        return await self._requests.join(partial(self._request, client_metadata))

    async def _request(self, client_metadata: Metadata) -> _Issued:
        asked_at = self._clock()
        response = await self._endpoint.client_credentials(self._scopes, client_metadata)
        access = _decode(response.access_token)
        life = response.expires_in
        if life is None:
            life = _numeric(access.payload.get("exp")) - asked_at
        issued = _Issued(
            AuthTokens(access_token=access),
            expires_at=asked_at + life - EXPIRY_MARGIN,
            early_at=early_at(asked_at + life, lifetime=life, ahead=self._config.refresh_ahead),
        )
        self._issued = issued
        return issued


def _decode(access_token: str) -> JWT:
    with suppress(InvalidJWTError):
        return decode_jwt(access_token)
    raise InvalidTokens("the token endpoint returned an access token that is not a JWT")


def _numeric(value: object) -> float:
    return float(value) if is_number(value) and abs(value) < 1e12 else 0.0
