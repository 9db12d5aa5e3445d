"""What is tried again, and when: one rule for every gateway."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import frozen

from ..errors import NetworkError, ServiceError

T = TypeVar("T")


@frozen
class RetryPolicy:
    """Tries a request again while that can help and cannot harm.

    An answer that says "not now" (throttling, 429, 500, 502, 503, 504) is always tried again, and so
    is what was certainly not sent. What was sent and not answered may have been done: it is tried
    again only where doing it twice comes to the same.

    Args:
        max_attempts: How often a request is made at most.
        sleep: Waits some seconds.
        uniform: Draws a number between two.
    """

    max_attempts: int
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform

    async def run(self, attempt: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        """Make the request until it is answered, refused for good, or tried often enough.

        Args:
            attempt: Makes the request once.
            repeatable: Whether doing it twice is the same as doing it once.

        Raises:
            ServiceError: The service refused; of the last attempt.
            NetworkError: No answer came. ``request_sent`` is True if any attempt was sent.
        """
        sent = False
        for number in range(1, self.max_attempts):
            try:
                return await attempt()
            except ServiceError as error:
                if not error.retryable:
                    raise
            except NetworkError as error:
                if error.request_sent and not repeatable:
                    raise
                sent = sent or error.request_sent
            await self.sleep(self.delay(number))
        try:
            return await attempt()
        except NetworkError as error:
            error.request_sent = error.request_sent or sent
            raise

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait after an attempt, counted from 1: 0.2 to 0.3, 0.4 to 0.5, …"""
        return float(2**attempt) * 0.1 + self.uniform(0.0, 0.1)
