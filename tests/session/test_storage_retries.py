"""Writes that are retried in the background: closing the service waits for them, but not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from aiocognito._session import storage_retries
from aiocognito._session.storage_retries import retry_until_done
from aiocognito.errors import StorageError


async def close_once(reached: asyncio.Event, attempt: Callable[[], Awaitable[bool]]) -> None:
    """Cancel retries, as closing does, once an attempt has begun; check that they end as cancelled."""
    task = asyncio.ensure_future(retry_until_done(attempt))
    await reached.wait()
    task.cancel()
    await asyncio.wait([task], timeout=60)
    assert task.cancelled()


async def test_closing_waits_until_a_storage_that_failed_answers_again() -> None:
    reached, fails = asyncio.Event(), 3

    async def attempt() -> bool:
        nonlocal fails
        reached.set()
        fails -= 1
        return fails == 0

    await close_once(reached, attempt)
    assert fails == 0


async def test_closing_does_not_wait_longer_for_a_storage_that_raises_in_place_of_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storage_retries, "CLOSING_SECONDS", 0.01)
    attempts = 0
    reached = asyncio.Event()

    async def attempt() -> bool:
        nonlocal attempts
        attempts += 1
        reached.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        raise StorageError("cut")

    await close_once(reached, attempt)
    assert attempts == 2


async def test_closing_does_not_repeat_an_attempt_that_cannot_succeed() -> None:
    attempts = 0
    reached = asyncio.Event()

    async def attempt() -> bool:
        nonlocal attempts
        attempts += 1
        reached.set()
        raise StorageError("another encryption key", retryable=False)

    await close_once(reached, attempt)
    assert attempts == 2
