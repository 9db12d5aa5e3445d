"""External providers and resource servers as a test adds them."""

from __future__ import annotations

import pytest

from aiocognito import ClientCredentials
from aiocognito.emulator import CognitoEmulator

CALLBACK = "https://app.example/callback"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (("Google",), "Google"),
        (("Facebook",), "Facebook"),
        (("LoginWithAmazon",), "LoginWithAmazon"),
        (("SignInWithApple",), "SignInWithApple"),
        (("Corporate",), "OIDC"),
        (("Corporate", "SAML"), "SAML"),
    ],
)
async def test_every_kind_of_provider(given: tuple[str, ...], kind: str) -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
        await pool.add_provider(*given)
        described = await emulator.call("DescribeIdentityProvider", UserPoolId=pool.id, ProviderName=given[0])
        provider = described["IdentityProvider"]
        assert provider["ProviderType"] == kind
        assert provider["AttributeMapping"].items() >= {"email": "email", "name": "name"}.items()
        assert pool.config.oauth is not None
        assert pool.config.oauth.providers == (given[0],)
        # The pool's own people still sign in with it.
        client = pool.state.clients[pool.client_id]
        assert client.settings["SupportedIdentityProviders"] == ["COGNITO", given[0]]


async def test_a_mapping_of_ones_own() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
        await pool.add_provider("Corporate", attribute_mapping={"nickname": "alias"})
        assert pool.state.providers["Corporate"]["AttributeMapping"] == {
            "username": "sub",
            "nickname": "alias",
        }
        with pytest.raises(ValueError, match="DuplicateProviderException"):
            await pool.add_provider("Corporate")


async def test_what_the_first_client_names_is_made() -> None:
    async with CognitoEmulator() as emulator:
        named = {"CallbackURLs": [CALLBACK], "SupportedIdentityProviders": ["COGNITO", "Google", "Corporate"]}
        pool = await emulator.create_user_pool(client=named)
        kinds = {name: entry["ProviderType"] for name, entry in pool.state.providers.items()}
        assert kinds == {"Google": "Google", "Corporate": "OIDC"}
        assert pool.config.oauth is not None
        assert pool.config.oauth.providers == ("Google", "Corporate")


async def test_resource_servers_that_the_first_client_names_are_made() -> None:
    async with CognitoEmulator() as emulator:
        wanted = ["orders/read", "orders/write", "https://stock.example.com/v1/read"]
        machine = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": wanted}
        pool = await emulator.create_user_pool(client=machine)
        assert {
            identifier: [scope["ScopeName"] for scope in server["Scopes"]]
            for identifier, server in pool.state.resource_servers.items()
        } == {"orders": ["read", "write"], "https://stock.example.com/v1": ["read"]}
        async with ClientCredentials(pool.config, clock=emulator.clock) as tokens:
            claims = (await tokens.get_tokens()).access_token.payload
        assert claims["scope"].split() == wanted


async def test_a_later_client_names_existing_servers_and_providers() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        for wrong in (
            {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["orders/read"]},
            {"CallbackURLs": [CALLBACK], "SupportedIdentityProviders": ["Google"]},
        ):
            with pytest.raises(ValueError, match=r"orders/read|Google"):
                await pool.add_client(**wrong)
