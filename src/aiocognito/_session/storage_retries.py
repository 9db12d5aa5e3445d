"""Retrying writes in the background while a storage fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from ..errors import StorageError

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 15.0
# Seconds that closing waits for a storage that fails. Shorter than the 10 s that Docker waits before SIGKILL.
CLOSING_SECONDS: Final = 5.0


async def retry_until_done(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Repeat an attempt, with growing pauses, until it returns True or the task is cancelled.

    The task is cancelled when the service is closed; then attempts go on for `CLOSING_SECONDS` at most, and
    only while their errors are retryable.

    Args:
        attempt: Returns whether it succeeded. A `StorageError` counts as False.
    """
    try:
        await _retry(attempt)
    except asyncio.CancelledError:
        with suppress(TimeoutError, StorageError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await _retry(attempt, is_closing=True)
        raise


async def _retry(attempt: Callable[[], Awaitable[bool]], *, is_closing: bool = False) -> None:
    pause, cancellations = FIRST_PAUSE_SECONDS, _cancellations()
    while True:
        try:
            if await attempt():
                return
        except StorageError as error:
            if is_closing and not error.retryable:
                raise
        if _cancellations() > cancellations:
            # The attempt has raised its own error in place of the cancellation.
            raise asyncio.CancelledError
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
