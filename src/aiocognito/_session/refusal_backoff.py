"""Backing off after Cognito refused a refresh token with an unknown message."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable
from typing import Final

from attrs import frozen

from ..errors import AuthError

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 300.0
# How many refusals are held. The oldest is dropped, and its session is tried again earlier.
MAX_REFUSALS: Final = 10_000


@frozen
class _Refusal:
    error: AuthError
    until: float
    pause: float


class RefusalBackoff:
    """The last unknown refusals, by session id. A refusal is raised again for a while, without a request.

    Args:
        clock: Returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refusals: dict[str, _Refusal] = {}
        self._logged: set[str] = set()

    def add(self, session_id: str, error: AuthError) -> None:
        """Add a refusal, which stands longer each time, and log its message the first time."""
        before = self._refusals.pop(session_id, None)
        pause = FIRST_PAUSE_SECONDS if before is None else min(before.pause * 2, LONGEST_PAUSE_SECONDS)
        while len(self._refusals) >= MAX_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[session_id] = _Refusal(error, self._clock() + pause, pause)
        if error.message not in self._logged and len(self._logged) < MAX_REFUSALS:
            self._logged.add(error.message)
            logger.warning(
                "Cognito refused a refresh token with an unknown message, and the session is kept: %s: %s",
                error.name,
                error.message,
            )

    def clear(self, session_id: str) -> None:
        """Delete a session's refusal, because the session has new tokens or ended."""
        self._refusals.pop(session_id, None)

    def standing(self, session_id: str) -> AuthError | None:
        """Return a copy of the refusal that stands for a session; None if its tokens may be renewed."""
        refusal = self._refusals.get(session_id)
        if refusal is None or not 0 < refusal.until - self._clock() <= LONGEST_PAUSE_SECONDS:
            return None
        # A copy, because the traceback of an exception grows each time it is raised.
        return copy.copy(refusal.error)

    def until(self, session_id: str) -> float:
        """Return when tokens may be renewed, in seconds since the epoch; minus infinity for any time."""
        refusal = self._refusals.get(session_id)
        return -math.inf if refusal is None else refusal.until
