"""What failed to be renewed early, and is not tried again by every call: what is there still serves."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Final

# For so long the old ones serve before it is tried again.
EARLY_RETRY_SECONDS: Final = 5.0


class RenewalBackoff:
    """Remembers what failed a moment ago.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def put_off(self, thing: Hashable) -> None:
        """Let a thing rest; what was put off long ago is not kept in mind."""
        now = self._clock()
        self._until.pop(thing, None)
        # In the order in which they end, as each waits for the same time: those that ended come first.
        while self._until and self._until[oldest := next(iter(self._until))] <= now:
            del self._until[oldest]
        self._until[thing] = now + EARLY_RETRY_SECONDS

    def until(self, thing: Hashable) -> float:
        """When a thing may be tried again; long ago if nothing is known against it."""
        return self._until.get(thing, -math.inf)
