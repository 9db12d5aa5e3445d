"""Work that is finished even if its caller is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio import CancelScope

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run work in a task of its own, and return its result or raise its exception.

    A cancelled caller continues when the work has ended, not before: a write that it has given up must not
    overtake what it does next. The shield of a cancel scope alone would not hold back `asyncio.timeout` and
    ``Task.cancel``.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as exc:
                cancelled = exc
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # retrieved, so that the loop does not report it
    raise cancelled
