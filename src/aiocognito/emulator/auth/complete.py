"""The end of a sign-in: tokens."""

from __future__ import annotations

from typing import Any, Final

from .. import devices, triggers
from ..errors import not_authorized
from ..records import Device
from ..tokens import issue
from .auth_request import AuthRequest

_SOURCES: Final = {
    "NEW_PASSWORD_REQUIRED": "NewPasswordChallenge",
    "DEVICE_PASSWORD_VERIFIER": "AuthenticateDevice",
}


async def done(turn: AuthRequest) -> dict[str, Any]:
    """Issue the tokens; on the hosted UI say who it is: its tokens are for whoever exchanges the code.

    Raises:
        ApiError: The account was disabled while its owner was signing in.
    """
    if not turn.person.enabled:
        raise not_authorized("User is disabled.")
    turn.person.signed_in_before = True
    # Not before: who knows the password alone must not guess codes for ever, five at a time.
    turn.person.lockout.clear()
    named, fresh = _device(turn)
    await _after(turn, new_device=fresh is not None)
    if turn.hosted:
        return {"Authenticated": turn.person.sub}
    result = await issue.sign_in(
        turn.world,
        turn.pool,
        turn.client,
        turn.person,
        device_key=named,
        source=_SOURCES.get("" if turn.handle is None else turn.handle.challenge, "Authentication"),
        metadata=turn.client_metadata,
    )
    if fresh is not None:
        result["NewDeviceMetadata"] = {"DeviceKey": fresh.key, "DeviceGroupKey": fresh.group_key}
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


async def _after(turn: AuthRequest, *, new_device: bool) -> None:
    await triggers.run(
        turn.pool,
        "PostAuthentication",
        "PostAuthentication_Authentication",
        client=turn.client,
        username=turn.person.username,
        request=triggers.about(turn.person, turn.client_metadata, newDeviceUsed=new_device),
        response={},
    )


def _device(turn: AuthRequest) -> tuple[str | None, Device | None]:
    """Say which device the tokens are for, and which was named just now, where devices are tracked."""
    if devices.configuration(turn.pool) is None or turn.admin or turn.hosted:
        return None, None
    now = turn.world.clock()
    key = turn.given.get("DEVICE_KEY")
    if key is not None:
        device = devices.confirmed(turn.person, key)
        device.authenticated = now
        return key, None
    fresh = devices.new(turn.pool, turn.world.random.uuid(), now)
    turn.person.devices[fresh.key] = fresh
    return fresh.key, fresh
