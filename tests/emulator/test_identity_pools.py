"""Identity pools: made, replaced, listed, tagged, kept and shown; and what holds for all requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from aiocognito.emulator import CognitoEmulator, EmulatedUserPool
from aiocognito.emulator.identity_pool_operations import TABLE
from aiocognito.emulator.persistence import StateDirectory
from aiocognito.emulator.service_model import IDENTITY_POOLS, ServiceModel
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import OnePair
from helpers.model_judge import response_faults

from .identities import Identities, provider

PAGE = "http://localhost:3000"
NOWHERE = "us-east-1:00000000-0000-4000-8000-000000000000"
ROLE = "arn:aws:iam::123456789012:role/reader"


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_the_judge_is_strict() -> None:
    bodies: tuple[dict[str, object], ...] = (
        {"IdentityId": 1},
        {"IdentityId": "without a region"},
        {"Extra": 1},
        {"Logins": {}},
        {"CreationDate": "now"},
    )
    for body in bodies:
        assert response_faults(IDENTITY_POOLS, "DescribeIdentity", body), body


def test_every_operation_of_the_service_exists() -> None:
    assert set(TABLE) == set(ServiceModel.load(IDENTITY_POOLS).operations)


async def test_the_raw_answer_of_every_operation(identities: Identities, people: EmulatedUserPool) -> None:
    api, login = identities, await identities.login(people)
    entry = {"ProviderName": provider(people), "ClientId": people.client_id}
    settings: dict[str, Any] = {
        "IdentityPoolName": "people",
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": True,
        "DeveloperProviderName": "login.example",
        "CognitoIdentityProviders": [entry],
    }
    made = await api("CreateIdentityPool", **settings, IdentityPoolTags={"a": "1"})
    pool = {"IdentityPoolId": made["IdentityPoolId"]}
    arn = f"arn:aws:cognito-identity:us-east-1:123456789012:identitypool/{pool['IdentityPoolId']}"
    await api("UpdateIdentityPool", **pool, **settings)
    await api("DescribeIdentityPool", **pool)
    await api("ListIdentityPools", MaxResults=1)
    await api("TagResource", ResourceArn=arn, Tags={"b": "2"})
    await api("UntagResource", ResourceArn=arn, TagKeys=["b"])
    await api("ListTagsForResource", ResourceArn=arn)
    mapping = {
        "Type": "Rules",
        "AmbiguousRoleResolution": "AuthenticatedRole",
        "RulesConfiguration": {
            "Rules": [{"Claim": "sub", "MatchType": "Equals", "Value": "x", "RoleARN": ROLE}]
        },
    }
    mappings = {f"{provider(people)}:{people.client_id}": mapping}
    roles = {"authenticated": ROLE, "unauthenticated": ROLE}
    await api("SetIdentityPoolRoles", **pool, Roles=roles, RoleMappings=mappings)
    await api("GetIdentityPoolRoles", **pool)
    tagged = {**pool, "IdentityProviderName": provider(people)}
    await api("SetPrincipalTagAttributeMap", **tagged, PrincipalTags={"who": "cognito:username"})
    await api("GetPrincipalTagAttributeMap", **tagged)
    guest = {"IdentityId": (await api("GetId", **pool))["IdentityId"]}
    await api("GetCredentialsForIdentity", **guest)
    await api("GetCredentialsForIdentity", **guest, Logins=login)
    await api("GetOpenIdToken", **guest, Logins=login)
    await api("DescribeIdentity", **guest)
    await api("ListIdentities", **pool, MaxResults=1)
    other: dict[str, Any] = {}
    for name in ("ana", "ben"):
        developed = {"Logins": {"login.example": name}}
        other = await api("GetOpenIdTokenForDeveloperIdentity", **pool, **developed)
    await api("LookupDeveloperIdentity", **pool, DeveloperUserIdentifier="ana")
    named = {**pool, "DeveloperProviderName": "login.example"}
    merge = {"SourceUserIdentifier": "ana", "DestinationUserIdentifier": "ben"}
    await api("MergeDeveloperIdentities", **named, **merge)
    unlink = {"IdentityId": other["IdentityId"], "DeveloperUserIdentifier": "ana"}
    await api("UnlinkDeveloperIdentity", **named, **unlink)
    await api("UnlinkIdentity", **guest, Logins=login, LoginsToRemove=[provider(people)])
    await api("DeleteIdentities", IdentityIdsToDelete=[guest["IdentityId"], NOWHERE])
    await api("DeleteIdentityPool", **pool)
    assert api.asked == set(TABLE)
    # What they name is gone now: an identity, the pool, or both.
    for operation, members in api.accepted.items():
        if members.keys() & {"IdentityPoolId", "IdentityId", "ResourceArn"}:
            refused = await api.refused(operation, **members)
            assert refused[0] == "ResourceNotFoundException", (operation, refused)


# The pool


async def test_the_defaults_of_aws(identities: Identities) -> None:
    made = await identities(
        "CreateIdentityPool", IdentityPoolName="people", AllowUnauthenticatedIdentities=True
    )
    pool_id = made.pop("IdentityPoolId")
    assert pool_id.startswith("us-east-1:")
    assert made == {
        "IdentityPoolName": "people",
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": False,
        "IdentityPoolTags": {},
    }
    assert await identities("GetIdentityPoolRoles", IdentityPoolId=pool_id) == {
        "IdentityPoolId": pool_id,
        "Roles": {},
    }


async def test_an_update_replaces(identities: Identities, people: EmulatedUserPool) -> None:
    """UpdateIdentityPool replaces all settings."""
    entry = {"ProviderName": provider(people), "ClientId": people.client_id}
    full: dict[str, Any] = {
        "IdentityPoolName": "people",
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": True,
        "SupportedLoginProviders": {"accounts.google.com": "app"},
        "DeveloperProviderName": "login.example",
        "OpenIdConnectProviderARNs": ["arn:aws:iam::123456789012:oidc-provider/id.example.com"],
        "SamlProviderARNs": ["arn:aws:iam::123456789012:saml-provider/Example"],
        "CognitoIdentityProviders": [{**entry, "ServerSideTokenCheck": True}],
        "IdentityPoolTags": {"stage": "test"},
    }
    made = await identities("CreateIdentityPool", **full)
    named = {"IdentityPoolId": made["IdentityPoolId"]}
    assert made == {**full, **named}
    assert await identities("DescribeIdentityPool", **named) == made
    least = {
        **named,
        "IdentityPoolName": "others",
        "AllowUnauthenticatedIdentities": False,
        "DeveloperProviderName": "login.example",
    }
    replaced = {**least, "AllowClassicFlow": False, "IdentityPoolTags": {"stage": "test"}}
    assert await identities("UpdateIdentityPool", **least) == replaced
    assert await identities("DescribeIdentityPool", **named) == replaced
    refused = await identities.refused(
        "UpdateIdentityPool", **{**least, "DeveloperProviderName": "login.other"}
    )
    assert refused == ("InvalidParameterException", "The developer provider name cannot be changed.")
    assert (await identities.refused("UpdateIdentityPool", **{**least, "IdentityPoolId": NOWHERE}))[1] == (
        f"IdentityPool '{NOWHERE}' not found."
    )


@pytest.mark.parametrize("entry", [{"ClientId": "a"}, {"ProviderName": "x", "ClientId": "x"}, "no client"])
async def test_malformed_user_pools(
    identities: Identities, people: EmulatedUserPool, entry: dict[str, str] | str
) -> None:
    """Malformed entries of user pools are refused."""
    given = {"ProviderName": provider(people)} if isinstance(entry, str) else entry
    refused = await identities.refused(
        "CreateIdentityPool",
        IdentityPoolName="people",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[given],
    )
    assert refused == ("InvalidParameterException", "Invalid Cognito Identity Provider")


async def test_lists_come_in_pages(identities: Identities) -> None:
    made = []
    for name in ("one", "two", "three"):
        pool = await identities(
            "CreateIdentityPool", IdentityPoolName=name, AllowUnauthenticatedIdentities=False
        )
        made.append({"IdentityPoolId": pool["IdentityPoolId"], "IdentityPoolName": name})
    first = await identities("ListIdentityPools", MaxResults=2)
    assert first["IdentityPools"] == made[:2]
    rest = await identities("ListIdentityPools", MaxResults=2, NextToken=first["NextToken"])
    assert rest == {"IdentityPools": made[2:]}
    assert (await identities.refused("ListIdentityPools", MaxResults=2, NextToken="nonsense"))[0] == (
        "InvalidParameterException"
    )


async def test_a_pool_that_is_gone(identities: Identities) -> None:
    pool = await identities.emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
    identity_id = await identities.get_id(pool)
    await identities("DeleteIdentityPool", IdentityPoolId=pool.id)
    gone = ("ResourceNotFoundException", f"IdentityPool '{pool.id}' not found.")
    for operation in ("GetId", "DescribeIdentityPool", "DeleteIdentityPool", "GetIdentityPoolRoles"):
        assert await identities.refused(operation, IdentityPoolId=pool.id) == gone
    unknown = ("ResourceNotFoundException", f"Identity '{identity_id}' not found.")
    for operation in ("GetCredentialsForIdentity", "GetOpenIdToken", "DescribeIdentity"):
        assert await identities.refused(operation, IdentityId=identity_id) == unknown


async def test_tags(identities: Identities) -> None:
    """Tags are added, listed and removed by ARN."""
    pool = await identities.emulator.create_identity_pool(IdentityPoolTags={"a": "1"})
    arn = f"arn:aws:cognito-identity:us-east-1:123456789012:identitypool/{pool.id}"
    await identities("TagResource", ResourceArn=arn, Tags={"b": "2", "c": "3"})
    await identities("UntagResource", ResourceArn=arn, TagKeys=["a", "c", "d"])
    assert await identities("ListTagsForResource", ResourceArn=arn) == {"Tags": {"b": "2"}}
    refused = await identities.refused("ListTagsForResource", ResourceArn=arn[:-1])
    assert refused == ("ResourceNotFoundException", f"Resource '{arn[:-1]}' not found.")
    # Both services have operations of this name.
    other = await identities.emulator.call("ListTagsForResource", "cognito-identity", ResourceArn=arn)
    assert other == {"Tags": {"b": "2"}}
    with pytest.raises(ValueError, match="ListTagsForResource: ResourceNotFoundException"):
        await identities.emulator.call("ListTagsForResource", ResourceArn=arn)
    with pytest.raises(ValueError, match="service must be cognito-idp or cognito-identity, not 's3'"):
        await identities.emulator.call("ListTagsForResource", "s3", ResourceArn=arn)


# Identities, as an administrator sees them


async def test_identities_are_listed_and_deleted(identities: Identities, people: EmulatedUserPool) -> None:
    emulator = identities.emulator
    pool = await emulator.create_identity_pool(user_pools=[people], AllowUnauthenticatedIdentities=True)
    login = await identities.login(people)
    own, guest, spare = (
        await identities.get_id(pool, login),
        await identities.get_id(pool),
        await identities.get_id(pool),
    )
    await identities("GetCredentialsForIdentity", IdentityId=guest, Logins=login)
    described = await identities("DescribeIdentity", IdentityId=own)
    assert described["Logins"] == [provider(people)]
    assert described["CreationDate"] <= described["LastModifiedDate"]
    first = await identities("ListIdentities", IdentityPoolId=pool.id, MaxResults=2)
    assert [found["IdentityId"] for found in first["Identities"]] == [own, guest]
    elsewhere = await identities.emulator.create_identity_pool()
    members = {"IdentityPoolId": elsewhere.id, "MaxResults": 2, "NextToken": first["NextToken"]}
    refused = await identities.refused("ListIdentities", **members)
    assert refused == ("InvalidParameterException", "Invalid pagination token given.")
    shown = await identities("ListIdentities", IdentityPoolId=pool.id, MaxResults=60, HideDisabled=True)
    assert [found["IdentityId"] for found in shown["Identities"]] == [own, spare]
    assert shown["IdentityPoolId"] == pool.id
    answer = await identities("DeleteIdentities", IdentityIdsToDelete=[own, NOWHERE])
    assert answer == {"UnprocessedIdentityIds": [{"IdentityId": NOWHERE, "ErrorCode": "AccessDenied"}]}
    # The login is not linked any longer, and the merged identity leads nowhere.
    assert (await identities.get_id(pool, login)) != own
    assert (await identities.refused("GetCredentialsForIdentity", IdentityId=guest, Logins=login))[1] == (
        f"Access to Identity '{guest}' is forbidden."
    )


# The wire


async def test_what_breaks_the_model(identities: Identities) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        (
            "GetId",
            {"IdentityPoolId": "us-east-1_abc"},
            "1 validation error detected: Value 'us-east-1_abc' at 'identityPoolId' failed to satisfy "
            r"constraint: Member must satisfy regular expression pattern: [\w-]+:[0-9a-f-]+",
        ),
        (
            "GetCredentialsForIdentity",
            {},
            "1 validation error detected: Value null at 'identityId' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "ListIdentityPools",
            {"MaxResults": 61},
            "1 validation error detected: Value '61' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 60",
        ),
    ]
    for operation, members, text in cases:
        assert await identities.refused(operation, **members) == ("ValidationException", text)
    eleven = {f"a{number}.example": "token" for number in range(11)}
    code, text = await identities.refused("GetId", IdentityPoolId=NOWHERE, Logins=eleven)
    assert (code, "less than or equal to 10" in text) == ("ValidationException", True)
    assert "token" not in text.partition("at 'logins'")[2]
    assert (await identities.refused("GetId", IdentityPoolId=NOWHERE, Logins=[]))[0] == (
        "SerializationException"
    )


async def test_calls_name_the_service(identities: Identities) -> None:
    pool = await identities.emulator.create_identity_pool()
    await identities("DescribeIdentityPool", IdentityPoolId=pool.id)
    await identities.refused("GetId", IdentityPoolId=pool.id)
    seen = [(call.operation, call.service, call.error) for call in identities.emulator.calls]
    assert seen == [
        ("DescribeIdentityPool", "cognito-identity", None),
        ("GetId", "cognito-identity", "NotAuthorizedException"),
    ]
    # An operation belongs to one service, and a third service does not exist.
    assert (await identities.send("SignUp", {}))[2]["__type"] == "UnknownOperationException"
    target = {"X-Amz-Target": "AWSCognitoSyncService.GetId"}
    assert (await identities.send("GetId", {}, target))[2]["__type"] == "UnknownOperationException"


async def test_faults(identities: Identities) -> None:
    """Operations of identity pools can fail by plan."""
    pool = await identities.emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
    identities.emulator.faults.add("GetId", error="TooManyRequestsException")
    assert await identities.refused("GetId", IdentityPoolId=pool.id) == (
        "TooManyRequestsException",
        "Rate exceeded",
    )
    assert pool.identities == []
    identities.emulator.faults.add("GetId", cut="after")
    with pytest.raises(aiohttp.ClientError):
        await identities.get_id(pool)
    assert len(pool.identities) == 1


async def test_pages_may_ask_but_not_administer(identities: Identities, http: aiohttp.ClientSession) -> None:
    pool = await identities.emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
    signed = {name for name, operation in ServiceModel.load(IDENTITY_POOLS).operations.items()} - {
        "GetId",
        "GetCredentialsForIdentity",
        "GetOpenIdToken",
        "UnlinkIdentity",
    }
    for name in sorted(signed):
        status, headers, _ = await identities.send(name, {"IdentityPoolId": pool.id}, {"Origin": PAGE})
        assert (status, "Access-Control-Allow-Origin" in headers) == (403, False), name
    status, headers, _ = await identities.send("GetId", {"IdentityPoolId": pool.id}, {"Origin": PAGE})
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    asked = {"Origin": PAGE, "Access-Control-Request-Headers": "x-amz-target"}
    async with http.options(identities.emulator.url, headers=asked) as response:
        assert response.status == 204


async def test_administration_needs_the_token_beyond_loopback(
    key_pair: KeyPair, http: aiohttp.ClientSession
) -> None:
    async with CognitoEmulator(host="0.0.0.0", keys=OnePair(key_pair)) as emulator:
        api = Identities(emulator, http)
        pool = await emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
        assert (await api.send("DescribeIdentityPool", {"IdentityPoolId": pool.id}))[0] == 401
        assert emulator.token is not None
        bearer = {"Authorization": f"Bearer {emulator.token}"}
        assert (await api.send("DescribeIdentityPool", {"IdentityPoolId": pool.id}, bearer))[0] == 200
        assert await api.get_id(pool)


# The object that tests hold


async def test_the_defaults_of_tests(identities: Identities, people: EmulatedUserPool) -> None:
    emulator = identities.emulator
    pool = await emulator.create_identity_pool(user_pools=[people])
    described = await identities("DescribeIdentityPool", IdentityPoolId=pool.id)
    assert described["AllowUnauthenticatedIdentities"] is False
    assert described["CognitoIdentityProviders"] == [
        {"ProviderName": provider(people), "ClientId": people.client_id, "ServerSideTokenCheck": False}
    ]
    roles = await identities("GetIdentityPoolRoles", IdentityPoolId=pool.id)
    assert roles["Roles"].keys() == {"authenticated", "unauthenticated"}
    config = pool.config
    assert (config.identity_pool_id, config.identity_pool_endpoint) == (pool.id, emulator.url)
    assert (config.user_pool_id, config.user_pool_client_id) == (people.id, people.client_id)
    assert config.allow_guest_access is False


async def test_a_pool_for_guests_alone(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_identity_pool(AllowUnauthenticatedIdentities=True, roles={})
    assert pool.state.roles == {}
    assert (pool.config.user_pool_id, pool.config.allow_guest_access) == (None, True)
    with pytest.raises(ValueError, match="CreateIdentityPool: ValidationException"):
        await emulator.create_identity_pool(IdentityPoolName="!")


async def test_a_user_pool_that_is_gone_is_not_in_the_configuration(emulator: CognitoEmulator) -> None:
    gone, kept = await emulator.create_user_pool(), await emulator.create_user_pool()
    pool = await emulator.create_identity_pool(user_pools=[gone, kept])
    await emulator.call("DeleteUserPool", UserPoolId=gone.id)
    assert pool.config.user_pool_id == kept.id


async def test_it_is_persisted(tmp_path: Path, key_pair: KeyPair, http: aiohttp.ClientSession) -> None:
    """Identity pools come back from the data directory."""

    def start() -> CognitoEmulator:
        return CognitoEmulator(data=tmp_path, keys=OnePair(key_pair))

    async with start() as emulator:
        assert emulator.existing_identity_pool() is None
        people = await emulator.create_user_pool()
        api = Identities(emulator, http)
        pool = await emulator.create_identity_pool(
            user_pools=[people],
            role_mappings={people: {"Type": "Token", "AmbiguousRoleResolution": "AuthenticatedRole"}},
            AllowClassicFlow=True,
        )
        login = await api.login(people)
        identity_id = await api.get_id(pool, login)
        issued = await api.credentials(identity_id, login)
        await api("GetOpenIdToken", IdentityId=identity_id, Logins=login)
        config = pool.config
    names = names_in(tmp_path)
    assert f"{pool.id.replace(':', '_')}.identity-pool.json" in names
    assert "cognito-identity.keys.json" in names
    assert not any(":" in name for name in names)
    async with start() as emulator:
        kept = emulator.existing_identity_pool()
        assert kept is not None
        assert kept.id == pool.id
        assert kept.config.user_pool_client_id == config.user_pool_client_id
        api = Identities(emulator, http)
        assert await api.get_id(kept, login) == identity_id
        assert emulator.credentials_of(issued.access_key_id) == issued
        await api("DeleteIdentityPool", IdentityPoolId=pool.id)
    assert not any(name.endswith(".identity-pool.json") for name in names_in(tmp_path))


async def test_reading_writes_nothing(
    emulator: CognitoEmulator, tmp_path: Path, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operations that read do not write to the data directory."""
    people = await emulator.create_user_pool()
    pool = await emulator.create_identity_pool(user_pools=[people], AllowUnauthenticatedIdentities=True)
    identity_id = await identities.get_id(pool)
    written = []

    async def write_all(_: StateDirectory) -> None:
        written.append(1)

    monkeypatch.setattr(emulator.state, "persist", StateDirectory(tmp_path, emulator.state).persist)
    monkeypatch.setattr(StateDirectory, "_write_all", write_all)
    named = {"IdentityPoolId": pool.id}
    await identities("DescribeIdentityPool", **named)
    await identities("GetIdentityPoolRoles", **named)
    await identities("GetPrincipalTagAttributeMap", **named, IdentityProviderName=provider(people))
    await identities("ListIdentities", **named, MaxResults=1)
    await identities("DescribeIdentity", IdentityId=identity_id)
    assert written == []
    await identities.get_id(pool)
    assert written == [1]


async def test_the_page_shows_them(
    identities: Identities, people: EmulatedUserPool, http: aiohttp.ClientSession
) -> None:
    emulator = identities.emulator
    mapping = {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
    pool = await emulator.create_identity_pool(
        user_pools=[people],
        roles={"authenticated": ROLE},
        role_mappings={people: mapping},
        AllowUnauthenticatedIdentities=True,
        IdentityPoolName="ours",
    )
    guest, merged = await identities.get_id(pool), await identities.get_id(pool)
    login = await identities.login(people)
    own = await identities.get_id(pool, login)
    await identities.refused("GetCredentialsForIdentity", IdentityId=merged, Logins=login)
    async with http.get(emulator.url) as response:
        page = await response.text()
    assert f"Identity pool <code>{pool.id}</code> ours; guests are allowed" in page
    subject = pool.state.identities[own].logins[provider(people)][0]
    for cell in (
        guest,
        "guest",
        own,
        "authenticated",
        f"merged into {own}",
        f"{provider(people)}: {subject}",
        ROLE,
        "Token",
    ):
        assert f"<td>{cell}</td>" in page, cell
    assert login[provider(people)] not in page
