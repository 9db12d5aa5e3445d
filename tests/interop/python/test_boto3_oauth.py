"""boto3 against our emulator: what a deployment script sets up for the hosted UI, and a machine's token."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

Admin = Any
CALLBACK = "https://app.example/callback"
GOOGLE = {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid email"}


@pytest.fixture
async def pool_id(admin: Admin) -> str:
    identifier: str = (await admin("create_user_pool", PoolName="people"))["UserPool"]["Id"]
    return identifier


async def test_resource_servers_and_a_machine(admin: Admin, pool_id: str, emulator: CognitoEmulator) -> None:
    named = {"UserPoolId": pool_id, "Identifier": "https://orders.example.com"}
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
    await admin("create_resource_server", **named, Name="Orders", Scopes=scopes)
    refusal = await admin.refused("create_resource_server", **named, Name="Orders")
    assert refusal == "InvalidParameterException"
    listed = await admin("list_resource_servers", UserPoolId=pool_id, MaxResults=50)
    assert [server["Identifier"] for server in listed["ResourceServers"]] == [named["Identifier"]]

    settings = {
        "UserPoolId": pool_id,
        "ClientName": "machine",
        "GenerateSecret": True,
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": [f"{named['Identifier']}/read"],
    }
    client = (await admin("create_user_pool_client", **settings))["UserPoolClient"]
    credentials = client["ClientId"], client["ClientSecret"]
    form = {"grant_type": "client_credentials"}
    async with httpx.AsyncClient(base_url=emulator.url, auth=credentials, trust_env=False) as http:
        answer = await http.post("/oauth2/token", data=form)
        assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
        # A scope that is removed from the server is removed from its clients.
        await admin("update_resource_server", **named, Name="Orders", Scopes=scopes[1:])
        assert (await http.post("/oauth2/token", data=form)).json() == {"error": "invalid_grant"}
    described = await admin("describe_resource_server", **named)
    assert described["ResourceServer"]["Scopes"] == scopes[1:]
    await admin("delete_resource_server", **named)
    assert await admin.refused("describe_resource_server", **named) == "ResourceNotFoundException"


async def test_a_domain(admin: Admin, pool_id: str) -> None:
    """boto3 creates, describes and deletes a domain."""
    named = {"UserPoolId": pool_id, "Domain": "my-shop"}
    await admin("create_user_pool_domain", **named)
    other = (await admin("create_user_pool", PoolName="others"))["UserPool"]["Id"]
    taken = {**named, "UserPoolId": other}
    assert await admin.refused("create_user_pool_domain", **taken) == "InvalidParameterException"
    found = (await admin("describe_user_pool_domain", Domain="my-shop"))["DomainDescription"]
    assert (found["UserPoolId"], found["Status"]) == (pool_id, "ACTIVE")
    assert (await admin("describe_user_pool", UserPoolId=pool_id))["UserPool"]["Domain"] == "my-shop"
    await admin("update_user_pool_domain", **named, ManagedLoginVersion=2)
    assert await admin.refused("delete_user_pool", UserPoolId=pool_id) == "InvalidParameterException"
    await admin("delete_user_pool_domain", **named)
    assert (await admin("describe_user_pool_domain", Domain="my-shop"))["DomainDescription"] == {}
    await admin("delete_user_pool", UserPoolId=pool_id)


async def test_identity_providers(admin: Admin, pool_id: str) -> None:
    """boto3 creates, changes and deletes a provider."""
    named = {"UserPoolId": pool_id, "ProviderName": "Google"}
    made = {**named, "ProviderType": "Google", "ProviderDetails": GOOGLE}
    settings = {
        "UserPoolId": pool_id,
        "ClientName": "app",
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"],
        "CallbackURLs": [CALLBACK],
        "SupportedIdentityProviders": ["COGNITO", "Google"],
    }
    assert await admin.refused("create_user_pool_client", **settings) == "InvalidParameterException"
    await admin("create_identity_provider", **made, IdpIdentifiers=["example.com"])
    assert await admin.refused("create_identity_provider", **made) == "DuplicateProviderException"
    client = (await admin("create_user_pool_client", **settings))["UserPoolClient"]
    assert client["SupportedIdentityProviders"] == ["COGNITO", "Google"]
    await admin("update_identity_provider", **named, AttributeMapping={"email": "email"})
    identified = {"UserPoolId": pool_id, "IdpIdentifier": "example.com"}
    found = await admin("get_identity_provider_by_identifier", **identified)
    described = await admin("describe_identity_provider", **named)
    assert found["IdentityProvider"] == described["IdentityProvider"]
    listed = await admin("list_identity_providers", UserPoolId=pool_id)
    assert [provider["ProviderName"] for provider in listed["Providers"]] == ["Google"]
    await admin("delete_identity_provider", **named)
    assert await admin.refused("describe_identity_provider", **named) == "ResourceNotFoundException"


async def test_a_linked_user(admin: Admin, pool_id: str) -> None:
    """boto3 links a user to an identity of a provider."""
    made = {"ProviderName": "Google", "ProviderType": "Google", "ProviderDetails": GOOGLE}
    await admin("create_identity_provider", UserPoolId=pool_id, **made)
    await admin("admin_create_user", UserPoolId=pool_id, Username="ana", MessageAction="SUPPRESS")
    source = {
        "ProviderName": "Google",
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": "g-1",
    }
    destination = {"ProviderName": "Cognito", "ProviderAttributeValue": "ana"}
    link = {"UserPoolId": pool_id, "DestinationUser": destination, "SourceUser": source}
    await admin("admin_link_provider_for_user", **link)
    assert await admin.refused("admin_link_provider_for_user", **link) == "InvalidParameterException"
    user = await admin("admin_get_user", UserPoolId=pool_id, Username="ana")
    attributes = {entry["Name"]: entry["Value"] for entry in user["UserAttributes"]}
    assert '"userId":"g-1"' in attributes["identities"]
    await admin("admin_disable_provider_for_user", UserPoolId=pool_id, User=source)
    user = await admin("admin_get_user", UserPoolId=pool_id, Username="ana")
    assert "identities" not in {entry["Name"] for entry in user["UserAttributes"]}
