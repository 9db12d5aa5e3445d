"""Gateways are made when they are first asked for, and share what they may."""

import pytest

from aiocognito import AuthConfig, OAuthConfig
from aiocognito._gateways.connections import Connections
from aiocognito.errors import (
    AuthUserPoolException,
    InvalidIdentityPoolIdException,
    OAuthNotConfigureException,
)

FULL = AuthConfig(
    user_pool_id="us-east-1_abc",
    user_pool_client_id="client",
    identity_pool_id="us-east-1:0e1f2a3b-0000-4000-8000-000000000000",
    oauth=OAuthConfig(domain="auth.example"),
)


async def test_what_is_not_configured_says_so() -> None:
    bare = Connections(AuthConfig(user_pool_id="us-east-1_abc"))
    with pytest.raises(AuthUserPoolException):
        bare.user_pool()
    with pytest.raises(InvalidIdentityPoolIdException):
        bare.identity_pool()
    with pytest.raises(OAuthNotConfigureException):
        bare.hosted_ui()
    await bare.aclose()


async def test_one_connection_for_each_service() -> None:
    connections = Connections(FULL)
    assert connections.user_pool()._aws is connections.user_pool()._aws
    assert connections.identity_pool()._aws is connections.identity_pool()._aws
    assert connections.identity_pool()._aws is not connections.user_pool()._aws
    assert connections.hosted_ui()._http is connections.hosted_ui()._http
    await connections.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await connections.identity_pool().get_id({})
