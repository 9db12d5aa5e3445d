"""Optimistic writes with `Storage.replace`: read, change, write, and repeat if another writer was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import singledispatch
from typing import Final, TypeVar

from ..errors import StorageError
from ..storage import EncryptedStorage, Storage
from ..storage._task_locks import TaskLocks

T = TypeVar("T")

# Seconds after which a write that keeps losing fails. Every loss is another writer's success, so even
# hundreds of writers of one record finish earlier.
GIVE_UP_SECONDS: Final = 30.0
# Bounds of the pause after a loss, in seconds. A write to a disk or over a local network takes a few ms.
FIRST_PAUSE_SECONDS: Final = 0.004
LONGEST_PAUSE_SECONDS: Final = 0.05

_sleep = asyncio.sleep
# By storage, key and event loop. An entry exists while a task holds it or waits for it.
_turns: Final = TaskLocks()


async def compare_and_set(storage: Storage, key: str, attempt: Callable[[], Awaitable[T | None]]) -> T:
    """Repeat an optimistic write until it succeeds.

    The first attempt needs no lock, so a record without contention costs nothing extra. After a lost
    attempt, the tasks of this process queue, and only one of them competes with other processes. Its
    pauses grow and are random, so that processes do not retry in step.

    Args:
        storage: The storage that is written to.
        key: The storage key of the record.
        attempt: Reads, and writes by `Storage.replace`; returns None if another writer was first.
            An exception ends the loop.

    Returns:
        The result of the successful attempt.

    Raises:
        StorageError: Other writers were first for 30 seconds.
    """
    result = await attempt()
    if result is not None:
        return result
    deadline = _now() + GIVE_UP_SECONDS
    async with _turns.hold(f"{identity_of(storage)}:{key}"):
        pause = FIRST_PAUSE_SECONDS
        while True:
            result = await attempt()
            if result is not None:
                return result
            if _now() >= deadline:
                break
            await _sleep(random.uniform(0, pause))  # noqa: S311 - a pause, not a secret
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    raise StorageError("other writers kept changing the session's record for 30 seconds; try again later")


def identity_of(storage: Storage) -> int:
    """Return the identity of a storage, which all that encrypt or measure it share.

    Args:
        storage: The storage, or a wrapper of this library around it.
    """
    while (wrapped := wrapped_by(storage)) is not None:
        storage = wrapped
    return id(storage)


@singledispatch
def wrapped_by(_storage: object) -> Storage | None:
    """Return the storage that a wrapper encrypts or measures; None for any other storage.

    Each wrapper registers its own type.
    """
    return None


@wrapped_by.register(EncryptedStorage)
def _(storage: EncryptedStorage) -> Storage | None:
    return storage.wrapped


async def is_stored(storage: Storage, key: str, value: bytes | None) -> bool | None:
    """Return whether a write that raised was stored nevertheless: its response may have been lost.

    Args:
        storage: The storage.
        key: The storage key.
        value: The value that was written; None if it was deleted.

    Returns:
        None if that is unknown, because reading fails, too.
    """
    with suppress(StorageError):
        return await storage.get(key) == value
    return None


def _now() -> float:
    return asyncio.get_running_loop().time()
