"""Devices, for the signed-in user and the administrator: confirm, list, remember and forget them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import devices
from ..errors import ApiError, invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..tokens import bearer
from ..users import User


# Recorded (ConfirmDevice): only by the sign-in that named the device.
@operation("ConfirmDevice")
async def confirm_device(context: RequestContext) -> dict[str, Any]:
    """Store the verifier of the device that this sign-in named."""
    given = context.members
    state = context.state
    caller = await bearer.authorize(state, given["AccessToken"])
    _require_tracking(state, caller.pool)
    device = caller.user.devices.get(given["DeviceKey"])
    if device is None or caller.grant.device_key != device.key:
        raise invalid_parameter("Invalid device key given.")
    if device.secret is not None:
        raise ApiError(
            "DeviceKeyExistsException",
            state.assumptions.device_key_exists_message,
            instead="InvalidParameterException",
        )
    device.secret = devices.verifier(given.get("DeviceSecretVerifierConfig"))
    device.name = given.get("DeviceName")
    device.remembered = not devices.remembers_on_request(caller.pool)
    device.modified = state.clock()
    return {"UserConfirmationNecessary": devices.remembers_on_request(caller.pool)}


@operation("GetDevice")
async def get_device(context: RequestContext) -> dict[str, Any]:
    """Describe a device of the signed-in user."""
    pool, user = await _owner(context.state, context.members)
    return {"Device": devices.described(devices.confirmed(user, context.members["DeviceKey"]), pool, user)}


@operation("ListDevices")
async def list_devices(context: RequestContext) -> dict[str, Any]:
    """List the devices of the signed-in user."""
    pool, user = await _owner(context.state, context.members)
    return _page(context, pool, user)


@operation("UpdateDeviceStatus")
async def update_device_status(context: RequestContext) -> dict[str, Any]:
    """Remember a device of the signed-in user, or stop remembering it."""
    _, user = await _owner(context.state, context.members)
    return _remember(context.state, user, context.members)


@operation("ForgetDevice")
async def forget_device(context: RequestContext) -> dict[str, Any]:
    """Forget a device of the signed-in user; its tokens cannot be renewed."""
    pool, user = await _owner(context.state, context.members)
    return _forget(pool, user, context.members["DeviceKey"])


@operation("AdminGetDevice")
async def admin_get_device(context: RequestContext) -> dict[str, Any]:
    """Describe a user's device."""
    pool, user = context.pool_and_user()
    return {"Device": devices.described(devices.confirmed(user, context.members["DeviceKey"]), pool, user)}


@operation("AdminListDevices")
async def admin_list_devices(context: RequestContext) -> dict[str, Any]:
    """List a user's devices."""
    pool, user = context.pool_and_user()
    return _page(context, pool, user)


@operation("AdminUpdateDeviceStatus")
async def admin_update_device_status(context: RequestContext) -> dict[str, Any]:
    """Remember a user's device, or stop remembering it."""
    _, user = context.pool_and_user()
    return _remember(context.state, user, context.members)


@operation("AdminForgetDevice")
async def admin_forget_device(context: RequestContext) -> dict[str, Any]:
    """Forget a user's device."""
    pool, user = context.pool_and_user()
    return _forget(pool, user, context.members["DeviceKey"])


async def _owner(state: EmulatorState, given: Mapping[str, Any]) -> tuple[UserPool, User]:
    if given.get("AccessToken") is None:
        raise invalid_parameter("Missing required parameter AccessToken")
    caller = await bearer.authorize(state, given["AccessToken"])
    _require_tracking(state, caller.pool)
    return caller.pool, caller.user


def _require_tracking(state: EmulatorState, pool: UserPool) -> None:
    if devices.configuration(pool) is None:
        raise ApiError("InvalidUserPoolConfigurationException", state.assumptions.devices_off_message)


# Documented (A device's record): at most 60 on a page.
def _page(context: RequestContext, pool: UserPool, user: User) -> dict[str, Any]:
    listed = [
        devices.described(device, pool, user) for device in user.devices.values() if device.secret is not None
    ]
    return context.page(listed, "Devices", marker="PaginationToken", limit="Limit", of=user.sub)


def _remember(state: EmulatorState, user: User, given: Mapping[str, Any]) -> dict[str, Any]:
    device = devices.confirmed(user, given["DeviceKey"])
    device.remembered = given.get("DeviceRememberedStatus") == devices.REMEMBERED
    device.modified = state.clock()
    return {}


def _forget(pool: UserPool, user: User, key: str) -> dict[str, Any]:
    del user.devices[devices.confirmed(user, key).key]
    for grant in pool.tokens.of_user(user.sub):
        if grant.device_key == key:
            grant.refreshable = False
    return {}
