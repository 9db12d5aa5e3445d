"""The device that the signed-in person sits at."""

from __future__ import annotations

from ..answers import RememberedDevice
from ..errors import DeviceMetadataNotFoundException
from ..services.own_user import OwnUser
from .session import Session


async def own_device(session: Session) -> tuple[str, RememberedDevice]:
    """Return the person's username and what this browser is remembered as.

    Raises:
        DeviceMetadataNotFoundException: It is no device that Cognito confirmed.
    """
    tokens = (await session.load()).record.tokens
    devices = await session.devices.load()
    if tokens is None or tokens.username not in devices:
        raise DeviceMetadataNotFoundException("this browser is no device that Cognito confirmed")
    return tokens.username, devices[tokens.username]


async def forget_device(session: Session, user: OwnUser, device_id: str | None) -> None:
    """ForgetDevice, and drop what is remembered here if it is this device."""
    if device_id is None:
        username, device = await own_device(session)
        await user.forget_device(device.device_key)
        await session.devices.forget(username)
        return
    await user.forget_device(device_id)
    for username, device in (await session.devices.load()).items():
        if device.device_key == device_id:
            await session.devices.forget(username)
