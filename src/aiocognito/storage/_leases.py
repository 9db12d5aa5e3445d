"""Locks with a lease, made of a compare-and-set: what `Storage.lock` returns for a shared server."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final, Protocol

from ..errors import StorageError
from ._task_locks import TaskLocks
from ._uncancelled import finish

logger = logging.getLogger("aiocognito.storage")

RENEWALS_PER_LEASE: Final = 3
# Bounds of the pause between two attempts to acquire a lock, in seconds.
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.2

_sleep = asyncio.sleep


class CompareAndSet(Protocol):
    """`Storage.replace`, for values that a lock stores."""

    async def __call__(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected."""
        ...


class Leases:
    """Gives out locks: a random token under a key, with a lifetime that is extended while it is held.

    In a process, tasks queue for a lock; the first one polls the server, at growing, random pauses. A
    process that dies loses its locks at the end of their leases.

    Args:
        replace: Compares and sets the token under a key.
        seconds: The lifetime of a token.
    """

    __slots__ = ("_given_up", "_queues", "_replace", "_seconds")

    def __init__(self, replace: CompareAndSet, seconds: float) -> None:
        self._replace = replace
        self._seconds = seconds
        self._queues = TaskLocks()
        self._given_up: set[asyncio.Task[bool]] = set()

    def hold(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a context manager that waits for a lock and holds it (`Storage.lock`)."""
        return self._hold(key)

    @asynccontextmanager
    async def _hold(self, key: str) -> AsyncGenerator[None]:
        async with self._queues.hold(key):
            token = secrets.token_bytes(16)
            await self._acquire(key, token)
            left = asyncio.Event()
            renewal = asyncio.create_task(self._renew(key, token, left))
            try:
                yield
            finally:
                left.set()
                await finish(self._leave(key, token, renewal))

    async def _acquire(self, key: str, token: bytes) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not await self._is_acquired(key, token):
            await _sleep(random.uniform(pause / 2, pause))  # noqa: S311 - so that processes do not poll in step
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)

    async def _is_acquired(self, key: str, token: bytes) -> bool:
        given_up = asyncio.Event()
        attempt = asyncio.create_task(self._attempt(key, token, given_up))
        try:
            await asyncio.wait({attempt})
        except asyncio.CancelledError:
            # The caller does not wait for a slow server: the attempt ends by itself.
            given_up.set()
            if attempt.done():
                if not attempt.cancelled():
                    attempt.exception()  # retrieved, so that the loop does not report it
                await finish(self._release(key, token))
            else:
                self._given_up.add(attempt)
                attempt.add_done_callback(self._given_up.discard)
            raise
        return attempt.result()

    async def _attempt(self, key: str, token: bytes, given_up: asyncio.Event) -> bool:
        """Try once to acquire a lock, and release it if the caller has given up meanwhile."""
        try:
            is_acquired = await finish(self._replace(key, token, expected=None, ttl=self._seconds))
        except StorageError:
            if not given_up.is_set():
                raise
            is_acquired = True  # perhaps: the response may have been lost
        except asyncio.CancelledError:
            await finish(self._release(key, token))  # at the end of the loop
            raise
        if is_acquired and given_up.is_set():
            await finish(self._release(key, token))
            return False
        return is_acquired

    async def aclose(self) -> None:
        """Wait until the attempts that were given up on this event loop have left nothing behind."""
        loop = asyncio.get_running_loop()
        attempts = {each for each in self._given_up if each.get_loop() is loop}
        if attempts:
            await asyncio.wait(attempts)

    async def _renew(self, key: str, token: bytes, left: asyncio.Event) -> None:
        """Extend the lease until the lock is left, or lost."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds / RENEWALS_PER_LEASE):
                    await left.wait()
            if left.is_set():
                return
            # If the server cannot be reached now, it may be at the next renewal.
            with suppress(StorageError):
                if not await self._replace(key, token, expected=token, ttl=self._seconds):
                    logger.warning(
                        "the lease of a lock was lost while its work went on: the server lost it, or this"
                        " process stood still"
                    )
                    return

    async def _leave(self, key: str, token: bytes, renewal: asyncio.Task[None]) -> None:
        # Not cancelled: a renewal under way must not reach the server after the release.
        await asyncio.wait({renewal})
        await self._release(key, token)

    async def _release(self, key: str, token: bytes) -> None:
        with suppress(StorageError):  # the lease ends by itself
            await self._replace(key, None, expected=token)
