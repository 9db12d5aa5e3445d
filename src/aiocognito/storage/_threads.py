"""Blocking calls in worker threads, finished even if their callers are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.lowlevel import RunVar, checkpoint_if_cancelled

from .._threads import ready, run_in_thread

T = TypeVar("T")

_THREADS = 8
_limiter: RunVar[CapacityLimiter] = RunVar("_limiter")


async def off_loop(call: Callable[[], T]) -> T:
    """Run a short blocking call in a thread, and return its result or raise its exception.

    A cancelled caller continues when the call has ended, not before: what it does next must not be
    overtaken by a write that it has given up. `asyncio.timeout` and ``Task.cancel`` would else go
    past the shield that `anyio.to_thread` puts up.
    """
    await ready()
    await checkpoint_if_cancelled()
    work = asyncio.ensure_future(run_in_thread(call, limiter=_own_limiter()))
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError as exc:
                cancelled = exc
    if cancelled is None:
        return work.result()
    if not work.cancelled():
        work.exception()  # retrieved, so that the loop does not report it
    raise cancelled


def _own_limiter() -> CapacityLimiter:
    # Not anyio's own, shared limiter: a disk that hangs must not hang the rest of the service.
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_THREADS)
        _limiter.set(limiter)
        return limiter
