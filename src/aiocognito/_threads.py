"""Worker threads whose first use does not block the event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")

# anyio imports it at its first use, on the event loop, which takes some 40 ms.
_BACKEND: Final = "anyio._backends._asyncio"


async def ready() -> None:
    """Import anyio's backend in a thread. Await this before using anyio's limiters and variables."""
    if _BACKEND not in sys.modules:
        await asyncio.get_running_loop().run_in_executor(None, _load)


async def run_in_thread(call: Callable[[], T], *, limiter: CapacityLimiter | None = None) -> T:
    """Call a function in a worker thread (``anyio.to_thread.run_sync``).

    Args:
        call: The function to call.
        limiter: Limits the number of concurrent calls; by default anyio's own.

    Returns:
        The result of the function. Its exceptions are raised.
    """
    await ready()
    return await to_thread.run_sync(call, limiter=limiter)


def _load() -> None:
    with suppress(ImportError):  # the name is private to anyio
        import_module(_BACKEND)
