"""Refusals of refresh tokens whose meaning is unknown: they stand for a while instead of being repeated."""

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
# As many are remembered at most; the oldest leaves, and its session is tried again earlier.
MAX_REFUSALS: Final = 10_000


@frozen
class _Refusal:
    error: AuthError
    until: float
    pause: float


class RefusalBackoff:
    """What unknown refusals sessions met last, by session id.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refusals: dict[str, _Refusal] = {}
        self._logged: set[str] = set()

    def add(self, session_id: str, error: AuthError) -> None:
        """Let a refusal stand, for longer each time, and log its text the first time it is met."""
        before = self._refusals.pop(session_id, None)
        pause = FIRST_PAUSE_SECONDS if before is None else min(before.pause * 2, LONGEST_PAUSE_SECONDS)
        while len(self._refusals) >= MAX_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[session_id] = _Refusal(error, self._clock() + pause, pause)
        if error.message not in self._logged and len(self._logged) < MAX_REFUSALS:
            self._logged.add(error.message)
            logger.warning(
                "Cognito refused a refresh token with an unknown text, and the session is kept: %s: %s",
                error.name,
                error.message,
            )

    def clear(self, session_id: str) -> None:
        """Forget a session's refusals: it has new tokens, or ended."""
        self._refusals.pop(session_id, None)

    def standing(self, session_id: str) -> AuthError | None:
        """Return a copy of the refusal that stands for a session; None if it may be tried (again)."""
        refusal = self._refusals.get(session_id)
        if refusal is None or not 0 < refusal.until - self._clock() <= LONGEST_PAUSE_SECONDS:
            return None
        # A copy: raising one exception again and again would let its traceback grow.
        return copy.copy(refusal.error)

    def until(self, session_id: str) -> float:
        """Return when a session may be tried again; long ago if nothing stands."""
        refusal = self._refusals.get(session_id)
        return -math.inf if refusal is None else refusal.until
