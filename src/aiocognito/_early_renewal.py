"""When to renew tokens and credentials before they expire, and when to retry if that fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Final

# Tokens and credentials with less time left count as expired: a request takes a while (Amplify's margin).
EXPIRY_MARGIN: Final = 5.0
# After an early renewal failed, the present tokens or credentials stay in use for this many seconds.
EARLY_RETRY_SECONDS: Final = 5.0


def early_at(end: float, *, lifetime: float, ahead: float) -> float:
    """Return when to renew tokens or credentials early, in seconds since the epoch.

    Args:
        end: When they end, in seconds since the epoch.
        lifetime: How many seconds they live in all. They are renewed in the second half of their life at
            the earliest: otherwise every call would renew tokens that live for less than ``ahead``.
        ahead: How many seconds before their end to renew them (``AuthConfig.refresh_ahead``).
    """
    return end - max(min(ahead, lifetime / 2), EXPIRY_MARGIN)


class RenewalBackoff:
    """Backs off after a failed early renewal; the present tokens or credentials stay in use.

    Args:
        clock: Returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def put_off(self, key: Hashable = None) -> None:
        """Retry the renewal of ``key`` in five seconds at the earliest."""
        now = self._clock()
        self._until.pop(key, None)
        # All entries wait equally long, so the dict is ordered by their end: drop those that have ended.
        while self._until and self._until[oldest := next(iter(self._until))] <= now:
            del self._until[oldest]
        self._until[key] = now + EARLY_RETRY_SECONDS

    def until(self, key: Hashable = None) -> float:
        """Return when ``key`` may be renewed, in seconds since the epoch; minus infinity for any time."""
        return self._until.get(key, -math.inf)

    def next_renewal(self, key: Hashable = None, *, early_at: float, expires_at: float) -> float:
        """Return when the next call should renew ``key``, in seconds since the epoch.

        Args:
            key: What is renewed.
            early_at: When to renew it early.
            expires_at: When it expires; a failed early renewal does not put off a necessary one.
        """
        return max(early_at, min(self.until(key), expires_at))
