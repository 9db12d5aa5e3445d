"""Identity providers of a user pool, and the users that are tied to accounts there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpers.api import PASSWORD, Api, claims

GOOGLE = {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid email"}
OIDC = {
    "client_id": "c",
    "attributes_request_method": "GET",
    "oidc_issuer": "https://idp.example.com",
    "authorize_scopes": "openid",
}
APPLE = {"client_id": "a", "team_id": "t", "key_id": "k", "private_key": "p", "authorize_scopes": "name"}
INVALID = "InvalidParameterException"
NO_USER = ("UserNotFoundException", "User does not exist.")


async def make(api: Api, name: str = "Google", kind: str | None = None, **members: Any) -> dict[str, Any]:
    given = {"ProviderDetails": GOOGLE, **members}
    made = await api(
        "CreateIdentityProvider",
        UserPoolId=api.pool_id,
        ProviderName=name,
        ProviderType=kind or name,
        **given,
    )
    provider: dict[str, Any] = made["IdentityProvider"]
    return provider


async def not_made(api: Api, name: str, kind: str, **members: Any) -> tuple[str, str]:
    given = {"ProviderDetails": GOOGLE, **members}
    return await api.refused(
        "CreateIdentityProvider", UserPoolId=api.pool_id, ProviderName=name, ProviderType=kind, **given
    )


async def test_a_life(api: Api) -> None:
    """A provider is created, changed, described and deleted."""
    named = {"UserPoolId": api.pool_id, "ProviderName": "Google"}
    mapping = {"email": "email"}
    made = await make(api, AttributeMapping=mapping, IdpIdentifiers=["example.com"])
    assert made["AttributeMapping"] == {"username": "sub", "email": "email"}
    assert made["ProviderDetails"].items() >= GOOGLE.items()
    assert made["ProviderDetails"]["oidc_issuer"] == "https://accounts.google.com"
    assert (await api("DescribeIdentityProvider", **named))["IdentityProvider"] == made
    api.advance(10)
    changed = await api("UpdateIdentityProvider", **named, AttributeMapping={"name": "name"})
    found = changed["IdentityProvider"]
    assert found["AttributeMapping"] == {"username": "sub", "name": "name"}
    # What is not given stays.
    assert (found["ProviderDetails"], found["IdpIdentifiers"]) == (made["ProviderDetails"], ["example.com"])
    assert found["LastModifiedDate"] == found["CreationDate"] + 10
    pool = {"UserPoolId": api.pool_id}
    by_identifier = await api("GetIdentityProviderByIdentifier", **pool, IdpIdentifier="example.com")
    assert by_identifier["IdentityProvider"] == found
    (listed,) = (await api("ListIdentityProviders", **pool))["Providers"]
    assert listed == {name: found[name] for name in listed}
    assert listed.keys() == {"ProviderName", "ProviderType", "LastModifiedDate", "CreationDate"}
    await api("DeleteIdentityProvider", **named)
    for operation in ("DescribeIdentityProvider", "UpdateIdentityProvider", "DeleteIdentityProvider"):
        code, text = await api.refused(operation, **named)
        assert (code, text) == ("ResourceNotFoundException", "Identity provider Google does not exist.")
    code, _ = await api.refused("GetIdentityProviderByIdentifier", **pool, IdpIdentifier="example.com")
    assert code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("name", "kind", "details", "username"),
    [
        ("Facebook", "Facebook", GOOGLE, "id"),
        ("LoginWithAmazon", "LoginWithAmazon", GOOGLE, "user_id"),
        ("SignInWithApple", "SignInWithApple", APPLE, "sub"),
        ("Corp", "OIDC", OIDC, "sub"),
        ("Corp", "SAML", {"MetadataURL": "https://idp.example.com/metadata"}, None),
        ("Corp", "SAML", {"MetadataFile": "<xml/>"}, None),
    ],
)
async def test_kinds(api: Api, name: str, kind: str, details: dict[str, str], username: str | None) -> None:
    """Each kind of provider has its own details and subject."""
    made = await make(api, name, kind, ProviderDetails=details)
    assert made["AttributeMapping"].get("username") == username
    assert made["ProviderDetails"].items() >= details.items()


@pytest.mark.parametrize(("version", "shown"), [({}, "v17.0"), ({"api_version": "v20.0"}, "v20.0")])
async def test_facebook_s_version(api: Api, version: dict[str, str], shown: str) -> None:
    """The URLs have the version of Facebook's API."""
    made = await make(api, "Facebook", ProviderDetails={**GOOGLE, **version})
    assert made["ProviderDetails"]["authorize_url"] == f"https://www.facebook.com/{shown}/dialog/oauth"


@pytest.mark.parametrize(
    ("kind", "details"),
    [("OIDC", {"client_id": "c"}), ("SAML", {}), ("Google", {"client_id": "c"}), ("SignInWithApple", GOOGLE)],
)
async def test_what_is_missing(api: Api, kind: str, details: dict[str, str]) -> None:
    """A missing detail of a provider is named."""
    name = "Corp" if kind in {"OIDC", "SAML"} else kind
    code, text = await not_made(api, name, kind, ProviderDetails=details)
    assert code == INVALID
    assert text.endswith(("are all required idp details.", "MetadataFile should be provided."))


async def test_names_and_kinds(api: Api) -> None:
    """Only social providers have the names of their kinds."""
    assert await not_made(api, "Corp", "Google") == (INVALID, "Provider Corp cannot be of type Google.")
    assert await not_made(api, "Google", "OIDC", ProviderDetails=OIDC) == (
        INVALID,
        "Provider Google cannot be of type OIDC.",
    )
    await make(api)
    assert await not_made(api, "Google", "Google") == (
        "DuplicateProviderException",
        f"Google already exists in user pool {api.pool_id}",
    )


async def test_mappings_and_identifiers(api: Api) -> None:
    """Unknown attributes and used identifiers are refused."""
    code, text = await not_made(api, "Google", "Google", AttributeMapping={"shoe": "size"})
    assert code == INVALID
    assert "shoe" in text
    # A provider does not decide which user of the pool it is.
    code, _ = await not_made(api, "Google", "Google", AttributeMapping={"sub": "sub"})
    assert code == INVALID
    await make(api, IdpIdentifiers=["one"])
    code, text = await not_made(api, "Corp", "OIDC", ProviderDetails=OIDC, IdpIdentifiers=["one"])
    assert code == INVALID
    assert "one" in text
    named = {"UserPoolId": api.pool_id, "ProviderName": "Google"}
    await api("UpdateIdentityProvider", **named, IdpIdentifiers=["one", "two"])


async def test_clients_lose_a_provider_that_is_deleted(api: Api) -> None:
    await make(api)
    pool = {"UserPoolId": api.pool_id}
    for supported in (["COGNITO", "Google"], ["COGNITO"]):
        made = await api(
            "CreateUserPoolClient", **pool, ClientName="app", SupportedIdentityProviders=supported
        )
        api.client_id = made["UserPoolClient"]["ClientId"]
    await api("DeleteIdentityProvider", **pool, ProviderName="Google")
    left = [client.settings.get("SupportedIdentityProviders") for client in api.pool.clients.values()]
    assert left == [None, ["COGNITO"], ["COGNITO"]]


def identities(api: Api, name: str = "ana") -> list[dict[str, Any]]:
    user = api.pool.users.find(name)
    assert user is not None
    found: list[dict[str, Any]] = json.loads(user.attributes.get("identities", "[]"))
    return found


def account(name: str, value: str, attribute: str = "Cognito_Subject") -> dict[str, str]:
    return {"ProviderName": name, "ProviderAttributeName": attribute, "ProviderAttributeValue": value}


async def link(api: Api, source: dict[str, str], name: str = "ana") -> dict[str, Any]:
    given = {"DestinationUser": account("Cognito", name), "SourceUser": source}
    return await api("AdminLinkProviderForUser", UserPoolId=api.pool_id, **given)


async def not_linked(api: Api, source: dict[str, str], name: str = "ana") -> tuple[str, str]:
    given = {"DestinationUser": account("Cognito", name), "SourceUser": source}
    return await api.refused("AdminLinkProviderForUser", UserPoolId=api.pool_id, **given)


async def test_linking_and_unlinking(api: Api) -> None:
    """A user is linked to an identity of a provider, and unlinked."""
    await make(api)
    await api.add_user()
    await link(api, account("Google", "g-1"))
    (entry,) = identities(api)
    assert entry == {
        "userId": "g-1",
        "providerName": "Google",
        "providerType": "Google",
        "issuer": None,
        "primary": False,
        "dateCreated": 1_700_000_000_500,
    }
    # The user's tokens and attributes show it, independent of the client's readable attributes.
    result = await api.tokens()
    (shown,) = claims(result["IdToken"])["identities"]
    assert (shown["primary"], shown["dateCreated"]) == ("false", "1700000000500")
    attributes = (await api("GetUser", AccessToken=result["AccessToken"]))["UserAttributes"]
    assert json.loads(next(entry["Value"] for entry in attributes if entry["Name"] == "identities"))
    refused = await not_linked(api, account("Google", "g-1"))
    assert refused == (INVALID, "SourceUser is already linked to DestinationUser")
    await api.add_user("ben")
    code, text = await not_linked(api, account("Google", "g-1"), "ben")
    assert code == INVALID
    assert text.startswith(
        "Merging is not currently supported, provide a SourceUser that has not been signed"
    )
    await api("AdminDisableProviderForUser", UserPoolId=api.pool_id, User=account("Google", "g-1"))
    assert identities(api) == []
    assert "identities" not in api.pool.users.find("ana").attributes  # type: ignore[union-attr]  # the test has made it
    refused = await api.refused(
        "AdminDisableProviderForUser", UserPoolId=api.pool_id, User=account("Google", "g-1")
    )
    assert refused == NO_USER
    await link(api, account("Google", "g-1"), "ben")


async def test_five_are_enough(api: Api) -> None:
    """A user has at most five linked identities."""
    await make(api)
    await api.add_user()
    for number in range(5):
        await link(api, account("Google", f"g-{number}"))
    code, _ = await not_linked(api, account("Google", "g-5"))
    assert code == "LimitExceededException"
    await api("AdminDisableProviderForUser", UserPoolId=api.pool_id, User=account("Google", "g-3"))
    assert [entry["userId"] for entry in identities(api)] == ["g-0", "g-1", "g-2", "g-4"]


async def test_links_that_cannot_be(api: Api) -> None:
    await make(api, AttributeMapping={"email": "email"})
    await api.add_user()
    assert await not_linked(api, account("Google", "g-1"), "unknown") == NO_USER
    code, text = await not_linked(api, account("Cognito", "ben"))
    assert code == INVALID
    assert text.startswith("Invalid SourceUser: Cognito users with a username/password may not be")
    code, text = await not_linked(api, account("Corp", "1"))
    assert (code, text) == (INVALID, f"The provider Corp does not exist for User Pool {api.pool_id}.")
    code, _ = await not_linked(api, account("Google", "g-1", "name"))
    assert code == INVALID
    code, _ = await not_linked(api, account("Google", ""))
    assert code == INVALID
    # Another claim than the subject has to be mapped.
    await make(api, "Corp", "OIDC", ProviderDetails=OIDC, AttributeMapping={"email": "email"})
    code, text = await not_linked(api, account("Corp", "Ana", "name"))
    assert (code, text) == (INVALID, "Invalid SourceUser: name is not a mapped attribute.")
    # Social providers know people by their subject alone.
    code, _ = await not_linked(api, account("Google", "ana@example.com", "email"))
    assert code == INVALID
    assert identities(api) == []


async def test_a_federated_user_as_destination(api: Api) -> None:
    await make(api)
    await make(api, "Corp", "OIDC", ProviderDetails=OIDC)
    await api.add_user("Google_g-1")
    given = {"DestinationUser": account("Google", "g-1"), "SourceUser": account("Corp", "c-1")}
    await api("AdminLinkProviderForUser", UserPoolId=api.pool_id, **given)
    assert [entry["providerName"] for entry in identities(api, "Google_g-1")] == ["Corp"]


async def test_a_user_of_the_pool_s_own_loses_the_password(api: Api) -> None:
    await api.add_user()
    await api("AdminDisableProviderForUser", UserPoolId=api.pool_id, User=account("Cognito", "ana"))
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    members = {"ClientId": api.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    assert (await api.refused("InitiateAuth", **members))[0] == "NotAuthorizedException"
    user = account("Cognito", "unknown")
    refused = await api.refused("AdminDisableProviderForUser", UserPoolId=api.pool_id, User=user)
    assert refused == NO_USER
