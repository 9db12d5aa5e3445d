"""A browser's remembered devices: their secrets, stored under the hash of the browser's device token.

There is one entry per username. Secrets are never stored under the username alone: otherwise a password
would be enough to use the device's proof in place of the second factor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import evolve

from .._responses import RememberedDevice
from ..errors import DeviceMetadataNotFoundException, StorageError
from . import keys
from .compare_and_set import compare_and_set
from .context import ServiceContext
from .record import SessionRecord

VERSION: Final = 1
# A device token is a cookie for about a year. Its entries live as long, from their last change.
LIFE_SECONDS: Final = 365 * 86_400.0

Devices = Mapping[str, RememberedDevice]


class DeviceStore:
    """The remembered devices of one browser.

    Args:
        context: The service's context, with the storage.
        device_token: The browser's secret. None if it has none; then nothing is stored.
    """

    __slots__ = ("_context", "_key", "token")

    def __init__(self, context: ServiceContext, device_token: str | None) -> None:
        self._context = context
        self.token = device_token
        self._key: str | None = None

    @classmethod
    def at(cls, context: ServiceContext, storage_key: str) -> DeviceStore:
        """Return the store of a browser by its storage key, without its device token."""
        store = cls(context, None)
        store._key = storage_key
        return store

    @property
    def storage_key(self) -> str | None:
        """The storage key of the entries; None without a device token."""
        if self._key is None and self.token is not None:
            # Computed when it is needed: most requests need no device.
            self._key = keys.device_storage_key(self._context.config, self.token)
        return self._key

    @property
    def is_tracked(self) -> bool:
        """Whether this browser's devices are remembered and offered at sign-in."""
        return self.storage_key is not None and self._context.config.device_tracking

    async def load(self) -> Devices:
        """Return this browser's devices by username."""
        key = self.storage_key
        if key is None or not self.is_tracked:
            return {}
        return _load(await self._context.storage.get(key))

    async def remember(self, device: RememberedDevice, *names: str) -> None:
        """Store a device for one user.

        Args:
            device: The device and its secret.
            names: The user's names: Cognito's username and the alias that the user types, so that a
                flow that only knows the alias finds the device.
        """
        await self._update(lambda devices: {**devices, **dict.fromkeys(names, device)})

    async def forget(self, device_key: str) -> None:
        """Delete a device, under every username."""
        await self._update(lambda devices: _without(devices, device_key))

    async def forget_user(self, username: str) -> None:
        """Delete the device of one user, under every username."""
        await self._update(
            lambda devices: (
                _without(devices, devices[username].device_key) if username in devices else devices
            )
        )

    async def _update(self, change: Callable[[Devices], Devices]) -> None:
        key = self.storage_key
        if key is None:
            return
        storage = self._context.storage

        async def attempt() -> Devices | None:
            raw = await storage.get(key)
            before = _load(raw)
            after = change(before)
            if after == before:
                return after
            value, ttl = (_dump(after), LIFE_SECONDS) if after else (None, None)
            return after if await storage.replace(key, value, expected=raw, ttl=ttl) else None

        await compare_and_set(storage, key, attempt)


def session_device(devices: Devices, record: SessionRecord) -> RememberedDevice:
    """Return the entry of this browser that the session's tokens were issued to.

    Args:
        devices: The browser's entries.
        record: The session's record.

    Raises:
        DeviceMetadataNotFoundException: The session's device is not confirmed, or has no entry.
    """
    tokens = record.tokens
    if record.device is not None or tokens is None or tokens.username not in devices:
        raise DeviceMetadataNotFoundException("this browser is not remembered as the session's device")
    return devices[tokens.username]


def without_device(record: SessionRecord, device_key: str) -> SessionRecord:
    """Return a record whose tokens are renewed without naming a forgotten device."""
    if record.device is not None and record.device.device_key == device_key:
        record = evolve(record, device=None)
    if record.tokens is None or record.tokens.device_key != device_key:
        return record
    return evolve(record, tokens=evolve(record.tokens, device_key=None))


def _without(devices: Devices, device_key: str) -> Devices:
    return {name: device for name, device in devices.items() if device.device_key != device_key}


def _dump(devices: Devices) -> bytes:
    document = {
        "version": VERSION,
        "devices": {
            name: [device.device_key, device.device_group_key, device.random_password]
            for name, device in devices.items()
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _load(raw: bytes | None) -> Devices:
    """Parse the entries. Unreadable ones are dropped, and the next sign-in confirms a new device."""
    if raw is None:
        return {}
    try:
        document: dict[str, Any] = json.loads(raw)
        version = document["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    if version != VERSION:
        raise StorageError(f"the device was stored by another version of this library (format {version!r})")
    try:
        return {name: _device(values) for name, values in document["devices"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _device(values: object) -> RememberedDevice:
    match values:
        case [str(device_key), str(device_group_key), str(random_password)]:
            return RememberedDevice(device_key, device_group_key, random_password)
    raise ValueError
