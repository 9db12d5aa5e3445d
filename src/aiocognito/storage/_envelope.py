"""Values in envelopes: what a shared server stores for a value, encrypted or open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from .._threads import run_in_thread
from ..errors import StorageError
from ._cipher import Cipher
from ._protocol import same

_OPEN = b"\x00"
_NONCE_BYTES = 8


class Envelope(Protocol):
    """Turns values into what is stored, and back. Two envelopes of one value always differ."""

    @property
    def is_loaded(self) -> bool:
        """Whether `load` has been called."""
        ...

    def load(self) -> None:
        """Prepare the keys. Blocks: call it in a thread."""
        ...

    def seal(self, key: str, value: bytes) -> bytes:
        """Return what is stored for the value of a storage key."""
        ...

    def open(self, key: str, sealed: bytes) -> bytes:
        """Return the value of a storage key.

        Raises:
            StorageError: It is not an envelope of this kind for this key.
        """
        ...


class OpenEnvelope:
    """An envelope that does not encrypt: one byte that says so, a nonce, and the value.

    The byte distinguishes an open value from an encrypted one, so that a deployment without its encryption
    key raises an error instead of losing every session.
    """

    is_loaded = True

    def load(self) -> None:
        """Do nothing, without keys."""

    def seal(self, key: str, value: bytes) -> bytes:  # noqa: ARG002 - as `Envelope` has it
        """Return what is stored for a value."""
        return _OPEN + os.urandom(_NONCE_BYTES) + value

    def open(self, key: str, sealed: bytes) -> bytes:  # noqa: ARG002 - as `Envelope` has it
        """Return the value.

        Raises:
            StorageError: It is encrypted, or was not written by this library.
        """
        if sealed.startswith(_OPEN) and len(sealed) > _NONCE_BYTES:
            return sealed[len(_OPEN) + _NONCE_BYTES :]
        raise StorageError(
            "the stored value is encrypted, and no encryption key is configured, or another program wrote it",
            retryable=False,
            recovery_suggestion="Pass the encryption key that it was written with. It is left as it is.",
        )


def envelope_for(encryption_key: bytes | Sequence[bytes] | None) -> Envelope:
    """Return the envelope for the ``encryption_key`` of a storage.

    Raises:
        AuthConfigError: The key is not 32 bytes long, or several such keys.
    """
    return OpenEnvelope() if encryption_key is None else Cipher(encryption_key, field="encryption_key")


class Envelopes(Protocol):
    """The calls of `Storage` that an `EnvelopeStorage` makes."""

    async def get(self, key: str) -> bytes | None:
        """Return an envelope (`Storage.get`)."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store an envelope (`Storage.set`)."""
        ...

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Compare and set (`Storage.replace`)."""
        ...


class EnvelopeStorage:
    """The reads and writes of a storage whose values lie in envelopes in another storage.

    Args:
        storage: The storage of the envelopes.
        envelope: Seals and opens the values.
    """

    __slots__ = ("_envelope", "_storage")

    def __init__(self, storage: Envelopes, envelope: Envelope) -> None:
        self._storage = storage
        self._envelope = envelope

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired (`Storage.get`)."""
        return await self._opened(key, await self._storage.get(key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value in place of the one before (`Storage.set`)."""
        await self._storage.set(key, await self._sealed(key, value), ttl=ttl)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected (`Storage.replace`)."""
        sealed = None if value is None else await self._sealed(key, value)
        # Each envelope of a value differs, so what the other storage compares is the envelope that has
        # just been read. If that fails, the same value may have been sealed again since: look again.
        # Every round that fails is one in which another writer succeeded.
        while True:
            found = await self._storage.get(key)
            if not same(await self._opened(key, found), expected):
                return False
            if await self._storage.replace(key, sealed, expected=found, ttl=ttl):
                return True

    async def _sealed(self, key: str, value: bytes) -> bytes:
        return (await self._loaded()).seal(key, value)

    async def _opened(self, key: str, sealed: bytes | None) -> bytes | None:
        return None if sealed is None else (await self._loaded()).open(key, sealed)

    async def _loaded(self) -> Envelope:
        if not self._envelope.is_loaded:
            await run_in_thread(self._envelope.load)
        return self._envelope
