"""A helper of several operations that fails halfway leaves nothing behind, also in the data directory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator, EmulatedUserPool
from aiocognito.emulator.setup import applying, document, reading
from aiocognito.emulator.setup.errors import SetupError
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import EMAIL, PASSWORD, OnePair

Helper = Callable[[CognitoEmulator, EmulatedUserPool], Awaitable[object]]
ADDRESS = {"email": EMAIL}
HELPERS: dict[str, tuple[Helper, str]] = {
    "a password against the policy": (lambda _, pool: pool.add_user("ana", "short"), "InvalidPassword"),
    "a second factor without an address": (
        lambda _, pool: pool.add_user("ana", PASSWORD, groups=["new"], mfa="SMS"),
        "delivery config",
    ),
    "a malformed group after a new one": (
        lambda _, pool: pool.add_user("ana", PASSWORD, groups=["new", "a b"]),
        "CreateGroup",
    ),
    "a client with a malformed URL": (
        lambda _, pool: pool.add_client(CallbackURLs=["https://example.com/a b"]),
        "CreateUserPoolClient",
    ),
    "a provider with a malformed name": (
        lambda _, pool: pool.add_provider("a b"),
        "CreateIdentityProvider",
    ),
    "a resource server with a malformed scope": (
        lambda _, pool: pool.add_resource_server("orders", ["read", "a b"]),
        "CreateResourceServer",
    ),
    "a pool with a refused client": (
        lambda emulator, _: emulator.create_user_pool(client={"ExplicitAuthFlows": ["ALLOW_NOTHING"]}),
        "CreateUserPoolClient",
    ),
    "a pool with refused factors": (
        lambda emulator, _: emulator.create_user_pool(
            MfaConfiguration="ON", SmsMfaConfiguration=None, SoftwareTokenMfaConfiguration={"Enabled": False}
        ),
        "SetUserPoolMfaConfig",
    ),
    "a pool with a refused scope": (
        lambda emulator, _: emulator.create_user_pool(client={"AllowedOAuthScopes": ["a b/c"]}),
        "CreateResourceServer",
    ),
    "an identity pool with refused roles": (
        lambda emulator, _: emulator.create_identity_pool(roles={"nothing": "x"}),
        "SetIdentityPoolRoles",
    ),
}


@pytest.fixture
async def emulator(key_pair: KeyPair, tmp_path: Path) -> AsyncIterator[CognitoEmulator]:
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path / "data") as emulator:
        yield emulator


def everything(emulator: CognitoEmulator) -> dict[str, Any]:
    """Return what an emulator has of all that the helpers make."""
    return {
        pool.id: (
            [list(made) for made in (pool.clients, pool.groups, pool.providers, pool.resource_servers)],
            [user.username for user in pool.users],
        )
        for pool in emulator.state.pools.values()
    } | {"identity pools": list(emulator.state.identity_pools)}


async def stored(directory: Path) -> dict[str, Any]:
    async with CognitoEmulator(data=directory) as again:
        return everything(again)


@pytest.mark.parametrize("name", HELPERS)
async def test_a_helper_that_fails_leaves_nothing(
    emulator: CognitoEmulator, tmp_path: Path, name: str
) -> None:
    helper, problem = HELPERS[name]
    pool = await emulator.create_user_pool()
    await pool.add_user("eve", PASSWORD, groups=["old"])
    before = everything(emulator)
    with pytest.raises(ValueError, match=problem):
        await helper(emulator, pool)
    assert everything(emulator) == before
    await emulator.__aexit__(None, None, None)
    assert await stored(tmp_path / "data") == before


async def test_what_failed_can_be_done_again(emulator: CognitoEmulator) -> None:
    chosen: dict[str, Any] = {"pool_id": "us-east-1_Shop12345", "client_id": "shopweb"}
    with pytest.raises(ValueError, match="CreateUserPoolClient"):
        await emulator.create_user_pool(**chosen, client={"ExplicitAuthFlows": ["ALLOW_NOTHING"]})
    pool = await emulator.create_user_pool(**chosen)
    with pytest.raises(ValueError, match="InvalidPassword"):
        await pool.add_user("ana", "short", attributes=ADDRESS)
    assert (await pool.add_user("ana", PASSWORD, attributes=ADDRESS)).username == "ana"


async def test_a_group_that_another_user_has_joined_meanwhile_stays(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    call = emulator.call

    async def add_another(operation: str, /, **members: Any) -> dict[str, Any]:
        if members.get("GroupName") == "a b":
            await pool.add_user("eve", PASSWORD, groups=["new"])
        return await call(operation, **members)

    emulator.call = add_another  # type: ignore[method-assign, assignment]  # of this emulator alone
    with pytest.raises(ValueError, match="CreateGroup"):
        await pool.add_user("ana", PASSWORD, groups=["new", "a b"])
    assert everything(emulator)[pool.id] == ([[pool.client_id], ["new"], [], []], ["eve"])


async def test_a_user_who_exists_stays_when_the_name_is_added_again(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    user = await pool.add_user("ana", PASSWORD)
    with pytest.raises(ValueError, match="UsernameExists"):
        await pool.add_user("ana", PASSWORD)
    assert pool.state.users.find("ana") is user


async def test_no_provider_is_left_where_the_client_is_gone(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    await emulator.call("DeleteUserPoolClient", UserPoolId=pool.id, ClientId=pool.client_id)
    with pytest.raises(LookupError, match="was deleted"):
        await pool.add_provider("Google")
    assert not pool.state.providers


@pytest.mark.parametrize(
    "user",
    [
        {"username": "ana", "password": "short"},
        {"username": "ana", "password": PASSWORD, "groups": ["new", "a b"]},
        {"username": "ana", "temporary_password": PASSWORD, "groups": ["new", "a b"]},
    ],
)
async def test_a_user_of_a_set_up_is_made_by_the_next_start_if_it_is_corrected(
    emulator: CognitoEmulator, tmp_path: Path, user: dict[str, Any]
) -> None:
    def setup(changed: dict[str, Any]) -> document.Setup:
        eve = {"username": "eve", "password": PASSWORD, "enabled": False}
        path = tmp_path / "setup.json"
        path.write_text(json.dumps({"user_pools": [{"name": "shop", "users": [eve, changed]}]}))
        return reading.read(path)[0]

    with pytest.raises(SetupError):
        await applying.apply(emulator, setup(user))
    (pool,) = emulator.state.pools.values()
    assert ([each.username for each in pool.users], list(pool.groups)) == (["eve"], [])
    await applying.apply(emulator, setup({"username": "ana", "password": PASSWORD, "groups": ["new"]}))
    assert [(each.username, each.enabled) for each in pool.users] == [("eve", False), ("ana", True)]


async def test_a_trigger_that_fails_leaves_no_invited_user_and_the_earlier_password(
    emulator: CognitoEmulator,
) -> None:
    def refuse(event: dict[str, Any]) -> Any:
        raise RuntimeError("not now")

    pool = await emulator.create_user_pool(triggers={"CustomMessage": refuse})
    invitation = {"UserPoolId": pool.id, "Username": "ana", "DesiredDeliveryMediums": ["EMAIL"]}
    given = [{"Name": "email", "Value": EMAIL}]
    with pytest.raises(ValueError, match="not now"):
        await emulator.call("AdminCreateUser", **invitation, UserAttributes=given)
    assert not len(pool.state.users)
    del pool.triggers["CustomMessage"]
    await emulator.call("AdminCreateUser", **invitation, UserAttributes=given)
    user = pool.state.users.find("ana")
    assert user is not None
    before = user.secret, user.temporary_until
    emulator.clock.advance(60)
    pool.triggers["CustomMessage"] = refuse
    with pytest.raises(ValueError, match="not now"):
        await emulator.call("AdminCreateUser", **invitation, MessageAction="RESEND")
    assert (user.secret, user.temporary_until) == before
