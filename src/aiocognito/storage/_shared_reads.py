"""Concurrent reads of one key, as one request to the server."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable

from ..errors import StorageError

_Slot = tuple[asyncio.AbstractEventLoop, str]
_Result = asyncio.Future[bytes | None]


class SharedReads:
    """Lets reads that wait for the same key share a request.

    A read never shares a request that began before it, so what another process has written until then is
    seen. While a request is under way, the reads that arrive wait for the next one: ten thousand reads at
    once are two requests.

    Args:
        read: Reads the value under a key.
    """

    __slots__ = ("_busy", "_next", "_read", "_tasks")

    def __init__(self, read: Callable[[str], Awaitable[bytes | None]]) -> None:
        self._read = read
        self._busy: set[_Slot] = set()
        self._next: dict[_Slot, _Result] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or raise what reading it raised."""
        slot = (asyncio.get_running_loop(), key)
        if slot not in self._busy:
            self._busy.add(slot)
            try:
                return await self._read(key)
            finally:
                self._ended(slot)
        result = self._next.get(slot)
        if result is None:
            result = self._next[slot] = slot[0].create_future()
        try:
            return await asyncio.shield(result)
        except StorageError as error:
            failure = copy.copy(error)  # each caller raises its own
        raise failure

    def _ended(self, slot: _Slot) -> None:
        """Begin the request that reads wait for."""
        self._busy.discard(slot)
        result = self._next.pop(slot, None)
        if result is not None:
            self._busy.add(slot)
            task = slot[0].create_task(self._read_for(slot, result))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _read_for(self, slot: _Slot, result: _Result) -> None:
        try:
            result.set_result(await self._read(slot[1]))
        except Exception as error:
            result.set_exception(error)
            result.exception()  # marked as retrieved: all waiting reads may have been cancelled
        finally:
            result.cancel()  # with its loop, which cancelled this task; has no effect on a result
            self._ended(slot)
