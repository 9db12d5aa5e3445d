"""Time that passes only when a test says so."""

import time
from collections.abc import Callable

NOW = 1_800_000_000.0


class Clock:
    """A clock that is set, not slept on."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def stopped_clock() -> Callable[[], float]:
    """Return a clock that stands still at the present time."""
    now = time.time()
    return lambda: now
