"""The time up to which expired values may be removed, by a clock that may be wrong."""

from __future__ import annotations

import math
from typing import Final

# A clock that jumps ahead by more than this is trusted again after it has run for this long.
PROBATION_SECONDS: Final = 3600.0


class SweepHorizon:
    """Follows the readings of a clock, and distrusts it after a jump ahead.

    An expired value is absent at once, and present again if the clock is put back. Once removed it is lost.
    So after a jump ahead, values are removed only up to the time before the jump, until the clock has run for
    another hour. A clock that is put back ends the distrust.

    Readings may come from several threads: a lost update delays a removal and does nothing else.

    Args:
        is_trusted: True if the first reading is trusted, as where nothing can have been stored before
            it. False puts it on probation as well: the clock may be wrong since the process began.
    """

    __slots__ = ("_doubted_since", "_trusted")

    def __init__(self, *, is_trusted: bool) -> None:
        self._trusted = math.nan if is_trusted else -math.inf
        self._doubted_since: float | None = None

    def at(self, now: float) -> float:
        """Record a reading of the clock and return the time up to which expired values may be removed."""
        if not self._trusted + PROBATION_SECONDS < now:  # the very first reading compares with NaN
            self._trusted, self._doubted_since = now, None
            return now
        since = self._doubted_since
        if since is None or now < since:
            self._doubted_since = now
        elif now - since >= PROBATION_SECONDS:
            self._trusted, self._doubted_since = now, None
        return self._trusted
