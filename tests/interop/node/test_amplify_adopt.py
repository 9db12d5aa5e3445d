"""Refresh tokens that aws-amplify holds become sessions of ours."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito import MemoryStorage, SessionManager, errors
from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
TRACKING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ROTATION = {
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
}
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
MakePool = Callable[..., Awaitable[Any]]


async def stored(amplify: NodeClient, name: str) -> str:
    """Return what Amplify stores under a key that ends in a name."""
    (value,) = [value for key, value in dict(await amplify("stored")).items() if key.endswith(f".{name}")]
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("client", [{}, ROTATION], ids=["no rotation", "rotation"])
@pytest.mark.parametrize("tracks", [False, True], ids=["no devices", "devices"])
async def test_a_refresh_token_of_amplify_is_adopted(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator, client: dict[str, Any], tracks: bool
) -> None:
    pool = await make_pool(client=client, **({"DeviceConfiguration": TRACKING} if tracks else {}))
    await pool.add_user("ana", PASSWORD)
    await amplify("signIn", username="ana", password=PASSWORD)
    tokens = (await amplify("fetchAuthSession"))["tokens"]
    claims = tokens["accessToken"]["payload"]
    theirs = await stored(amplify, "refreshToken")
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as sessions:
        key = sessions.new_session_key()
        if tracks:
            with pytest.raises(errors.NotAuthorizedException):
                await sessions.adopt(key, refresh_token=theirs)
        adopted = await sessions.adopt(key, refresh_token=theirs, device_key=claims.get("device_key"))
        assert adopted.user_id == claims["sub"]
        for _ in range(3):
            emulator.clock.advance(3700)
            await sessions.client(key).fetch_user_attributes()
        assert await sessions.end_user(adopted.user_id) == 1
