"""The form of a stored value in a file: a header of fixed size, then the value.

==========  =======================================================================
4 bytes     ``AIOC``
1 byte      version of this form: 2
1 byte      0: the value is not encrypted; 1: it is sealed (see `_cipher`)
8 bytes     when it expires, in seconds since the epoch: a double, infinite if never
8 bytes     length of the value
4 bytes     CRC-32 over the file's stem, the header so far, and the value
==========  =======================================================================

Numbers are big-endian. The checksum covers the stem, which is the hash of the storage key, so that a renamed
file is not taken for another key's. The checksum detects damage; only encryption detects forgery.

In version 1, of releases in development, encryption did not cover the time of expiry. Such files are still
read; the next write of the value makes them version 2.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path
from struct import Struct
from zlib import crc32

from attrs import field, frozen

from ..errors import StorageError

_MAGIC = b"AIOC"
_VERSION = 2
_UNBOUND_EXPIRY = 1
_HEADER = Struct(">4sBBdQ")
_CHECKSUM = Struct(">I")
_SIZE = _HEADER.size + _CHECKSUM.size


@frozen
class StoredValue:
    """The content of a file.

    Attributes:
        value: The value, sealed or not.
        expires: When it expires, in seconds since the epoch, infinite if never.
        is_sealed: Whether the value is sealed.
        is_expiry_sealed: Whether ``expires`` is associated data of a sealed value.
    """

    value: bytes = field(repr=False)
    expires: float
    is_sealed: bool
    is_expiry_sealed: bool = True


def encode(stem: str, stored: StoredValue) -> bytes:
    """Return the content of the file with this stem."""
    header = _HEADER.pack(_MAGIC, _VERSION, stored.is_sealed, stored.expires, len(stored.value))
    return header + _CHECKSUM.pack(_checksum(stem, header, stored.value)) + stored.value


def read(path: Path) -> StoredValue | None:
    """Read a file, or return None if it does not exist.

    Raises:
        StorageError: The file is damaged, truncated, of a later version, or not of this library.
        OSError: It cannot be read.
    """
    # A symbolic link is not followed, and a pipe is not waited for.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _unreadable(path, "it is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            return _decode(path, file, status.st_size)
    finally:
        os.close(descriptor)


def _decode(path: Path, file: BufferedReader, size: int) -> StoredValue:
    header, checksum = file.read(_HEADER.size), file.read(_CHECKSUM.size)
    if not header.startswith(_MAGIC):
        raise _unreadable(path, "it was not written by this library, or is cut short")
    if len(header) + len(checksum) < _SIZE:
        raise _unreadable(path, "it is cut short")
    _, version, sealed, expires, length = _HEADER.unpack(header)
    if version not in (_UNBOUND_EXPIRY, _VERSION):
        raise _unreadable(path, f"it has version {version}, which this release does not know")
    if size != _SIZE + length:  # before reading: the length may be anything
        raise _unreadable(path, "its length is wrong")
    value = file.read(length)
    if checksum != _CHECKSUM.pack(_checksum(path.stem, header, value)):
        raise _unreadable(path, "it is damaged, or was renamed")
    return StoredValue(value, expires, bool(sealed), version == _VERSION)


def _checksum(stem: str, header: bytes, value: bytes) -> int:
    return crc32(value, crc32(header, crc32(stem.encode())))


def _unreadable(path: Path, why: str) -> StorageError:
    return StorageError(f"cannot read the stored value in {path}: {why}", retryable=False)
