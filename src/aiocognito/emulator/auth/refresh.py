"""REFRESH_TOKEN_AUTH: the older way to new tokens."""

from __future__ import annotations

from typing import Any

from ..errors import invalid_parameter
from ..tokens import refresh
from .auth_request import AuthRequest


async def REFRESH_TOKEN_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """Make new tokens of a refresh token. The secret hash is over the real username: none is sent."""
    text = turn.need("REFRESH_TOKEN")
    unsettled = turn.world.unsettled
    if turn.client.rotates and unsettled.rotation_refuses_refresh_flow:
        raise invalid_parameter(unsettled.rotation_refresh_flow_message)
    found = refresh.redeem(turn.world, turn.pool, turn.client, text, device_key=turn.given.get("DEVICE_KEY"))
    wrong = f"SecretHash does not match for the client: {turn.client.id}"
    turn.client.check_hash(found.user.username, turn.given.get("SECRET_HASH"), wrong=wrong)
    result = await refresh.refresh(turn.world, turn.pool, turn.client, found)
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


async def REFRESH_TOKEN(turn: AuthRequest) -> dict[str, Any]:
    """The same, by its other name."""
    return await REFRESH_TOKEN_AUTH(turn)
