"""Devices: confirmed, listed, remembered, forgotten; by their owner and by the administrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import devices, paging
from ..errors import ApiError, invalid_parameter
from ..pool import UserPool
from ..state import EmulatorState
from ..tokens import bearer
from ..users import User
from .admin_users import named


async def ConfirmDevice(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the verifier of a device that this very sign-in named."""
    who = await bearer.authorize(world, given["AccessToken"])
    _require_tracking(world, who.pool)
    device = who.user.devices.get(given["DeviceKey"])
    if device is None or who.grant.device_key != device.key:
        raise invalid_parameter("Invalid device key given.")
    if device.secret is not None:
        raise ApiError(
            "DeviceKeyExistsException",
            world.unsettled.device_key_exists_message,
            instead="InvalidParameterException",
        )
    device.secret = devices.verifier(given.get("DeviceSecretVerifierConfig"))
    device.name = given.get("DeviceName")
    device.remembered = not devices.remembers_on_request(who.pool)
    device.modified = world.clock()
    return {"UserConfirmationNecessary": devices.remembers_on_request(who.pool)}


async def GetDevice(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a device of one's own."""
    pool, user = await _owner(world, given)
    return {"Device": devices.described(devices.confirmed(user, given["DeviceKey"]), pool, user)}


async def ListDevices(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List one's own devices, a page at a time."""
    pool, user = await _owner(world, given)
    return _page(pool, user, given)


async def UpdateDeviceStatus(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Have a device of one's own remembered, or not."""
    _, user = await _owner(world, given)
    return _remember(world, user, given)


async def ForgetDevice(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Forget a device of one's own; its tokens cannot be renewed."""
    pool, user = await _owner(world, given)
    return _forget(pool, user, given["DeviceKey"])


async def AdminGetDevice(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a user's device."""
    pool, user = named(world, given)
    return {"Device": devices.described(devices.confirmed(user, given["DeviceKey"]), pool, user)}


async def AdminListDevices(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List a user's devices."""
    pool, user = named(world, given)
    return _page(pool, user, given)


async def AdminUpdateDeviceStatus(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Have a user's device remembered, or not."""
    _, user = named(world, given)
    return _remember(world, user, given)


async def AdminForgetDevice(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Forget a user's device."""
    pool, user = named(world, given)
    return _forget(pool, user, given["DeviceKey"])


async def _owner(world: EmulatorState, given: Mapping[str, Any]) -> tuple[UserPool, User]:
    if given.get("AccessToken") is None:
        raise invalid_parameter("Missing required parameter AccessToken")
    who = await bearer.authorize(world, given["AccessToken"])
    _require_tracking(world, who.pool)
    return who.pool, who.user


def _require_tracking(world: EmulatorState, pool: UserPool) -> None:
    if devices.configuration(pool) is None:
        raise ApiError("InvalidUserPoolConfigurationException", world.unsettled.devices_off_message)


def _page(pool: UserPool, user: User, given: Mapping[str, Any]) -> dict[str, Any]:
    listed = [
        devices.described(device, pool, user) for device in user.devices.values() if device.secret is not None
    ]
    return paging.page(listed, "Devices", given.get("PaginationToken"), given.get("Limit"), "PaginationToken")


def _remember(world: EmulatorState, user: User, given: Mapping[str, Any]) -> dict[str, Any]:
    device = devices.confirmed(user, given["DeviceKey"])
    device.remembered = given.get("DeviceRememberedStatus") == devices.REMEMBERED
    device.modified = world.clock()
    return {}


def _forget(pool: UserPool, user: User, key: str) -> dict[str, Any]:
    del user.devices[devices.confirmed(user, key).key]
    for grant in pool.tokens.grants.values():
        if grant.device_key == key:
            grant.refreshable = False
    return {}
