"""Times in words, and durations as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from .failure import CommandError

_UNITS: Final = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_NAMES: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_DURATION: Final = re.compile(r"\+?((?:[0-9]{1,9}[dhms])+)")
# 31 December 9999, the last day that `datetime` has.
_LAST: Final = 253_402_300_799


def duration(text: str) -> int:
    """Return the seconds of a duration such as ``+1h`` or ``+1d12h``.

    Raises:
        CommandError: It has another form.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise CommandError(f"{text!r} must be a duration such as +1h, +90s or +1d12h (d, h, m and s)")
    return sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[0-9]+[dhms]", found[1]))


def moment(seconds: float, now: float) -> str:
    """Return a time as a date in UTC, and how far from now that is.

    Args:
        seconds: Seconds since 1970.
        now: The present time, in the same form.
    """
    if not 0 <= seconds <= _LAST:
        return "not a time"
    date = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{date}, {distance(seconds - now)}"


def distance(seconds: float) -> str:
    """Return how far away a time is: ``in 59 minutes``, ``2 hours ago``, ``now``."""
    away = abs(round(seconds))
    for name, size in _NAMES:
        count = away // size
        if count:
            unit = name if count == 1 else f"{name}s"
            return f"in {count} {unit}" if seconds > 0 else f"{count} {unit} ago"
    return "now"
