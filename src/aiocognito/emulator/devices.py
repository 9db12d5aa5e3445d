"""Remembered devices: named at a sign-in, confirmed with a verifier, proven in place of a second factor."""

from __future__ import annotations

import base64
import binascii
import secrets
import string
from typing import TYPE_CHECKING, Any, Final

from .._partitions import partition_of
from .account import ACCOUNT
from .errors import ApiError, invalid_parameter
from .records import Device
from .srp_server import Verifier

if TYPE_CHECKING:
    from .pool import UserPool
    from .users import User

REMEMBERED: Final = "remembered"
_GROUP_KEY: Final = string.ascii_letters + string.digits


def described(device: Device, pool: UserPool, user: User) -> dict[str, Any]:
    """Describe a device as ListDevices does."""
    owner = f"{user.username}.{pool.id}"
    partition = partition_of(pool.region).name
    arn = f"arn:{partition}:cognito-idp:{pool.region}:{ACCOUNT}:owner/{owner}/device/{device.key}"
    attributes = {
        "device_status": "valid",
        **({} if device.name is None else {"device_name": device.name}),
        "dev:device_arn": arn,
        "dev:device_owner": owner,
        "last_ip_used": "127.0.0.1",
        "dev:device_remembered_status": REMEMBERED if device.remembered else "not_remembered",
        "dev:device_sdk": "aws-sdk-unknown-unknown",
    }
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
        "DeviceCreateDate": device.created,
        "DeviceLastModifiedDate": device.modified,
        "DeviceLastAuthenticatedDate": device.authenticated,
    }


def configuration(pool: UserPool) -> dict[str, Any] | None:
    """Return ``DeviceConfiguration``; ``None`` if devices are not tracked."""
    found: dict[str, Any] | None = pool.settings.get("DeviceConfiguration")
    return found


def asks_on_new_device(pool: UserPool) -> bool:
    """Whether a remembered device stands in for the second factor."""
    return bool((configuration(pool) or {}).get("ChallengeRequiredOnNewDevice"))


def remembers_on_request(pool: UserPool) -> bool:
    """Whether users are asked before a device is remembered."""
    return bool((configuration(pool) or {}).get("DeviceOnlyRememberedOnUserPrompt"))


def new(pool: UserPool, key: str, now: float) -> Device:
    """Return a new device; it is not listed until it is confirmed."""
    group = "-" + "".join(secrets.choice(_GROUP_KEY) for _ in range(8))
    return Device(f"{pool.region}_{key}", group, now, now, now)


def confirmed(user: User, key: str) -> Device:
    """Find a confirmed device.

    Raises:
        ApiError: The device does not exist.
    """
    device = user.devices.get(key)
    if device is None or device.secret is None:
        # Recorded (A device that is gone): clients recognize this text, and forget the device.
        raise ApiError("ResourceNotFoundException", "Device does not exist.")
    return device


def verifier(given: dict[str, Any] | None) -> Verifier:
    """Parse DeviceSecretVerifierConfig.

    Raises:
        ApiError: It is missing or malformed.
    """
    try:
        salt, value = ((given or {})[name] for name in ("Salt", "PasswordVerifier"))
        numbers = [int.from_bytes(base64.b64decode(text, validate=True), "big") for text in (salt, value)]
    except (KeyError, binascii.Error, ValueError):
        raise invalid_parameter("Invalid device secret verifier config given.") from None
    if not numbers[1]:
        raise invalid_parameter("Invalid device secret verifier config given.")
    return Verifier(numbers[0], numbers[1])
