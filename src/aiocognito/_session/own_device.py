"""The device that the signed-in person sits at."""

from __future__ import annotations

from attrs import evolve

from .._gateways.authenticated_user import AuthenticatedUser
from .._responses import RememberedDevice
from ..errors import DeviceMetadataNotFoundException
from .record import SessionRecord
from .session import Session


async def own_device(session: Session) -> RememberedDevice:
    """Return what this browser is remembered as, for the signed-in person.

    Raises:
        DeviceMetadataNotFoundException: The session's device is not confirmed, or for the session alone.
    """
    record = (await session.load()).record
    tokens = record.tokens
    devices = await session.devices.load()
    if record.device is not None or tokens is None or tokens.username not in devices:
        raise DeviceMetadataNotFoundException("this browser is not remembered as the session's device")
    return devices[tokens.username]


async def forget_device(session: Session, user: AuthenticatedUser, device_id: str | None) -> None:
    """ForgetDevice, and drop what is remembered here if it is this device."""
    if device_id is None:
        device_id = (await own_device(session)).device_key
    await user.forget_device(device_id)
    await session.devices.forget(device_id)
    await session.update(lambda record: _without_device(record, device_id))


def _without_device(record: SessionRecord, device_key: str) -> SessionRecord:
    """Do not name a device any more that is gone, when tokens are renewed."""
    if record.device is not None and record.device.device_key == device_key:
        record = evolve(record, device=None)
    if record.tokens is None or record.tokens.device_key != device_key:
        return record
    return evolve(record, tokens=evolve(record.tokens, device_key=None))
