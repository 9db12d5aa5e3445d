"""The end of a sign-in: tokens."""

from __future__ import annotations

from typing import Any, Final

from .. import devices, triggers
from ..errors import not_authorized
from ..records import Device
from ..tokens import issue
from .auth_request import AuthRequest
from .outcomes import Proven

_SOURCES: Final = {
    "NEW_PASSWORD_REQUIRED": "NewPasswordChallenge",
    "DEVICE_PASSWORD_VERIFIER": "AuthenticateDevice",
}


async def finish(request: AuthRequest, _proven: Proven) -> dict[str, Any]:
    """Issue the tokens; for the hosted UI return the user's ``sub``: the exchange of its code issues them.

    Raises:
        ApiError: The account was disabled during the sign-in, or a trigger failed.
    """
    if not request.known_user.enabled:
        raise not_authorized("User is disabled.")
    request.known_user.signed_in_before = True
    # Not before: a password alone must not allow guessing codes without end, five at a time.
    request.known_user.lockout.clear()
    key, fresh = _device(request)
    await _after(request, new_device=fresh is not None)
    if request.hosted:
        return {"Authenticated": request.known_user.sub}
    result = await issue.sign_in(
        request.state,
        request.pool,
        request.client,
        request.known_user,
        device_key=key,
        source=_SOURCES.get("" if request.session is None else request.session.challenge, "Authentication"),
        metadata=request.client_metadata,
        event_id=request.event_id,
    )
    if fresh is not None:
        result["NewDeviceMetadata"] = {"DeviceKey": fresh.key, "DeviceGroupKey": fresh.group_key}
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


async def _after(request: AuthRequest, *, new_device: bool) -> None:
    await triggers.run(
        request.pool,
        "PostAuthentication",
        "PostAuthentication_Authentication",
        client=request.client,
        username=request.known_user.username,
        request=triggers.about(request.known_user, request.client_metadata, newDeviceUsed=new_device),
        response={},
    )


def _device(request: AuthRequest) -> tuple[str | None, Device | None]:
    """Return the device key of the tokens, and the device if it is new, where devices are tracked."""
    if devices.configuration(request.pool) is None or request.admin or request.hosted:
        return None, None
    now = request.state.clock()
    key = request.given.get("DEVICE_KEY")
    if key is not None:
        device = devices.confirmed(request.known_user, key)
        device.authenticated = now
        return key, None
    fresh = devices.new(request.pool, request.state.random.uuid(), now)
    request.known_user.devices[fresh.key] = fresh
    return fresh.key, fresh
