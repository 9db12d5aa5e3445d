"""Writes that are retried in the background end when the service is closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiocognito._session.storage_retries import retry_until_done
from aiocognito.errors import StorageError


async def test_a_storage_that_raises_in_place_of_a_cancellation_does_not_prolong_it() -> None:
    attempts = 0
    reached = asyncio.Event()

    async def attempt() -> bool:
        nonlocal attempts
        attempts += 1
        reached.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        raise StorageError("cut")

    task = asyncio.ensure_future(retry_until_done(attempt))
    await reached.wait()
    task.cancel()
    await asyncio.wait_for(task, 5)
    assert attempts == 1
