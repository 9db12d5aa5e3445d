"""Simulated time: a loop that never sleeps, and modules that read its time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

EPOCH = 1_800_000_000.0


class Time:
    """The time, which loops share."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        """Seconds since the epoch."""
        return EPOCH + self.now

    def monotonic(self) -> float:
        """Stand in for `time.monotonic`."""
        return self.now


class _Selector:
    """Advances the time instead of waiting."""

    def __init__(self, selector: Any, time: Time) -> None:
        self._selector, self._time = selector, time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("deadlock: every task waits, and for no time")
        self._time.now += max(timeout, 0.0)
        return self._selector.select(0)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time goes on only when all tasks wait."""

    def __init__(self, time: Time) -> None:
        self.simulated = time
        super().__init__()
        self._selector = _Selector(self._selector, time)  # type: ignore[has-type]

    def time(self) -> float:
        return self.simulated.now


def elsewhere(time: Time, work: Coroutine[Any, Any, None]) -> None:
    """Run work on a loop of its own while the calling loop stands still, as another process does."""

    def run() -> None:
        loop = SimulatedLoop(time)
        try:
            loop.run_until_complete(work)
        finally:
            loop.close()

    with ThreadPoolExecutor(1) as executor:
        executor.submit(run).result()


@contextmanager
def simulated_loop() -> Iterator[SimulatedLoop]:
    """Make a loop, and let the library read its time instead of the monotonic clock."""
    time = Time()
    loop = SimulatedLoop(time)
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith("aiocognito") and hasattr(module, "monotonic")
    ]
    before = [module.monotonic for module in modules]
    for module in modules:
        module.monotonic = time.monotonic  # type: ignore[attr-defined]
    try:
        yield loop
    finally:
        for module, monotonic in zip(modules, before, strict=True):
            module.monotonic = monotonic  # type: ignore[attr-defined]
        loop.close()
