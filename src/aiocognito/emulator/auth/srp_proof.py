"""What the proofs of a password and of a device have in common: base64, and a timestamp of this moment."""

from __future__ import annotations

import base64
import binascii
import calendar
import re
from typing import Final

from ..errors import wrong_credentials
from .auth_request import AuthRequest

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>[A-Z][a-z]{2}) (?P<day>[1-9][0-9]?) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) UTC (?P<year>[0-9]{4})"
)


def timely(request: AuthRequest, text: str) -> bool:
    """Return whether TIMESTAMP is the current time, within the tolerance."""
    sent = parse_timestamp(text)
    if sent is None:
        return False
    # Other clients read the machine's clock, which a test cannot advance.
    tolerance = request.state.assumptions.srp_timestamp_tolerance
    return any(abs(sent - now) <= tolerance for now in (request.state.clock(), request.state.clock.base()))


def parse_timestamp(text: str) -> int | None:
    """Return TIMESTAMP, ``Tue May 7 00:09:40 UTC 2025``, as seconds since 1970; ``None`` for other forms."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None or match["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"]) + 1
    numbers = (int(match[name]) for name in ("day", "hour", "minute", "second"))
    return calendar.timegm((int(match["year"]), month, *numbers, 0, 0, 0))


def decode(text: str) -> bytes:
    """Decode standard base64.

    Raises:
        ApiError: It is not base64: a wrong proof.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong_credentials() from None
