"""Connections that belong to an event loop, for a storage that serves several loops one after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from ._task_locks import TaskLocks

C = TypeVar("C")


class PerLoop(Generic[C]):
    """One connection for each event loop that uses a storage, opened at its first use there.

    It is closed by `aclose`, or at the end of its loop: `asyncio.run` and every runner that shuts
    down asynchronous generators close it. After `aclose`, the next use opens another connection.

    Args:
        open_connection: Opens a connection on the running loop.
        close_connection: Closes it.
    """

    __slots__ = ("_close", "_open", "_opened", "_opening")

    def __init__(
        self, open_connection: Callable[[], Awaitable[C]], close_connection: Callable[[C], Awaitable[None]]
    ) -> None:
        self._open = open_connection
        self._close = close_connection
        self._opened: dict[asyncio.AbstractEventLoop, tuple[C, AsyncGenerator[C]]] = {}
        self._opening = TaskLocks()

    async def get(self) -> C:
        """Return the running loop's connection."""
        loop = asyncio.get_running_loop()
        opened = self._opened.get(loop)
        return opened[0] if opened is not None else await self._get_first(loop)

    async def _get_first(self, loop: asyncio.AbstractEventLoop) -> C:
        async with self._opening.hold("first"):
            opened = self._opened.get(loop)
            if opened is None:
                # What belongs to a closed loop can no longer be closed, only forgotten.
                self._opened = {each: kept for each, kept in self._opened.items() if not each.is_closed()}
                lifetime = self._lifetime()
                opened = self._opened[loop] = (await anext(lifetime), lifetime)
            return opened[0]

    async def _lifetime(self) -> AsyncGenerator[C]:
        connection = await self._open()
        try:
            yield connection
        finally:
            await self._close(connection)

    async def aclose(self) -> None:
        """Close the running loop's connection."""
        opened = self._opened.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            await opened[1].aclose()
