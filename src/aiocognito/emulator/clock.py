"""The emulator's clock: real time plus an offset that tests set."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from .._public import public

LATEST: Final = 221_845_392_000
"""The beginning of the year 9000: what is issued then expires before ``datetime`` ends."""


@public("aiocognito.emulator")
class Clock:
    """Seconds since 1970, as a callable: pass it wherever a ``clock=`` is taken.

    Args:
        base: What the offset is added to.
    """

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._offset = 0.0

    def __call__(self) -> float:
        """Return the emulator's time, in seconds since 1970, to the millisecond."""
        # Documented (Dates): a JSON number with three decimals.
        return round(self._base() + self._offset, 3)

    def advance(self, seconds: float) -> None:
        """Advance the clock.

        Args:
            seconds: By how much; negative moves it back.

        Raises:
            TypeError: It is not a number.
            ValueError: The clock would show a time before 1970 or after the year 9000.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError(f"seconds must be a number, not {type(seconds).__name__}")
        # Written so that NaN fails, too. A large int is compared before it becomes a float.
        if not -LATEST <= seconds <= LATEST or not 0 <= self() + seconds <= LATEST:
            raise ValueError("the emulator's clock must stay between 1970 and the year 9000")
        self._offset += seconds

    @property
    def offset(self) -> float:
        """The seconds by which the clock was advanced."""
        return self._offset

    def base(self) -> float:
        """Return the time without the offset: that of a client with its own clock."""
        return self._base()
