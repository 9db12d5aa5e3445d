"""The contract of a storage, and the checks of arguments that all implementations share."""

from __future__ import annotations

import hmac
import sys
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, runtime_checkable

from .._config_checks import check_object, is_number
from .._public import public

_METHODS: Final = ("get", "set", "delete", "replace", "lock")


@public("aiocognito.storage")
@runtime_checkable
class Storage(Protocol):
    """Bytes under keys, each with a lifetime.

    Expired values are absent. A failure of the backend, or a value that it cannot read, raises
    `aiocognito.errors.StorageError`; it is never reported as an absent value. Every method may be
    cancelled: a write then has happened completely or not at all. Arguments of a wrong type raise
    ``TypeError``, a lifetime that is not positive and finite ``ValueError``, before anything is done.
    """

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired.

        Raises:
            StorageError: The backend failed, or the stored value cannot be read.
        """
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value, atomically, in place of the one before.

        Args:
            key: The key.
            value: The value.
            ttl: Seconds until the value expires, counted from now; None (the default) is never. It
                replaces the lifetime that the value had before.

        Raises:
            StorageError: The backend failed.
        """
        ...

    async def delete(self, key: str) -> None:
        """Make a key absent. It need not be present.

        Raises:
            StorageError: The backend failed.
        """
        ...

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected: compare-and-set.

        Args:
            key: The key.
            value: The value to store; None deletes.
            expected: The value that must be stored now; None if the key must be absent.
            ttl: Seconds until the new value expires; None (the default) is never.

        Returns:
            True if ``expected`` was there and ``value`` is now; False if nothing was changed.

        Raises:
            StorageError: The backend failed, or the stored value cannot be read.
        """
        ...

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return an async context manager that one holder at a time can be inside of.

        It excludes all other holders that share the storage. It does not affect the other methods,
        which may be called inside. It is not re-entrant: a task that enters it twice waits for ever.
        Waiting can be cancelled at once and leaves nothing behind. Depending on the backend it is a
        lease that may be lost, so it only saves requests: consistency depends on `replace`.

        Raises:
            StorageError: When it is entered: the backend failed. An entry that cannot succeed fails
                without waiting. What is raised inside passes through unchanged.
        """
        ...


def check_key(key: object) -> None:
    """Raise TypeError if a storage key is not text."""
    if not isinstance(key, str):
        raise TypeError(f"key must be a str, not {type(key).__name__}")


def check_value(value: object, name: str = "value") -> None:
    """Raise TypeError if a value is not bytes. A bytearray is refused, too: it could change later."""
    if not isinstance(value, bytes):
        raise TypeError(f"{name} must be bytes, not {type(value).__name__}")


def check_ttl(ttl: object) -> None:
    """Check that a lifetime is None or a positive, finite number of seconds.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not positive, or not finite.
    """
    if ttl is None:
        return
    if not is_number(ttl):
        raise TypeError(f"ttl must be a number of seconds or None, not {type(ttl).__name__}")
    if not 0 < ttl <= sys.float_info.max:  # false for NaN, too
        raise ValueError(f"ttl must be a positive, finite number of seconds, not {ttl}")


def check_set(key: object, value: object, ttl: object) -> None:
    """Check the arguments of `Storage.set`."""
    check_key(key)
    check_value(value)
    check_ttl(ttl)


def check_replace(key: object, value: object, expected: object, ttl: object) -> None:
    """Check the arguments of `Storage.replace`."""
    check_key(key)
    if value is not None:
        check_value(value)
    if expected is not None:
        check_value(expected, "expected")
    check_ttl(ttl)


def same(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two optional values are equal, in constant time."""
    if one is None or other is None:
        return one is other
    return hmac.compare_digest(one, other)


def check_storage(storage: object) -> None:
    """Check an argument ``storage``.

    Raises:
        AuthConfigError: It is not a `Storage`.
    """
    check_object("storage", storage, _METHODS, "MemoryStorage()")
