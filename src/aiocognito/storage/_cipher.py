"""Authenticated encryption of stored values: AES-256-GCM (NIST SP 800-38D, RFC 5116)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING

from ..errors import AuthConfigError, StorageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_EXPIRY = Struct(">d")
_NONCE_BYTES = 12  # 96 bits, random for each value: SP 800-38D, 8.2.2
_TAG_BYTES = 16
_VERSION = b"\x01"
_VERSION_WITH_EXPIRY = b"\x02"


class Cipher:
    """Seals values to their storage key, with the first of its keys, and opens them with any.

    A sealed value is one byte of version, the nonce, the ciphertext and its tag. In version 1 the
    storage key is the associated data, so a value moved to another key does not open. In version 2 that
    is the version, the time of expiry as a big-endian double, and the storage key. Random nonces are
    good for 2^32 values under one encryption key.

    Args:
        keys: 32 bytes, or several such keys.
        field: The argument with the keys, for the error.

    Raises:
        AuthConfigError: A key is missing or not 32 bytes long.
    """

    __slots__ = ("_boxes", "_keys")

    def __init__(self, keys: bytes | Sequence[bytes], *, field: str) -> None:
        self._keys = _checked(keys, field)
        self._boxes: tuple[AESGCM, ...] = ()

    def __repr__(self) -> str:
        return f"<Cipher keys={len(self._keys)}>"

    @property
    def is_loaded(self) -> bool:
        """Whether `load` has been called."""
        return bool(self._boxes)

    def load(self) -> None:
        """Import OpenSSL's binding and prepare the keys. It reads files, so call it off the loop."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._boxes = tuple(AESGCM(key) for key in self._keys)

    def seal(self, key: str, value: bytes, *, expires: float | None = None) -> bytes:
        """Encrypt a value for a storage key.

        Args:
            key: The storage key.
            value: The value.
            expires: When the value expires, if the storage stores that beside it. It is authenticated:
                if it was altered, the value does not decrypt. None leaves it out.
        """
        nonce = os.urandom(_NONCE_BYTES)
        version = _VERSION if expires is None else _VERSION_WITH_EXPIRY
        return version + nonce + self._boxes[0].encrypt(nonce, value, _associated(key, expires))

    def open(self, key: str, sealed: bytes, *, expires: float | None = None) -> bytes:
        """Decrypt the value of a storage key.

        Args:
            key: The storage key.
            sealed: What `seal` returned.
            expires: As for `seal`.

        Raises:
            StorageError: No key opens it: it was sealed with another key, for another storage key or
                another time of expiry, was altered, or was never sealed.
        """
        from cryptography.exceptions import InvalidTag

        version = _VERSION if expires is None else _VERSION_WITH_EXPIRY
        body = len(version) + _NONCE_BYTES
        if sealed.startswith(version) and len(sealed) >= body + _TAG_BYTES:
            nonce, ciphertext = sealed[len(version) : body], sealed[body:]
            associated = _associated(key, expires)
            for box in self._boxes:
                try:
                    return box.decrypt(nonce, ciphertext, associated)
                except InvalidTag:
                    continue
        raise StorageError(
            "no encryption key opens the stored value: the key was changed or the value altered",
            retryable=False,
            recovery_suggestion="Configure the key that encrypted it, too, behind the key for new values."
            " The value is left as it is.",
        )


def _associated(key: str, expires: float | None) -> bytes:
    name = key.encode("utf-8", "surrogatepass")
    return name if expires is None else _VERSION_WITH_EXPIRY + _EXPIRY.pack(expires) + name


def _checked(keys: object, field: str) -> tuple[bytes, ...]:
    several = (keys,) if isinstance(keys, bytes) else keys
    if isinstance(several, str) or not isinstance(several, Sequence):
        raise AuthConfigError(
            f"must be {_KEY_BYTES} bytes, or several such keys, not {type(keys).__name__}", field=field
        )
    if not several:
        raise AuthConfigError("must hold at least one key", field=field)
    for key in several:
        if not isinstance(key, bytes):
            raise AuthConfigError(f"a key must be bytes, not {type(key).__name__}", field=field)
        if len(key) != _KEY_BYTES:
            raise AuthConfigError(f"a key must be {_KEY_BYTES} bytes long, not {len(key)}", field=field)
    return tuple(several)
