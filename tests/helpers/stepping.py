"""A storage that stops one caller at a chosen call, fails there, or ends the caller there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from aiocognito import MemoryStorage
from aiocognito.errors import StorageError


class SteppingStorage:
    """A view of a storage that several simulated processes share.

    Args:
        shared: What all processes see. It outlives each of them.
    """

    def __init__(self, shared: MemoryStorage) -> None:
        self.shared = shared
        self.trace: list[str] = []
        self.is_counting = False
        self._strikes: dict[int, tuple[bool, Callable[[], Awaitable[None]]]] = {}

    def strike(self, at: int, do: Callable[[], Awaitable[None]], *, after: bool) -> None:
        """Do something at one call from now on, before or after it takes effect."""
        self.trace, self.is_counting = [], True
        self._strikes[at] = (after, do)

    async def _call(self, what: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if not self.is_counting:
            return await work()
        index = len(self.trace)
        self.trace.append(what)
        if index not in self._strikes:
            return await work()
        after, do = self._strikes[index]
        if not after:
            await do()
            return await work()
        result = await work()
        await do()
        return result

    async def get(self, key: str) -> bytes | None:
        found: bytes | None = await self._call("get", lambda: self.shared.get(key))
        return found

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self._call("set", lambda: self.shared.set(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        await self._call("delete", lambda: self.shared.delete(key))

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        is_done: bool = await self._call(
            "replace", lambda: self.shared.replace(key, value, expected=expected, ttl=ttl)
        )
        return is_done

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        return self._lock(key)

    @asynccontextmanager
    async def _lock(self, key: str) -> AsyncIterator[None]:
        async with self.shared.lock(key):
            yield


async def fail() -> None:
    """Fail once."""
    raise StorageError("the storage failed")


async def die() -> None:
    """End the caller: its work does not go on."""
    await asyncio.Event().wait()
