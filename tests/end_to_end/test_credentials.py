"""AWS credentials, end to end: guests, signed-in users, roles, and an identity pool that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from attrs import evolve

from aiocognito import AuthClient, errors
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations.aiobotocore import aws_session

from .conftest import PASSWORD

EDITORS = "arn:aws:iam::123456789012:role/editors"
READERS = "arn:aws:iam::123456789012:role/readers"
Connect = Callable[..., Awaitable[AuthClient]]


@pytest.fixture
async def people(pool: Any) -> Any:
    """Return the user pool with one user."""
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    await pool.add_user("ben", PASSWORD)
    return pool


@pytest.fixture
async def connect(emulator: CognitoEmulator) -> AsyncIterator[Connect]:
    """Make a client of an identity pool: `await connect(identity_pool)`, with other settings if given."""
    async with AsyncExitStack() as stack:

        async def make(identity_pool: Any, **settings: Any) -> AuthClient:
            config = evolve(identity_pool.config, **settings)
            return await stack.enter_async_context(AuthClient(config, clock=emulator.clock))

        yield make


def asked(emulator: CognitoEmulator) -> list[str]:
    return [call.operation for call in emulator.calls if call.service == "cognito-identity"]


async def role_of(emulator: CognitoEmulator, auth: AuthClient) -> str:
    session = await auth.fetch_auth_session(force_refresh=True)
    assert session.credentials is not None
    return emulator.credentials_of(session.credentials.access_key_id).role_arn


# Guests and signed-in users


async def test_a_guest_signs_in_and_out(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    shop = await emulator.create_identity_pool(user_pools=[people], AllowUnauthenticatedIdentities=True)
    auth = await connect(shop)
    guest = await auth.fetch_auth_session()
    assert guest.tokens is None
    assert guest.credentials is not None
    issued = emulator.credentials_of(guest.credentials.access_key_id)
    assert (issued.identity_id, issued.authenticated) == (guest.identity_id, False)
    assert guest.credentials.secret_access_key == issued.secret_key
    assert guest.credentials.session_token == issued.session_token
    assert guest.credentials.expiration == datetime.fromtimestamp(issued.expires, UTC)

    await auth.sign_in("ana", PASSWORD)
    person = await auth.fetch_auth_session()
    assert person.credentials is not None
    assert person.identity_id == guest.identity_id
    issued = emulator.credentials_of(person.credentials.access_key_id)
    assert (issued.authenticated, issued.role_arn) == (True, shop.state.roles["authenticated"])

    await auth.sign_out()
    later = await auth.fetch_auth_session()
    assert later.identity_id != person.identity_id
    assert later.credentials is not None
    assert not emulator.credentials_of(later.credentials.access_key_id).authenticated
    assert [identity.linked for identity in shop.identities] == [True, False]


async def test_a_guest_who_returns(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    shop = await emulator.create_identity_pool(user_pools=[people], AllowUnauthenticatedIdentities=True)
    first, second = await connect(shop), await connect(shop)
    await first.sign_in("ana", PASSWORD)
    known = (await first.fetch_auth_session()).identity_id
    guest = (await second.fetch_auth_session()).identity_id
    assert guest != known
    await second.sign_in("ana", PASSWORD)
    assert (await second.fetch_auth_session()).identity_id == known
    assert [identity.successor for identity in shop.identities] == [None, known]


async def test_no_guests(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    """A pool without guests gives a guest no credentials and no error."""
    closed = await emulator.create_identity_pool(user_pools=[people])
    assert (await (await connect(closed)).fetch_auth_session()).credentials is None
    assert asked(emulator) == []
    # A client that is configured otherwise gets an error.
    auth = await connect(closed, allow_guest_access=True)
    with pytest.raises(errors.NotAuthorizedException, match="Unauthenticated access is not supported"):
        await auth.fetch_auth_session()


async def test_an_identity_that_is_gone(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    shop = await emulator.create_identity_pool(user_pools=[people])
    auth = await connect(shop)
    await auth.sign_in("ana", PASSWORD)
    before = (await auth.fetch_auth_session()).identity_id
    await emulator.call("DeleteIdentities", IdentityIdsToDelete=[before])
    after = (await auth.fetch_auth_session(force_refresh=True)).identity_id
    assert after != before
    assert [identity.id for identity in shop.identities] == [after]


async def test_the_updated_issuer(emulator: CognitoEmulator, connect: Connect) -> None:
    """Credentials are issued for tokens of the newer issuer."""
    people = await emulator.create_user_pool(IssuerConfiguration={"Type": "UPDATED"})
    await people.add_user("ana", PASSWORD)
    auth = await connect(await emulator.create_identity_pool(user_pools=[people]))
    await auth.sign_in("ana", PASSWORD)
    assert (await auth.fetch_auth_session()).credentials is not None


# Roles


async def test_the_role_of_a_group(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    for name, arn, precedence in (("editors", EDITORS, 1), ("readers", READERS, 2)):
        group = {"UserPoolId": people.id, "GroupName": name}
        await emulator.call("CreateGroup", **group, RoleArn=arn, Precedence=precedence)
        await emulator.call("AdminAddUserToGroup", **group, Username="ana")
    mapping = {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
    shop = await emulator.create_identity_pool(user_pools=[people], role_mappings={people: mapping})
    for wanted, found in ((None, EDITORS), (READERS, READERS)):
        auth = await connect(shop, custom_role_arn=wanted)
        await auth.sign_in("ana", PASSWORD)
        assert await role_of(emulator, auth) == found
    ben = await connect(shop)
    await ben.sign_in("ben", PASSWORD)
    with pytest.raises(errors.NotAuthorizedException, match="ambiguous role mapping rules"):
        await ben.fetch_auth_session()
    other = await connect(shop, custom_role_arn="arn:aws:iam::123456789012:role/admins")
    await other.sign_in("ana", PASSWORD)
    with pytest.raises(errors.NotAuthorizedException, match="role/admins' is forbidden"):
        await other.fetch_auth_session()


async def test_the_role_of_a_rule(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    rule = {"Claim": "email", "MatchType": "StartsWith", "Value": "ana@", "RoleARN": EDITORS}
    mapping = {
        "Type": "Rules",
        "AmbiguousRoleResolution": "AuthenticatedRole",
        "RulesConfiguration": {"Rules": [rule]},
    }
    shop = await emulator.create_identity_pool(user_pools=[people], role_mappings={people: mapping})
    auth = await connect(shop)
    await auth.sign_in("ana", PASSWORD)
    assert await role_of(emulator, auth) == EDITORS
    await auth.sign_out()
    await auth.sign_in("ben", PASSWORD)
    assert await role_of(emulator, auth) == shop.state.roles["authenticated"]


async def test_a_pool_without_roles(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    auth = await connect(await emulator.create_identity_pool(user_pools=[people], roles={}))
    await auth.sign_in("ana", PASSWORD)
    with pytest.raises(errors.InvalidIdentityPoolConfigurationException):
        await auth.fetch_auth_session()


# Expiry and failures


async def test_credentials_are_renewed_once(emulator: CognitoEmulator, people: Any, connect: Connect) -> None:
    shop = await emulator.create_identity_pool(user_pools=[people])
    auth = await connect(shop)
    await auth.sign_in("ana", PASSWORD)
    first = (await auth.fetch_auth_session()).credentials
    assert first is not None
    assert asked(emulator) == ["GetId", "GetCredentialsForIdentity"]
    assert (await auth.fetch_auth_session()).credentials == first
    emulator.clock.advance(3601)
    sessions = await asyncio.gather(*(auth.fetch_auth_session() for _ in range(50)))
    (found,) = {session.credentials for session in sessions}
    assert found is not None
    assert found.access_key_id != first.access_key_id
    assert asked(emulator) == ["GetId", "GetCredentialsForIdentity", "GetCredentialsForIdentity"]
    # The token of an hour ago would have been refused.
    assert [call.error for call in emulator.calls if call.error] == []


@pytest.mark.parametrize(
    "fault", [{"error": "InternalErrorException"}, {"cut": "before"}, {"malformed": True}, {"status": 503}]
)
async def test_an_outage_of_the_identity_pool(
    emulator: CognitoEmulator, people: Any, connect: Connect, fault: dict[str, Any]
) -> None:
    shop = await emulator.create_identity_pool(user_pools=[people])
    auth = await connect(shop, max_attempts=2)
    for operation in ("GetId", "GetCredentialsForIdentity"):
        emulator.faults.add(operation, times=None, **fault)
    await auth.sign_in("ana", PASSWORD)
    with pytest.raises(errors.AuthError):
        await auth.fetch_auth_session()
    # Fetching tokens alone still works.
    assert (await auth.fetch_auth_session(credentials=False)).tokens is not None
    assert (await auth.get_current_user()).username == "ana"
    assert (await auth.fetch_user_attributes())["email"] == "ana@example.com"
    emulator.faults.clear()
    assert (await auth.fetch_auth_session()).credentials is not None


@pytest.mark.parametrize("operation", ["GetId", "GetCredentialsForIdentity"])
@pytest.mark.parametrize("was_known", [False, True])
async def test_a_response_that_gets_lost(
    emulator: CognitoEmulator, people: Any, connect: Connect, operation: str, was_known: bool
) -> None:
    """What the identity pool did by then, such as merging two identities, does not break the next call."""
    shop = await emulator.create_identity_pool(user_pools=[people], AllowUnauthenticatedIdentities=True)
    if was_known:
        before = await connect(shop)
        await before.sign_in("ana", PASSWORD)
        await before.fetch_auth_session()
    auth = await connect(shop)
    emulator.faults.add(operation, cut="after")
    guest = await auth.fetch_auth_session()
    await auth.sign_in("ana", PASSWORD)
    emulator.faults.add(operation, cut="after")
    person = await auth.fetch_auth_session()
    assert person.credentials is not None
    assert emulator.credentials_of(person.credentials.access_key_id).authenticated
    assert (person.identity_id == guest.identity_id) is not was_known


async def test_a_token_that_the_user_pool_has_ended(
    emulator: CognitoEmulator, people: Any, connect: Connect
) -> None:
    entry = {
        "ProviderName": f"cognito-idp.us-east-1.amazonaws.com/{people.id}",
        "ClientId": people.client_id,
        "ServerSideTokenCheck": True,
    }
    shop = await emulator.create_identity_pool(CognitoIdentityProviders=[entry])
    auth = await connect(shop)
    await auth.sign_in("ana", PASSWORD)
    await emulator.call("AdminUserGlobalSignOut", UserPoolId=people.id, Username="ana")
    with pytest.raises(errors.NotAuthorizedException, match="Token is inactive"):
        await auth.fetch_auth_session()


# AWS clients


async def test_an_aws_client_signs_with_them(
    emulator: CognitoEmulator, people: Any, connect: Connect
) -> None:
    seen: list[str] = []
    authenticated: list[bool] = []

    async def bucket(request: web.Request) -> web.Response:
        scope = request.headers["Authorization"].partition("Credential=")[2]
        seen.append(scope.partition("/")[0])
        issued = emulator.credentials_of(seen[-1])
        authenticated.append(issued.authenticated)
        assert request.headers["X-Amz-Security-Token"] == issued.session_token
        return web.Response(text="<ListAllMyBucketsResult/>", content_type="application/xml")

    app = web.Application()
    app.router.add_get("/", bucket)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        shop = await emulator.create_identity_pool(user_pools=[people], AllowUnauthenticatedIdentities=True)
        auth = await connect(shop)
        async with aws_session(auth).create_client("s3", endpoint_url=f"http://{host}:{port}") as s3:
            await s3.list_buckets()
            await auth.sign_in("ana", PASSWORD)
            await s3.list_buckets()
            emulator.clock.advance(3601)
            await s3.list_buckets()
    finally:
        await runner.cleanup()
    assert len(set(seen)) == 3
    assert authenticated == [False, True, True]
