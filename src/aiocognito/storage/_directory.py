"""The directory of a `FileStorage`: blocking calls, each made in a worker thread.

For a storage key with the SHA-256 hash *h*, the directory has these files while they are needed:

``h.value``   the value (`_value_file`), which is only replaced as a whole;
``h.tmp``     the next value while it is written, by the process that holds ``h.write``;
``h.write``   the lock for changes of the value (`_lock_file`), held for a few milliseconds;
``h.lock``    the lock of `Storage.lock`.

A killed process can leave the last three behind: an ``h.tmp`` whose ``h.write`` can be locked, and a lock
file that can be locked, are not in use and can be removed.
"""

from __future__ import annotations

import errno
import math
import os
import re
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path

from ..errors import StorageError
from ._cipher import Cipher
from ._lock_file import LockFile
from ._private_directory import PrivateDirectory
from ._protocol import same
from ._sweep_horizon import PROBATION_SECONDS, SweepHorizon
from ._value_file import StoredValue, encode, read

_OURS = re.compile(r"[0-9a-f]{64}\.(?:value|tmp|write|lock)")

# A sweep examines the next files of the directory, four for each change on average, so its cost does not grow
# with their number.
_CHANGES_PER_SWEEP = 128
_SWEPT_FILES = 512


class ValueDirectory:
    """Reads and changes values in a directory.

    Args:
        directory: An absolute path, created at the first use (see `_private_directory`).
        cipher: Encrypts the values; None stores them unencrypted.
        clock: Returns the time in seconds since the epoch.
    """

    def __init__(self, directory: Path, cipher: Cipher | None, clock: Callable[[], float]) -> None:
        self.path = directory
        self._private = PrivateDirectory(directory)
        self._cipher = cipher
        self._clock = clock
        self._changes = 0
        self._horizon = SweepHorizon(is_trusted=False)
        self._names = _names(directory)
        self._sweeping = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired."""
        self._prepare()
        return self._get(key, _stem(key))

    def set(self, key: str, value: bytes, ttl: float | None) -> bool | None:
        """Store a value. Return None if another process is changing this key."""
        return self._change(_stem(key), lambda stem: self._put(key, stem, value, ttl))

    def delete(self, key: str) -> bool | None:
        """Remove a value. Return None if another process is changing this key."""
        return self._change(_stem(key), self._drop)

    def replace(
        self, key: str, value: bytes | None, expected: bytes | None, ttl: float | None
    ) -> bool | None:
        """Compare and set. Return None if another process is changing this key."""

        def compare_and_set(stem: str) -> bool:
            if not same(self._get(key, stem), expected):
                return False
            return self._drop(stem) if value is None else self._put(key, stem, value, ttl)

        return self._change(_stem(key), compare_and_set)

    def lease(self, key: str) -> LockFile:
        """Return the lock of `Storage.lock`, not yet acquired."""
        return LockFile(self._path(_stem(key), "lock"))

    def acquire(self, lease: LockFile) -> bool | None:
        """Try once to acquire a lease. Return None if another holder has it."""
        self._prepare()
        return lease.try_acquire() or None

    def _get(self, key: str, stem: str) -> bytes | None:
        stored = read(self._path(stem, "value"))
        if stored is None:
            # A directory that was removed or is not mounted must raise, not look empty.
            self.path.stat()
            return None
        if stored.expires <= self._clock():
            return None
        return self._opened(key, stored)

    def _opened(self, key: str, stored: StoredValue) -> bytes:
        if self._cipher is not None:
            # Also if the file is marked as unencrypted: another process could have put it there.
            expires = stored.expires if stored.is_expiry_sealed else None
            return self._loaded(self._cipher).open(key, stored.value, expires=expires)
        if stored.is_sealed:
            raise StorageError(
                "the stored value is encrypted, and no encryption key is configured", retryable=False
            )
        return stored.value

    def _put(self, key: str, stem: str, value: bytes, ttl: float | None) -> bool:
        expires = math.inf if ttl is None else self._clock() + ttl
        if self._cipher is not None:
            value = self._loaded(self._cipher).seal(key, value, expires=expires)
        content = encode(stem, StoredValue(value, expires, self._cipher is not None))
        temporary = self._path(stem, "tmp")
        try:
            _write_new(temporary, content)
            temporary.replace(self._path(stem, "value"))
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        self._sync_directory()
        return True

    def _drop(self, stem: str) -> bool:
        with suppress(FileNotFoundError):
            self._path(stem, "value").unlink()
            self._sync_directory()
        return True

    def _change(self, stem: str, change: Callable[[str], bool]) -> bool | None:
        self._prepare()
        lock = LockFile(self._path(stem, "write"))
        if not lock.try_acquire():
            return None
        try:
            changed = change(stem)
        finally:
            lock.release()
        self._sweep_now_and_then()
        return changed

    def _path(self, stem: str, suffix: str) -> Path:
        return self.path / f"{stem}.{suffix}"

    def _loaded(self, cipher: Cipher) -> Cipher:
        if not cipher.is_loaded:
            cipher.load()
        return cipher

    def _sync_directory(self) -> None:
        # POSIX: a rename survives a loss of power only after fsync of the directory.
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as exc:
            if exc.errno != errno.EINVAL:  # some network file systems cannot sync a directory
                raise
        finally:
            os.close(descriptor)

    def _prepare(self) -> None:
        weakness = self._private.prepare()
        if weakness is not None:
            raise StorageError(f"the session directory is not safe: {weakness}", retryable=False)

    def _sweep_now_and_then(self) -> None:
        # At the first change, too: a script may make one change per run.
        if self._changes % _CHANGES_PER_SWEEP == 0:
            with suppress(OSError):  # the change itself succeeded
                self._sweep()
        self._changes += 1

    def _sweep(self) -> None:
        with self._sweeping:
            names = list(islice(self._names, _SWEPT_FILES))
            if len(names) < _SWEPT_FILES:
                self._names = _names(self.path)  # the next sweep starts from the beginning
        # Expired values stay for another hour, in case this clock is ahead.
        horizon = self._horizon.at(self._clock()) - PROBATION_SECONDS
        for name in names:
            with suppress(OSError):  # a file that cannot be locked or removed must not stop the sweep
                self._sweep_file(self.path / name, horizon)

    def _sweep_file(self, path: Path, horizon: float) -> None:
        if not _OURS.fullmatch(path.name):
            return
        if path.suffix == ".lock":
            self._sweep_lock(path)
        elif path.suffix != ".value" or _is_expired(path, horizon):
            self._sweep_dead(path, horizon)

    def _sweep_lock(self, path: Path) -> None:
        lock = LockFile(path)
        lock.try_acquire()
        lock.release()

    def _sweep_dead(self, path: Path, horizon: float) -> None:
        lock = LockFile(path.with_suffix(".write"))
        if not lock.try_acquire():
            return
        try:
            path.with_suffix(".tmp").unlink(missing_ok=True)
            if _is_expired(path.with_suffix(".value"), horizon):  # it may have been renewed since
                path.with_suffix(".value").unlink(missing_ok=True)
        finally:
            lock.release()


def _names(directory: Path) -> Generator[str]:
    # The directory stays open between two sweeps if it has more files than one sweep looks at; it is closed
    # with the generator. Listing it again for each sweep would take longer the more files it has.
    with os.scandir(directory) as entries:
        for entry in entries:
            yield entry.name


def _is_expired(path: Path, horizon: float) -> bool:
    try:
        stored = read(path)
    except (OSError, StorageError):
        return False  # unreadable files are left alone
    return stored is not None and stored.expires <= horizon


def _stem(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _write_new(path: Path, content: bytes) -> None:
    try:
        descriptor = _create(path)
    except FileExistsError:
        path.unlink()  # left by a killed process
        descriptor = _create(path)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create(path: Path) -> int:
    # O_EXCL: do not follow a planted link (CWE-377), nor keep the mode of an existing file.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
