"""Up to which time expired values may be removed, by a clock that may be wrong."""

from __future__ import annotations

import math
from typing import Final

PROBATION_SECONDS: Final = 3600.0
"""A clock may run ahead by as much before it is doubted, and has to go on for as long to be believed."""


class SweepHorizon:
    """Follows the readings of a clock and withholds trust from one that jumped ahead.

    An expired value is absent at once, and there again if the clock is put back. Removed it is lost. So
    after a jump ahead, values are removed only as far as the clock had come before, until it has gone on
    for an hour from where it jumped to. A clock that is put back ends the doubt.

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
        """Take a reading of the clock and return the time up to which what expired may be removed."""
        if not self._trusted + PROBATION_SECONDS < now:  # the very first reading compares with NaN
            self._trusted, self._doubted_since = now, None
            return now
        since = self._doubted_since
        if since is None or now < since:
            self._doubted_since = now
        elif now - since >= PROBATION_SECONDS:
            self._trusted, self._doubted_since = now, None
        return self._trusted
