"""Work that several callers wait for: none of them takes it away from the others."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


class Closed(RuntimeError):
    """What was waited for was closed meanwhile."""


async def join(flight: asyncio.Task[T], owner: str) -> T:
    """Wait for work that others may wait for, too.

    A cancelled caller leaves; the work goes on. Where the work itself was cancelled, because its owner
    was closed, its callers were not: they get an error, not a `CancelledError`.

    Args:
        flight: The work.
        owner: What is closed then, for the error's message.

    Raises:
        Closed: The work was cancelled.
    """
    try:
        return await asyncio.shield(flight)
    except asyncio.CancelledError:
        caller = asyncio.current_task()
        if not flight.cancelled() or (caller is not None and caller.cancelling()):
            raise
    raise Closed(f"{owner} was closed")


async def end(flight: asyncio.Task[T] | None) -> None:
    """Cancel work, and wait for its end if it belongs to the running event loop."""
    if flight is None:
        return
    flight.cancel()
    if flight.get_loop() is asyncio.get_running_loop():
        await asyncio.wait([flight])
