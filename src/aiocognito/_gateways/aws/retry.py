"""What is tried again, and when: one rule for every gateway."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import frozen

from ...errors import NetworkError, ServiceError
from ...errors._service import is_throttling
from .responses import UNKNOWN_ERROR

T = TypeVar("T")


@frozen
class RetryPolicy:
    """Tries a request again while that can help and cannot harm.

    A request that certainly was not sent, and one that was throttled, did no work: they are always tried
    again. After any other failure the work may have been done: a lost response, a status of 500, 502, 503
    or 504, a response that cannot be read. Those are tried again only where doing it twice has the same
    outcome as doing it once.

    Args:
        max_attempts: The greatest number of attempts.
        sleep: Waits some seconds.
        uniform: Returns a random number between two.
    """

    max_attempts: int
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform

    async def run(self, attempt: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        """Make the request until it is answered, refused for good, or tried often enough.

        Args:
            attempt: Makes the request once.
            repeatable: Whether a repetition has the same outcome as one request.

        Raises:
            ServiceError: The service refused; the error of the last attempt.
            NetworkError: No response came. ``request_sent`` is True if any attempt was sent.
        """
        sent = False
        for number in range(1, self.max_attempts):
            try:
                return await attempt()
            except ServiceError as error:
                if not is_throttling(error) and not (repeatable and _may_pass(error)):
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


def _may_pass(error: ServiceError) -> bool:
    """Say whether the same request may succeed: the service failed, or its response was garbled."""
    status = error.service_status
    is_garbled = error.name == UNKNOWN_ERROR and status is not None and status < 300
    return error.retryable or is_garbled
