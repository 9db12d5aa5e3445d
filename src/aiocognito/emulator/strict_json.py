"""Strict JSON (RFC 8259): a value that cannot be written again is refused."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def parse(body: bytes) -> Any:
    """Parse a request's body.

    Python's own reader accepts more than other readers do: ``NaN``, numbers beyond a double, UTF-16, and
    escapes of half a character (``"\\ud800"``), which no encoder accepts later.

    Args:
        body: The bytes.

    Returns:
        The value.

    Raises:
        ValueError: The body is not JSON in UTF-8, or it is nested too deeply.
    """
    text = body.decode()
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        pass
    else:
        return value
    raise ValueError("nested too deeply")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
