"""Blocking calls in worker threads, finished even if their callers are cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar, checkpoint_if_cancelled

from .._threads import ready, run_in_thread
from ._uncancelled import finish

T = TypeVar("T")

_THREADS = 8
_limiter: RunVar[CapacityLimiter] = RunVar("_limiter")


async def off_loop(call: Callable[[], T]) -> T:
    """Run a short blocking call in a thread, and return its result or raise its exception.

    A cancelled caller continues when the call has ended, not before.
    """
    await ready()
    await checkpoint_if_cancelled()
    return await finish(run_in_thread(call, limiter=_own_limiter()))


def _own_limiter() -> CapacityLimiter:
    # Not anyio's own, shared limiter: a disk that hangs must not hang the rest of the service.
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_THREADS)
        _limiter.set(limiter)
        return limiter
