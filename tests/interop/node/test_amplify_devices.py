"""aws-amplify 6 on devices that our emulator remembers."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito import MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ON_REQUEST = {**ALWAYS, "DeviceOnlyRememberedOnUserPrompt": True}
ROTATION = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any
MakePool = Callable[..., Awaitable[Pool]]


async def sign_in(
    amplify: NodeClient, pool: Pool, emulator: CognitoEmulator, *, flow: str = "USER_SRP_AUTH", mfa: bool
) -> str:
    """Sign in, with the second factor or without it; return the device that the tokens name."""
    options = {"authFlowType": flow}
    result = await amplify("signIn", username="ana", password=PASSWORD, options=options)
    if mfa:
        assert result["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
        emulator.clock.advance(60)
        result = await amplify("confirmSignIn", challengeResponse=pool.totp_code("ana"))
    assert result == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
    tokens = (await amplify("fetchAuthSession"))["tokens"]
    device: str = tokens["accessToken"]["payload"]["device_key"]
    return device


async def devices(amplify: NodeClient) -> dict[str, str]:
    """Fetch the devices; return whether each is remembered."""
    listed = await amplify("fetchDevices")
    return {device["id"]: device["attributes"]["dev:device_remembered_status"] for device in listed}


async def tracking(make_pool: MakePool, configuration: dict[str, bool], **members: Any) -> Pool:
    pool = await make_pool(DeviceConfiguration=configuration, MfaConfiguration="OPTIONAL", **members)
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    return pool


@pytest.mark.in_process
@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_a_device_is_remembered_on_request_and_forgotten(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator, flow: str
) -> None:
    pool = await tracking(make_pool, ON_REQUEST)
    key = await sign_in(amplify, pool, emulator, flow=flow, mfa=True)
    assert await devices(amplify) == {key: "not_remembered"}
    assert await amplify("rememberDevice") is None
    assert await devices(amplify) == {key: "remembered"}
    (listed,) = await amplify("fetchDevices")
    assert listed["name"] == listed["attributes"]["device_name"] == "node"
    assert listed["createDate"] is not None
    await amplify("signOut")

    assert await sign_in(amplify, pool, emulator, flow=flow, mfa=False) == key
    assert [call.operation for call in emulator.calls].count("ConfirmDevice") == 1, "it is known already"
    refreshed = (await amplify("fetchAuthSession", forceRefresh=True))["tokens"]
    assert refreshed["accessToken"]["payload"]["device_key"] == key
    assert await amplify("forgetDevice") is None
    assert await devices(amplify) == {}
    assert await amplify.refused("rememberDevice") == "DeviceMetadataNotFoundException"
    await amplify("signOut")
    assert await sign_in(amplify, pool, emulator, flow=flow, mfa=True) != key


async def test_a_device_that_is_not_remembered_spares_nothing(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator
) -> None:
    pool = await tracking(make_pool, ON_REQUEST)
    key = await sign_in(amplify, pool, emulator, mfa=True)
    await amplify("signOut")
    await sign_in(amplify, pool, emulator, mfa=True)
    assert (await devices(amplify))[key] == "not_remembered"


async def test_a_device_is_always_remembered(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator
) -> None:
    pool = await tracking(make_pool, ALWAYS)
    key = await sign_in(amplify, pool, emulator, mfa=True)
    assert await devices(amplify) == {key: "remembered"}
    await amplify("signOut")
    assert await sign_in(amplify, pool, emulator, mfa=False) == key


async def test_a_renewal_names_the_device(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator, admin: Admin
) -> None:
    """Amplify sends the device's key; with the same refresh token alone the refresh fails."""
    pool = await tracking(make_pool, ALWAYS, client={"RefreshTokenRotation": ROTATION})
    key = await sign_in(amplify, pool, emulator, mfa=True)
    stored = await amplify("stored")
    token = next(value for name, value in stored.items() if name.endswith(".refreshToken"))
    members = {"ClientId": pool.client_id, "RefreshToken": token}
    for wrong in ({}, {"DeviceKey": f"us-east-1_{'0' * 36}"}):
        refusal = await admin.refused("get_tokens_from_refresh_token", **members, **wrong)
        assert refusal == "NotAuthorizedException"
    for _ in range(2):
        renewed = (await amplify("fetchAuthSession", forceRefresh=True))["tokens"]
        assert renewed["accessToken"]["payload"]["device_key"] == key


async def test_a_device_forgotten_elsewhere_is_dropped(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator, admin: Admin
) -> None:
    """Amplify knows "Device does not exist." and signs in once more without the device."""
    pool = await tracking(make_pool, ALWAYS)
    key = await sign_in(amplify, pool, emulator, mfa=True)
    await amplify("signOut")
    await admin("admin_forget_device", UserPoolId=pool.id, Username="ana", DeviceKey=key)
    another = await sign_in(amplify, pool, emulator, mfa=True)
    assert another != key
    assert await devices(amplify) == {another: "remembered"}


async def test_another_device_is_forgotten_by_its_id(
    amplify: NodeClient,
    make_pool: MakePool,
    emulator: CognitoEmulator,
    node: Callable[[str], Awaitable[NodeClient]],
) -> None:
    pool = await tracking(make_pool, ALWAYS)
    other = await node("amplify.mjs")
    await other(
        "configure", userPoolId=pool.id, userPoolClientId=pool.client_id, userPoolEndpoint=emulator.url
    )
    lost = await sign_in(other, pool, emulator, mfa=True)
    key = await sign_in(amplify, pool, emulator, mfa=True)
    assert (await devices(amplify)).keys() == {lost, key}
    await amplify("forgetDevice", device={"id": lost})
    assert (await devices(amplify)).keys() == {key}
    assert "tokens" not in await other("fetchAuthSession", forceRefresh=True)
    await amplify("signOut")
    assert await sign_in(amplify, pool, emulator, mfa=False) == key


async def test_amplify_lists_the_device_of_a_session_alone_until_that_session_ends(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator
) -> None:
    """Our client without a device token: its device is confirmed, and stands in for no second factor."""
    pool = await tracking(make_pool, ALWAYS)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as sessions:
        ours = sessions.client(sessions.new_session_key())
        await ours.sign_in("ana", PASSWORD)
        emulator.clock.advance(60)
        await ours.confirm_sign_in(pool.totp_code("ana"))
        tokens = (await ours.fetch_auth_session(force_refresh=True, credentials=False)).tokens
        assert tokens is not None
        key = await sign_in(amplify, pool, emulator, mfa=True)
        assert await devices(amplify) == {
            tokens.access_token.payload["device_key"]: "not_remembered",
            key: "remembered",
        }
        await ours.sign_out()
        assert await devices(amplify) == {key: "remembered"}
