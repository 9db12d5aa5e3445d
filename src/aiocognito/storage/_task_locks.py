"""Locks by name between the tasks of one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from attrs import Factory, define


@define(eq=False)
class _Counted:
    # asyncio's rather than anyio's: a lock may be left by another task than the one that entered it,
    # and a task that enters twice waits, as with a lock that other machines share.
    lock: asyncio.Lock = Factory(asyncio.Lock)
    users: int = 0


class TaskLocks:
    """A lock for each name that a task holds or waits for, and for no other name.

    Fair: first come, first served. Waiting can be cancelled. Not re-entrant: a task that enters
    twice waits for ever. Loops that run one after another may share it.
    """

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        # By loop, too: a lock held on a loop that was discarded must not block the next loop.
        self._locks: dict[tuple[asyncio.AbstractEventLoop, str], _Counted] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[None]:
        """Wait until the lock is free, and hold it inside of the ``async with``."""
        slot = (asyncio.get_running_loop(), name)
        counted = self._locks.setdefault(slot, _Counted())
        counted.users += 1
        try:
            async with counted.lock:
                yield
        finally:
            counted.users -= 1
            if not counted.users:
                del self._locks[slot]
