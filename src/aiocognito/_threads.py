"""Worker threads whose first use does not block the event loop, and calls from threads into an event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from importlib import import_module
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread

if TYPE_CHECKING:
    from concurrent.futures import Future

    from anyio.from_thread import BlockingPortal

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


class PortalCall(Generic[T]):
    """A call from a thread into the event loop of a portal, which ends if the thread stops waiting for it.

    A future would not do: if Ctrl-C is pressed before `BlockingPortal.start_task_soon` returns, the function
    runs, and its future is lost.

    Args:
        work: The function to call, plain or ``async``.
    """

    def __init__(self, work: Callable[[], T | Awaitable[T]]) -> None:
        self._work = work
        self._portal: BlockingPortal | None = None
        self._future: Future[T] | None = None
        self._scope: CancelScope | None = None
        self._is_cancelled = False

    def start(self, portal: BlockingPortal) -> None:
        """Start the call on the loop of a portal.

        Raises:
            RuntimeError: The portal does not run.
        """
        self._portal = portal
        self._future = portal.start_task_soon(self._run)

    def result(self) -> T:
        """Wait for the call, and return its result. Its exceptions are raised.

        Raises:
            CancelledError: The portal was stopped.
        """
        if self._future is None:
            raise RuntimeError("the call was not started")
        return self._future.result()

    def cancel(self) -> None:
        """Cancel the call, whether it is still being started, under way or done."""
        self._is_cancelled = True
        is_done = self._future is not None and self._future.done()
        if self._portal is not None and self._scope is not None and not is_done:
            with suppress(RuntimeError):  # The portal was stopped.
                self._portal.start_task_soon(self._scope.cancel)

    async def _run(self) -> T:
        with CancelScope() as self._scope:
            if not self._is_cancelled:
                value: Any = self._work()
                result: T = await value if isawaitable(value) else value
                return result
        raise CancelledError


def _load() -> None:
    with suppress(ImportError):  # the name is private to anyio
        import_module(_BACKEND)
