"""What an identity pool gives out: credentials, OpenID tokens, tags; and a developer's own people."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest
from jose import jwt

from aiocognito.emulator import CognitoEmulator, EmulatedIdentityPool, EmulatedUserPool
from aiocognito.emulator.identity_pool import KEPT_CREDENTIALS
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import OnePair, claims

from .identities import Identities, provider

ISSUER = "https://cognito-identity.amazonaws.com"
DEVELOPER = "login.example"
REGISTERED = (
    "DeveloperUserAlreadyRegisteredException",
    "This developer user identifier is already registered with Cognito.",
)


@pytest.fixture
async def pool(identities: Identities, people: EmulatedUserPool) -> EmulatedIdentityPool:
    return await identities.emulator.create_identity_pool(
        user_pools=[people],
        AllowUnauthenticatedIdentities=True,
        AllowClassicFlow=True,
        DeveloperProviderName=DEVELOPER,
    )


# Credentials


async def test_the_form_of_credentials(identities: Identities, pool: EmulatedIdentityPool) -> None:
    identity_id = await identities.get_id(pool)
    before = int(identities.emulator.clock())
    answer = await identities("GetCredentialsForIdentity", IdentityId=identity_id)
    given = answer["Credentials"]
    assert re.fullmatch("ASIA[A-Z2-7]{16}", given["AccessKeyId"])
    assert re.fullmatch("[A-Za-z0-9+/]{40}", given["SecretKey"])
    assert re.fullmatch("IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]{600,}={0,2}", given["SessionToken"])
    assert before + 3600 <= given["Expiration"] <= identities.emulator.clock() + 3600
    again = await identities("GetCredentialsForIdentity", IdentityId=identity_id)
    assert again["Credentials"]["AccessKeyId"] != given["AccessKeyId"]


async def test_what_an_access_key_stands_for(identities: Identities, pool: EmulatedIdentityPool) -> None:
    emulator = identities.emulator
    identity_id = await identities.get_id(pool)
    answer = await identities("GetCredentialsForIdentity", IdentityId=identity_id)
    key = answer["Credentials"]["AccessKeyId"]
    found = emulator.credentials_of(key)
    assert (found.identity_id, found.identity_pool_id) == (identity_id, pool.id)
    assert found.role_arn == pool.state.roles["unauthenticated"]
    assert found.secret_key == answer["Credentials"]["SecretKey"]
    assert found.session_token == answer["Credentials"]["SessionToken"]
    with pytest.raises(LookupError):
        emulator.credentials_of("ASIAAAAAAAAAAAAAAAAA")
    emulator.clock.advance(3600)
    with pytest.raises(LookupError):
        emulator.credentials_of(key)
    # What has ended is forgotten with the next ones.
    await identities.credentials(identity_id)
    assert key not in pool.state.issued
    assert len(pool.state.issued) == 1


async def test_not_everything_is_remembered(
    identities: Identities, pool: EmulatedIdentityPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEPT_CREDENTIALS == 1_000
    monkeypatch.setattr("aiocognito.emulator.identity_pool.KEPT_CREDENTIALS", 2)
    identity_id = await identities.get_id(pool)
    keys = [(await identities.credentials(identity_id)).access_key_id for _ in range(3)]
    assert list(pool.state.issued) == keys[1:]


async def test_no_secret_is_seeded(key_pair: KeyPair, http: aiohttp.ClientSession) -> None:
    seen: list[Any] = []
    ids = []
    for _ in range(2):
        async with CognitoEmulator(seed=7, keys=OnePair(key_pair)) as emulator:
            api = Identities(emulator, http)
            pool = await emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
            ids.append(await api.get_id(pool))
            issued = await api.credentials(ids[-1])
            seen += [issued.access_key_id, issued.secret_key, issued.session_token]
    assert ids[0] == ids[1]
    assert len(set(seen)) == 6


# OpenID tokens


async def key_set(identities: Identities) -> dict[str, Any]:
    async with identities.http.get(f"{identities.emulator.url}/.well-known/jwks_uri") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        found: dict[str, Any] = await response.json()
        return found


async def verified(identities: Identities, token: str, pool: EmulatedIdentityPool) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    assert header.keys() == {"kid", "typ", "alg"}
    assert (header["typ"], header["alg"]) == ("JWS", "RS512")
    assert re.fullmatch("us-east-1[0-9]+", header["kid"])
    keys = await key_set(identities)
    # The test may have moved the clock; the emulator's own time is looked at below.
    options = {"verify_exp": False, "verify_iat": False}
    found: dict[str, Any] = jwt.decode(
        token, keys, algorithms=["RS512"], audience=pool.id, issuer=ISSUER, options=options
    )
    assert abs(found["iat"] - identities.emulator.clock()) <= 5
    return found


async def test_a_users_token(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    """GetOpenIdToken returns a token with the user's logins."""
    login = await identities.login(people)
    identity_id = await identities.get_id(pool, login)
    answer = await identities("GetOpenIdToken", IdentityId=identity_id, Logins=login)
    assert answer["IdentityId"] == identity_id
    said = await verified(identities, answer["Token"], pool)
    subject = claims(login[provider(people)])["sub"]
    assert said == {
        "sub": identity_id,
        "aud": pool.id,
        "amr": ["authenticated", provider(people), f"{provider(people)}:CognitoSignIn:{subject}"],
        "iss": ISSUER,
        f"{ISSUER}/identity-pool-arn": (
            f"arn:aws:cognito-identity:us-east-1:123456789012:identitypool/{pool.id}"
        ),
        "exp": said["iat"] + 600,
        "iat": said["iat"],
    }


async def test_a_guests_token(identities: Identities, pool: EmulatedIdentityPool) -> None:
    """GetOpenIdToken returns a token for a guest."""
    identity_id = await identities.get_id(pool)
    answer = await identities("GetOpenIdToken", IdentityId=identity_id)
    assert (await verified(identities, answer["Token"], pool))["amr"] == ["unauthenticated"]


async def test_the_classic_flow_must_be_allowed(identities: Identities) -> None:
    pool = await identities.emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
    identity_id = await identities.get_id(pool)
    assert await identities.refused("GetOpenIdToken", IdentityId=identity_id) == (
        "InvalidParameterException",
        "Basic (classic) flow is not enabled, please use enhanced flow.",
    )


async def test_where_the_keys_are(identities: Identities) -> None:
    url = identities.emulator.url
    async with identities.http.get(f"{url}/.well-known/openid-configuration") as response:
        found = await response.json()
    assert (found["issuer"], found["jwks_uri"]) == (ISSUER, f"{url}/.well-known/jwks_uri")
    (key,) = (await key_set(identities))["keys"]
    assert key.keys() == {"kty", "alg", "use", "kid", "n", "e"}
    identities.emulator.faults.add("GetIdentityJwks", status=503)
    async with identities.http.get(f"{url}/.well-known/jwks_uri") as response:
        assert response.status == 503
    assert [(call.operation, call.service) for call in identities.emulator.calls][:2] == [
        ("GetIdentityOpenIdConfiguration", "well-known"),
        ("GetIdentityJwks", "well-known"),
    ]


# Principal tags


async def test_claims_become_principal_tags(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    named = {"IdentityPoolId": pool.id, "IdentityProviderName": provider(people)}
    empty = {**named, "UseDefaults": False, "PrincipalTags": {}}
    assert await identities("GetPrincipalTagAttributeMap", **named) == empty
    given = {"PrincipalTags": {"who": "cognito:username", "team": "custom:team"}}
    made = await identities("SetPrincipalTagAttributeMap", **named, **given)
    assert made == {**named, **given, "UseDefaults": False}
    assert await identities("GetPrincipalTagAttributeMap", **named) == made
    login = await identities.login(people)
    identity_id = await identities.get_id(pool, login)
    assert (await identities.credentials(identity_id, login)).principal_tags == {"who": "ana"}
    answer = await identities("GetOpenIdToken", IdentityId=identity_id, Logins=login)
    said = await verified(identities, answer["Token"], pool)
    assert said["https://aws.amazon.com/tags"] == {"principal_tags": {"who": ["ana"]}}
    await identities("SetPrincipalTagAttributeMap", **named, UseDefaults=True)
    tags = (await identities.credentials(identity_id, login)).principal_tags
    subject = claims(login[provider(people)])["sub"]
    assert tags == {"username": subject, "client": people.client_id}


async def test_tags_of_another_provider(identities: Identities, pool: EmulatedIdentityPool) -> None:
    named = {"IdentityPoolId": pool.id, "IdentityProviderName": "accounts.google.com"}
    for operation in ("GetPrincipalTagAttributeMap", "SetPrincipalTagAttributeMap"):
        assert await identities.refused(operation, **named) == (
            "InvalidParameterException",
            "accounts.google.com is not a configured provider.",
        )


# People whom a developer vouches for


async def register(identities: Identities, pool: EmulatedIdentityPool, name: str, **more: Any) -> str:
    logins = {DEVELOPER: name, **more.pop("Logins", {})}
    answer = await identities(
        "GetOpenIdTokenForDeveloperIdentity", IdentityPoolId=pool.id, Logins=logins, **more
    )
    await verified(identities, answer["Token"], pool)
    identity_id: str = answer["IdentityId"]
    return identity_id


async def test_the_users_of_a_developer(identities: Identities, pool: EmulatedIdentityPool) -> None:
    answer = await identities(
        "GetOpenIdTokenForDeveloperIdentity",
        IdentityPoolId=pool.id,
        Logins={DEVELOPER: "ana"},
        PrincipalTags={"team": "red"},
    )
    said = await verified(identities, answer["Token"], pool)
    assert said["exp"] - said["iat"] == 900
    assert said["amr"] == ["authenticated", DEVELOPER, f"{DEVELOPER}:{pool.id}:ana"]
    assert said["https://aws.amazon.com/tags"] == {"principal_tags": {"team": ["red"]}}
    identity_id = answer["IdentityId"]
    assert await register(identities, pool, "ana") == identity_id
    assert await register(identities, pool, "ben") != identity_id
    longer = await identities(
        "GetOpenIdTokenForDeveloperIdentity",
        IdentityPoolId=pool.id,
        Logins={DEVELOPER: "ana"},
        TokenDuration=86400,
    )
    said = await verified(identities, longer["Token"], pool)
    assert said["exp"] - said["iat"] == 86400
    described = await identities("DescribeIdentity", IdentityId=identity_id)
    assert described["Logins"] == [DEVELOPER]


async def test_only_the_developer_may_use_the_developers_name(
    identities: Identities, pool: EmulatedIdentityPool
) -> None:
    await register(identities, pool, "ana")
    members = {"IdentityPoolId": pool.id, "Logins": {DEVELOPER: "ana"}}
    assert (await identities.refused("GetId", **members))[0] == "NotAuthorizedException"


async def test_names_are_linked_to_an_identity(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    guest = await identities.get_id(pool)
    login = await identities.login(people)
    assert await register(identities, pool, "ana", IdentityId=guest) == guest
    assert await register(identities, pool, "anna", IdentityId=guest, Logins=login) == guest
    assert await identities.get_id(pool, login) == guest
    other = await register(identities, pool, "ben")
    members = {"IdentityPoolId": pool.id, "IdentityId": other, "Logins": {DEVELOPER: "ana"}}
    assert await identities.refused("GetOpenIdTokenForDeveloperIdentity", **members) == REGISTERED
    unknown = {**members, "Logins": login}
    assert await identities.refused("GetOpenIdTokenForDeveloperIdentity", **unknown) == (
        "InvalidParameterException",
        "Please provide a login of the developer provider.",
    )


async def test_names_are_looked_up(identities: Identities, pool: EmulatedIdentityPool) -> None:
    identity_id = await register(identities, pool, "ana")
    for name in ("anna", "anne"):
        await register(identities, pool, name, IdentityId=identity_id)
    api = "LookupDeveloperIdentity"
    named = {"IdentityPoolId": pool.id}
    first = await identities(api, **named, IdentityId=identity_id, MaxResults=2)
    assert (first["IdentityId"], first["DeveloperUserIdentifierList"]) == (identity_id, ["ana", "anna"])
    rest = await identities(api, **named, IdentityId=identity_id, MaxResults=2, NextToken=first["NextToken"])
    assert rest == {"IdentityId": identity_id, "DeveloperUserIdentifierList": ["anne"]}
    other = await register(identities, pool, "ben")
    refused = await identities.refused(api, **named, IdentityId=other, NextToken=first["NextToken"])
    assert refused == ("InvalidParameterException", "Invalid pagination token given.")
    one = {"IdentityId": identity_id, "DeveloperUserIdentifierList": ["anna"]}
    assert await identities(api, **named, DeveloperUserIdentifier="anna") == one
    assert await identities(api, **named, IdentityId=identity_id, DeveloperUserIdentifier="anna") == one
    refused = await identities.refused(api, **named, IdentityId=other, DeveloperUserIdentifier="ana")
    assert refused[0] == "ResourceConflictException"
    assert (await identities.refused(api, **named, DeveloperUserIdentifier="eve"))[0] == (
        "ResourceNotFoundException"
    )
    assert (await identities.refused(api, **named))[0] == "InvalidParameterException"
    foreign = await identities.emulator.create_identity_pool()
    elsewhere = {"IdentityPoolId": foreign.id, "IdentityId": identity_id}
    assert (await identities.refused(api, **elsewhere))[0] == "ResourceNotFoundException"
    guest = await identities.get_id(pool)
    assert await identities(api, **named, IdentityId=guest) == {
        "IdentityId": guest,
        "DeveloperUserIdentifierList": [],
    }


async def test_two_names_of_one_user(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    named = {"IdentityPoolId": pool.id, "DeveloperProviderName": DEVELOPER}
    ana, ben = await register(identities, pool, "ana"), await register(identities, pool, "ben")
    merge = {**named, "SourceUserIdentifier": "ana", "DestinationUserIdentifier": "ben"}
    assert await identities("MergeDeveloperIdentities", **merge) == {"IdentityId": ben}
    assert await identities("MergeDeveloperIdentities", **merge) == {"IdentityId": ben}
    assert await register(identities, pool, "ana") == ben
    refused = await identities.refused(
        "GetOpenIdTokenForDeveloperIdentity",
        IdentityPoolId=pool.id,
        IdentityId=ana,
        Logins={DEVELOPER: "clara"},
    )
    assert refused == ("NotAuthorizedException", f"Access to Identity '{ana}' is forbidden.")
    wrong = {**merge, "DeveloperProviderName": "login.other"}
    assert (await identities.refused("MergeDeveloperIdentities", **wrong))[0] == "InvalidParameterException"
    # Two people of one user pool are not one.
    await register(identities, pool, "ben", Logins=await identities.login(people, "ben"))
    dora = await register(identities, pool, "dora", Logins=await identities.login(people, "dora"))
    merge["SourceUserIdentifier"] = "dora"
    assert (await identities.refused("MergeDeveloperIdentities", **merge))[0] == "ResourceConflictException"
    assert await register(identities, pool, "dora") == dora


async def test_a_name_is_unlinked(identities: Identities, pool: EmulatedIdentityPool) -> None:
    identity_id = await register(identities, pool, "ana")
    await register(identities, pool, "anna", IdentityId=identity_id)
    other = await register(identities, pool, "ben")
    members = {
        "IdentityPoolId": pool.id,
        "IdentityId": identity_id,
        "DeveloperProviderName": DEVELOPER,
        "DeveloperUserIdentifier": "ana",
    }
    wrong = {**members, "IdentityId": other}
    assert (await identities.refused("UnlinkDeveloperIdentity", **wrong))[0] == "ResourceConflictException"
    assert await identities("UnlinkDeveloperIdentity", **members) == {}
    assert (await identities.refused("UnlinkDeveloperIdentity", **members))[0] == (
        "ResourceNotFoundException"
    )
    assert await register(identities, pool, "ana") != identity_id
    assert await register(identities, pool, "anna") == identity_id
