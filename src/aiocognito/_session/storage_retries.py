"""Retrying writes in the background while a storage fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from ..errors import StorageError

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 15.0


async def retry_until_done(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Repeat an attempt, with growing pauses, until it returns True or the task is cancelled.

    The task is cancelled when the service is closed; then one last attempt is made.

    Args:
        attempt: Returns whether it succeeded. A `StorageError` counts as False.
    """
    pause = FIRST_PAUSE_SECONDS
    try:
        while not await _is_done(attempt):
            if _is_cancelled():
                return  # The attempt has raised its own error in place of the cancellation.
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    except asyncio.CancelledError:
        await _is_done(attempt)
        raise


async def _is_done(attempt: Callable[[], Awaitable[bool]]) -> bool:
    with suppress(StorageError):
        return await attempt()
    return False


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
