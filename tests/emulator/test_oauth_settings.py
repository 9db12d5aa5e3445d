"""What an app client can be set up with for OAuth, and what a test's pool guesses."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from aiocognito.emulator import CognitoEmulator
from helpers.api import Api

from .oauth import ALL, CALLBACK

INVALID = "InvalidParameterException"
FLOWS = "InvalidOAuthFlowException"
CODE: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code", "implicit"],
    "AllowedOAuthScopes": ["openid", "email"],
    "CallbackURLs": [CALLBACK],
    "SupportedIdentityProviders": ["COGNITO"],
}
MACHINE: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["client_credentials"],
    "AllowedOAuthScopes": ["orders/read"],
    "GenerateSecret": True,
}


async def make(api: Api, **members: Any) -> dict[str, Any]:
    made = await api("CreateUserPoolClient", UserPoolId=api.pool_id, ClientName="app", **members)
    client: dict[str, Any] = made["UserPoolClient"]
    return client


async def not_made(api: Api, **members: Any) -> tuple[str, str]:
    return await api.refused("CreateUserPoolClient", UserPoolId=api.pool_id, ClientName="app", **members)


async def add_orders(api: Api) -> None:
    scopes = [{"ScopeName": "read", "ScopeDescription": "See orders"}]
    server = {"Identifier": "orders", "Name": "orders", "Scopes": scopes}
    await api("CreateResourceServer", UserPoolId=api.pool_id, **server)


async def test_what_can_be(api: Api) -> None:
    """Valid settings are stored as they are."""
    client = await make(api, **CODE, DefaultRedirectURI=CALLBACK, LogoutURLs=["https://app.example/bye"])
    assert client.items() >= CODE.items()
    await add_orders(api)
    machine = await make(api, **MACHINE)
    assert machine["AllowedOAuthScopes"] == ["orders/read"]
    assert machine["ClientSecret"]
    await make(api, **{**CODE, "AllowedOAuthScopes": ["openid", "orders/read", *ALL[1:]]})


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/",
        "http://127.0.0.1/a?b=c",
        "http://[::1]:80",
        "myapp://callback",
        "com.example.app:/callback",
    ],
)
async def test_callbacks_that_can_be(api: Api, url: str) -> None:
    client = await make(api, **{**CODE, "CallbackURLs": [url], "LogoutURLs": [url]})
    assert client["CallbackURLs"] == client["LogoutURLs"] == [url]


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/callback",
        "http://localhost.example.com",
        "http://10.0.0.1/",
        "https://app.example/#",
        "https://app.example/callback#fragment",
        "/callback",
        "app.example",
        "https://",
        "myapp:",
        "https://[",
    ],
)
@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
async def test_callbacks_that_cannot_be(api: Api, url: str, member: str) -> None:
    code, text = await not_made(api, **{**CODE, member: [url]})
    assert code == INVALID
    assert text.startswith(url)


async def test_scopes(api: Api) -> None:
    """A client may only have scopes that exist."""
    for scope in ("orders/read", "offline_access", "OPENID"):
        refused = await not_made(api, **{**CODE, "AllowedOAuthScopes": ["openid", scope]})
        assert refused == ("ScopeDoesNotExistException", f"Invalid scope requested: {scope}")


async def test_flows(api: Api) -> None:
    """Flows that exclude each other are refused."""
    await add_orders(api)
    refused = await not_made(api, **{**MACHINE, "GenerateSecret": False})
    text = "client_credentials flow can not be selected if client does not have a client secret."
    assert refused == (FLOWS, text)
    refused = await not_made(api, **{**MACHINE, "AllowedOAuthFlows": ["client_credentials", "code"]})
    text = "client_credentials flow can not be selected along with code flow or implicit flow."
    assert refused == (FLOWS, text)
    refused = await not_made(api, **{**CODE, "CallbackURLs": []})
    text = "CallbackUrls can not be empty when code flow or implicit flow is selected"
    assert refused == (FLOWS, text)


@pytest.mark.parametrize("missing", ["AllowedOAuthFlows", "AllowedOAuthScopes"])
async def test_oauth_needs_flows_and_scopes(api: Api, missing: str) -> None:
    text = (
        "AllowedOAuthFlows and AllowedOAuthScopes are required"
        " if user pool client is allowed to use OAuth flows."
    )
    assert await not_made(api, **{**CODE, missing: []}) == (INVALID, text)


async def test_providers(api: Api) -> None:
    """A client may only have providers that exist."""
    refused = await not_made(api, **{**CODE, "SupportedIdentityProviders": ["COGNITO", "Google"]})
    assert refused == (INVALID, f"The provider Google does not exist for User Pool {api.pool_id}.")


async def test_the_default_callback(api: Api) -> None:
    """The default callback URL is one of the callback URLs."""
    code, text = await not_made(api, **CODE, DefaultRedirectURI="https://app.example/other")
    assert code == INVALID
    assert text == "The default redirect URI https://app.example/other is not in the callback URIs list."


async def test_updating_is_judged_alike(api: Api) -> None:
    await add_orders(api)
    public, machine = await make(api, **CODE), await make(api, **MACHINE)
    settings = {name: value for name, value in MACHINE.items() if name != "GenerateSecret"}
    named = {"UserPoolId": api.pool_id, "ClientId": public["ClientId"]}
    code, _ = await api.refused("UpdateUserPoolClient", **named, **settings)
    assert code == FLOWS
    named["ClientId"] = machine["ClientId"]
    await api("UpdateUserPoolClient", **named, **settings)


class TestPoolsOfTests:
    async def test_callbacks_turn_the_hosted_ui_on(self, emulator: CognitoEmulator) -> None:
        bye = ["https://app.example/bye"]
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK], "LogoutURLs": bye})
        oauth = pool.config.oauth
        assert oauth is not None
        assert oauth.base_url == emulator.url
        assert (oauth.scopes, oauth.response_type, oauth.providers) == (ALL, "code", ())
        assert (oauth.redirect_sign_in, list(oauth.redirect_sign_out)) == ((CALLBACK,), bye)
        settings = pool.state.clients[pool.client_id].settings
        assert settings["SupportedIdentityProviders"] == ["COGNITO"]
        assert settings["AllowedOAuthFlows"] == ["code"]

    async def test_without_callbacks_a_client_has_no_hosted_ui(self, emulator: CognitoEmulator) -> None:
        pool = await emulator.create_user_pool()
        assert pool.config.oauth is None

    async def test_what_is_said_counts(self, emulator: CognitoEmulator) -> None:
        pool = await emulator.create_user_pool(
            client={
                "CallbackURLs": [CALLBACK],
                "AllowedOAuthScopes": ["openid"],
                "AllowedOAuthFlows": ["implicit"],
                "SupportedIdentityProviders": [],
            }
        )
        oauth = pool.config.oauth
        assert oauth is not None
        assert (oauth.scopes, oauth.response_type) == (("openid",), "token")

    async def test_a_second_client(self, emulator: CognitoEmulator) -> None:
        """A second client has the defaults of the first."""
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
        details = {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid"}
        named = {"UserPoolId": pool.id, "ProviderName": "Google", "ProviderType": "Google"}
        await emulator.call("CreateIdentityProvider", **named, ProviderDetails=details)
        config = await pool.add_client(
            CallbackURLs=[CALLBACK], SupportedIdentityProviders=["COGNITO", "Google"], GenerateSecret=True
        )
        assert config.oauth is not None
        assert config.oauth.providers == ("Google",)
        assert config.user_pool_client_id != pool.client_id
        assert config.user_pool_client_secret
        assert evolve(
            config, user_pool_client_id=pool.client_id, user_pool_client_secret=None, oauth=None
        ) == evolve(pool.config, oauth=None)

    async def test_a_client_for_machines(self, emulator: CognitoEmulator) -> None:
        pool = await emulator.create_user_pool()
        flows = ["client_credentials"]
        with pytest.raises(ValueError, match="AllowedOAuthScopes are required"):
            await pool.add_client(AllowedOAuthFlows=flows)
        scopes = await pool.add_resource_server("orders", ["read", "write"])
        assert scopes == ["orders/read", "orders/write"]
        config = await pool.add_client(AllowedOAuthFlows=flows)
        assert config.oauth is not None
        assert (list(config.oauth.scopes), config.oauth.redirect_sign_in) == (scopes, ())
        assert config.user_pool_client_secret
        secret = "a_secret_that_is_given_here"
        config = await pool.add_client(
            AllowedOAuthFlows=flows, AllowedOAuthScopes=scopes[:1], ClientSecret=secret
        )
        assert config.oauth is not None
        assert (config.user_pool_client_secret, config.oauth.scopes) == (secret, ("orders/read",))
        with pytest.raises(ValueError, match="already exists"):
            await pool.add_resource_server("orders", [])
