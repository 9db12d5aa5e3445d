"""The loop round `Storage.replace`: read, change, write, and again if another writer was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from ..errors import StorageError
from ..storage import Storage
from ..storage._task_locks import TaskLocks

T = TypeVar("T")

# Seconds after which a write that keeps losing fails. Every loss is another caller's success, so even
# hundreds of writers of one record are done long before.
GIVE_UP_SECONDS: Final = 30.0
# Bounds of the pause after a loss, in seconds. A write to a disk or over a local network takes a few ms.
FIRST_PAUSE_SECONDS: Final = 0.004
LONGEST_PAUSE_SECONDS: Final = 0.05

_sleep = asyncio.sleep
# By storage, key and event loop; an entry exists only while a task holds it or waits for it.
_turns: Final = TaskLocks()


async def compare_and_set(storage: Storage, key: str, attempt: Callable[[], Awaitable[T | None]]) -> T:
    """Repeat an optimistic write until it succeeds.

    The first attempt takes no turn, so that a record without contention costs nothing extra. The tasks
    of this process that lost take turns, first come, first served, and only one of them competes with
    other processes. Its pauses grow and are drawn at random, so that processes do not keep step.

    Args:
        storage: The storage that is written to.
        key: The storage key of the record.
        attempt: Reads, and writes by `Storage.replace`; returns None if another writer was first.
            What it raises ends the loop.

    Returns:
        What the successful attempt returned.

    Raises:
        StorageError: Other writers were first for 30 seconds.
    """
    result = await attempt()
    if result is not None:
        return result
    deadline = _now() + GIVE_UP_SECONDS
    async with _turns.hold(f"{id(storage)}:{key}"):
        pause = FIRST_PAUSE_SECONDS
        while True:
            result = await attempt()
            if result is not None:
                return result
            if _now() >= deadline:
                break
            await _sleep(random.uniform(0, pause))  # noqa: S311 - a pause, not a secret
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    raise StorageError(
        "the record kept changing while it was written: too many writers of one session; try again later"
    )


async def is_stored(storage: Storage, key: str, value: bytes | None) -> bool | None:
    """Return whether a write that failed has happened all the same: its answer may have been lost.

    Args:
        storage: The storage that was written to.
        key: The storage key.
        value: What was to be stored; None if the value was to be deleted.

    Returns:
        None if that cannot be known, because reading fails as well.
    """
    with suppress(StorageError):
        return await storage.get(key) == value
    return None


def _now() -> float:
    return asyncio.get_running_loop().time()
