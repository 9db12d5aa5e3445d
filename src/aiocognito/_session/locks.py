"""Waiting for a record's lock only as long as it is needed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Final

from .session import Session

# A free lock is entered within this many seconds; otherwise another caller holds it.
FREE_SECONDS: Final = 0.1
# The first and the longest pause between two reads of the record while another caller holds the lock, in
# seconds. Each is shortened at random, by at most half.
# A process has one such reader for each session, however many of its tasks wait.
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.2


def pauses() -> Iterator[float]:
    """Yield growing, random pauses in seconds, so that waiting processes do not read in step."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(pause / 2, pause)  # noqa: S311 - a pause, not a secret
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


class HeldLock:
    """A lock that is entered and left in a task of its own, so that a waiting caller can give up.

    Args:
        lock: The context manager that `Storage.lock` returned.
    """

    def __init__(self, lock: AbstractAsyncContextManager[None]) -> None:
        loop = asyncio.get_running_loop()
        self._entered: asyncio.Future[None] = loop.create_future()
        self._leave = asyncio.Event()
        self._task = loop.create_task(self._hold(lock))

    async def _hold(self, lock: AbstractAsyncContextManager[None]) -> None:
        async with lock:
            self._entered.set_result(None)
            await self._leave.wait()

    async def is_entered(self, *, within: float) -> bool:
        """Wait for at most ``within`` seconds, and return whether the lock is held.

        Raises:
            StorageError: The lock could not be entered.
        """
        if not self._entered.done():
            await asyncio.wait({self._entered, self._task}, timeout=within, return_when="FIRST_COMPLETED")
        if self._task.done():
            self._task.result()  # raises the error of entering the lock
        return self._entered.done()

    async def leave(self) -> None:
        """Leave the lock, or stop waiting for it."""
        if self._entered.done():
            self._leave.set()
        else:
            self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            # Mark an error of leaving the lock as retrieved: the lease ends by itself.
            self._task.exception()


@asynccontextmanager
async def enter_lock(
    session: Session, storage_key: str, *, until: float, superseded: Callable[[bytes | None], bool]
) -> AsyncIterator[bool]:
    """Enter the lock of a record, and read the record while another caller holds the lock.

    Args:
        session: A session of the service.
        storage_key: The record's storage key.
        until: When to give up, by the monotonic clock. A free lock is entered even after that.
        superseded: Takes the record's bytes, and returns whether the lock is no longer needed.

    Yields:
        Whether the lock is held. If not, the time is up or ``superseded`` returned True.

    Raises:
        StorageError: The lock could not be entered.
    """
    storage = session.context.storage
    lock = HeldLock(storage.lock(storage_key))
    try:
        held = await lock.is_entered(within=FREE_SECONDS)
        pause = pauses()
        while not held and monotonic() < until and not superseded(await storage.get(storage_key)):
            held = await lock.is_entered(within=next(pause))
        yield held
    finally:
        await lock.leave()
