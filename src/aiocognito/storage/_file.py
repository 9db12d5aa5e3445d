"""A storage in a directory, shared by the processes of one machine."""

from __future__ import annotations

import math
import os
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from anyio import CancelScope, current_time, sleep

from .. import _clocks as clocks
from .._public import public
from ..errors import AuthConfigError, StorageError
from ._cipher import Cipher
from ._directory import ValueDirectory
from ._protocol import check_key, check_replace, check_set
from ._task_locks import TaskLocks
from ._threads import off_loop

T = TypeVar("T")
_IS_POSIX: Final = os.name == "posix"

# How many seconds a change waits for another process's change, which takes a few milliseconds.
_WRITE_TIMEOUT: Final = 30.0
# Seconds between two attempts to lock a file. The longest pause is short beside the request that a lock is
# held for; a write takes a few milliseconds.
_FIRST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.02


@public("aiocognito.storage")
class FileStorage:
    """Stores each value in a file of its own, named after the SHA-256 hash of its key.

    Writes are atomic and synced to the disk: if a process or the machine stops, the old value
    or the new one is there. Files have mode 0600. ``lock`` and ``replace`` hold between processes of one
    machine, by ``flock(2)``; on a network file system they are as good as its ``flock`` is.
    A damaged or foreign file raises `StorageError` and is left as it is. Expired values are
    removed as other keys are changed, an hour after their end at the earliest. A clock that jumped ahead
    removes nothing until it has gone on for an hour.
    All work is done in threads, and a cancelled call returns once its thread has finished.

    Args:
        directory: Made at the first use, with its missing parents, with mode 0700. It should hold
            nothing else. It is refused if another user could alter or exchange it: every directory on
            the way must be owned by root or by the user of this process, and be writable by its owner
            alone, or sticky as ``/tmp`` is. Checked at the first use, and again when another directory,
            owner or mode is found.
        encryption_key: 32 bytes, or several such keys (the first encrypts, all decrypt), or None to
            leave the values readable to every process that can read the files. With a key, values that
            are not encrypted are refused, and the time of expiry cannot be altered either. See
            `EncryptedStorage`.
        clock: Returns the time in seconds since the epoch; ``time.time`` by default.

    Raises:
        AuthConfigError: The encryption key is missing or not 32 bytes long; or this is not a POSIX
            system, and has no ``flock(2)``.
    """

    __slots__ = ("_directory", "_leases", "_writers")

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        encryption_key: bytes | Sequence[bytes] | None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        if not _IS_POSIX:
            raise AuthConfigError(
                "FileStorage needs flock(2), as POSIX systems (Linux, macOS) have it; use another storage"
            )
        cipher = None if encryption_key is None else Cipher(encryption_key, field="encryption_key")
        # Absolute, so that a later chdir has no effect.
        self._directory = ValueDirectory(Path(directory).absolute(), cipher, clocks.resolve(clock))
        # Tasks of this process wait here, in order; only the first of them locks the file.
        self._writers = TaskLocks()
        self._leases = TaskLocks()

    def __repr__(self) -> str:
        return f"<FileStorage {str(self._directory.path)!r}>"

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired (`Storage.get`)."""
        check_key(key)
        return await self._run(partial(self._directory.get, key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value in place of the one before (`Storage.set`)."""
        check_set(key, value, ttl)
        await self._change(key, partial(self._directory.set, key, value, ttl))

    async def delete(self, key: str) -> None:
        """Make a key absent (`Storage.delete`)."""
        check_key(key)
        await self._change(key, partial(self._directory.delete, key))

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected (`Storage.replace`)."""
        check_replace(key, value, expected, ttl)
        return await self._change(key, partial(self._directory.replace, key, value, expected, ttl))

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a lock between all tasks and processes that use the directory (`Storage.lock`).

        It cannot be lost, and the kernel frees it when a process dies. Tasks that share this object
        get it in order, others in no order.
        """
        check_key(key)
        return self._lease(key)

    @asynccontextmanager
    async def _lease(self, key: str) -> AsyncGenerator[None]:
        async with self._leases.hold(key):
            lease = self._directory.lease(key)
            try:
                await self._until_free(partial(self._directory.acquire, lease))
                yield
            finally:
                with CancelScope(shield=True):
                    await self._run(lease.release)

    async def _change(self, key: str, attempt: Callable[[], bool | None]) -> bool:
        async with self._writers.hold(key):
            return await self._until_free(attempt, timeout=_WRITE_TIMEOUT)

    async def _until_free(self, attempt: Callable[[], bool | None], *, timeout: float = math.inf) -> bool:
        """Repeat an attempt until it returns a result.

        Raises:
            StorageError: Another process held the lock for ``timeout`` seconds.
        """
        # Polled rather than waited for in a thread: waiting can then be cancelled, and a process that was
        # stopped while it holds a lock blocks no thread of this process.
        deadline = current_time() + timeout
        pause = _FIRST_PAUSE
        while True:
            outcome = await self._run(attempt)
            if outcome is not None:
                return outcome
            if current_time() >= deadline:
                raise StorageError(
                    f"another process has been writing to {self._directory.path} for {timeout:g} s: look"
                    " for one that is stopped"
                )
            await sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads the processes' attempts
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    async def _run(self, call: Callable[[], T]) -> T:
        try:
            return await off_loop(call)
        except OSError as exc:
            raise StorageError(
                f"the session directory {self._directory.path} failed: {exc.strerror or exc}"
            ) from exc
