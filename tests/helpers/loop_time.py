"""The time of the event loop, which timeouts go by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stopped_loop_time() -> Iterator[Callable[[], None]]:
    """Stop the event loop's time until the function is called that this yields: no timeout ends before.

    A test of a short timeout is so independent of how long a busy machine needs for what comes before it.
    """
    loop: Any = asyncio.get_running_loop()  # its method is replaced
    real = loop.time
    stopped = real()

    def go_on() -> None:
        if loop.time() > stopped:
            return
        lost = real() - stopped
        loop.time = lambda: real() - lost

    loop.time = lambda: stopped
    try:
        yield go_on
    finally:
        loop.time = real
