"""A storage that encrypts the values of another storage."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from .._public import public
from ._cipher import Cipher
from ._envelope import EnvelopeStorage
from ._protocol import Storage, check_key, check_replace, check_set, check_storage


@public("aiocognito.storage")
class EncryptedStorage:
    """Encrypts values before another storage sees them: AES-256-GCM, bound to their storage key.

    A value that no key opens raises `StorageError` and is left as it is; ``set`` and ``delete`` do not read
    the old value, so they work all the same. To change the key, put the new one first and keep the old one
    behind it until everything that it sealed has expired or been rewritten.

    Args:
        storage: The storage of the encrypted values. The storage keys themselves are not encrypted.
        keys: 32 bytes, or several such keys: the first encrypts, all decrypt.

    Raises:
        AuthConfigError: ``storage`` is not a storage, or a key is missing or not 32 bytes long.
    """

    __slots__ = ("_storage", "_values")

    def __init__(self, storage: Storage, keys: bytes | Sequence[bytes]) -> None:
        check_storage(storage)
        self._storage = storage
        self._values = EnvelopeStorage(storage, Cipher(keys, field="keys"))

    def __repr__(self) -> str:
        return f"<EncryptedStorage over {self._storage!r}>"

    @property
    def wrapped(self) -> Storage:
        """The storage where the encrypted values go."""
        return self._storage

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired (`Storage.get`)."""
        check_key(key)
        return await self._values.get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value in place of the one before (`Storage.set`)."""
        check_set(key, value, ttl)
        await self._values.set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        """Make a key absent (`Storage.delete`)."""
        check_key(key)
        await self._storage.delete(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected (`Storage.replace`)."""
        check_replace(key, value, expected, ttl)
        return await self._values.replace(key, value, expected=expected, ttl=ttl)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return the other storage's lock (`Storage.lock`)."""
        check_key(key)
        return self._storage.lock(key)
