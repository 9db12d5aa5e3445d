"""amazon-cognito-identity-js 6 on devices that our emulator remembers."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
ON_REQUEST = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any


@pytest.fixture
async def client(node: Callable[[str], Awaitable[NodeClient]]) -> NodeClient:
    return await node("identity-js.mjs")


@pytest.fixture
async def pool(emulator: CognitoEmulator, client: NodeClient) -> Pool:
    made = await emulator.create_user_pool(DeviceConfiguration=ON_REQUEST, MfaConfiguration="OPTIONAL")
    await client("configure", userPoolId=made.id, clientId=made.client_id, endpoint=emulator.url)
    await made.add_user("ana", PASSWORD, mfa="TOTP")
    return made


async def sign_in(client: NodeClient, pool: Pool, emulator: CognitoEmulator, *, mfa: bool) -> str:
    """Sign in, with the second factor or without it; return the device that the tokens name."""
    result = await client("signIn", username="ana", password=PASSWORD)
    if mfa:
        assert result["challenge"] == "SOFTWARE_TOKEN_MFA"
        emulator.clock.advance(60)
        result = await client("mfaCode", code=pool.totp_code("ana"), type="SOFTWARE_TOKEN_MFA")
    return device_of(result["tokens"])


def device_of(tokens: dict[str, str]) -> str:
    payload = tokens["access"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    key: str = claims["device_key"]
    return key


async def status(client: NodeClient) -> str:
    device = (await client("device"))["result"]["Device"]
    attributes = {entry["Name"]: entry["Value"] for entry in device["DeviceAttributes"]}
    remembered: str = attributes["dev:device_remembered_status"]
    return remembered


async def test_a_device_is_remembered_on_request_and_forgotten(
    client: NodeClient, pool: Pool, emulator: CognitoEmulator
) -> None:
    key = await sign_in(client, pool, emulator, mfa=True)
    assert await status(client) == "not_remembered"
    assert await client("rememberDevice") == {"result": "SUCCESS"}
    assert await status(client) == "remembered"
    await client("signOut")

    assert await sign_in(client, pool, emulator, mfa=False) == key
    assert device_of(await client("refresh")) == key
    listed = (await client("devices", limit=1))["result"]["Devices"]
    assert [device["DeviceKey"] for device in listed] == [key]
    assert await client("doNotRememberDevice") == {"result": "SUCCESS"}
    await client("signOut")
    assert await sign_in(client, pool, emulator, mfa=True) == key, "it names the device beside the code"

    assert await client("forgetDevice") == {"result": "SUCCESS"}
    assert (await client("devices"))["result"]["Devices"] == []
    await client("signOut")
    assert await sign_in(client, pool, emulator, mfa=True) != key


async def test_a_device_forgotten_elsewhere_is_dropped(
    client: NodeClient, pool: Pool, emulator: CognitoEmulator, admin: Admin
) -> None:
    """It knows "Device does not exist.", and then sends a DEVICE_KEY that is null."""
    key = await sign_in(client, pool, emulator, mfa=True)
    await client("rememberDevice")
    await client("signOut")
    await admin("admin_forget_device", UserPoolId=pool.id, Username="ana", DeviceKey=key)
    assert await sign_in(client, pool, emulator, mfa=True) != key


async def test_devices_are_listed_in_pages_and_forgotten_by_key(
    client: NodeClient, pool: Pool, emulator: CognitoEmulator, node: Callable[[str], Awaitable[NodeClient]]
) -> None:
    other = await node("identity-js.mjs")
    await other("configure", userPoolId=pool.id, clientId=pool.client_id, endpoint=emulator.url)
    first = await sign_in(other, pool, emulator, mfa=True)
    second = await sign_in(client, pool, emulator, mfa=True)
    page = (await client("devices", limit=1))["result"]
    assert [device["DeviceKey"] for device in page["Devices"]] == [first]
    page = (await client("devices", limit=1, token=page["PaginationToken"]))["result"]
    assert [device["DeviceKey"] for device in page["Devices"]] == [second]
    assert "PaginationToken" not in page
    assert await client("forgetDeviceOf", key=first) == {"result": "SUCCESS"}
    assert await other.refused("refresh") == "NotAuthorizedException"
    assert device_of(await client("refresh")) == second
