"""Pagination."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from .errors import invalid_parameter


def page(
    items: Sequence[Any], member: str, after: str | None, limit: int | None, token: str
) -> dict[str, Any]:
    """Return one page of a list.

    Args:
        items: The whole list.
        member: Under which name the page goes into the answer.
        after: The token that came with the page before.
        limit: How many at most; 0 and ``None`` are the most there can be, 60.
        token: The name of the token that leads to the next page; absent on the last.
    """
    start = 0 if after is None else _position(after)
    end = start + (limit or 60)
    answer: dict[str, Any] = {member: list(items[start:end])}
    if end < len(items):
        answer[token] = base64.urlsafe_b64encode(f"page:{end}".encode()).decode()
    return answer


def _position(token: str) -> int:
    try:
        kind, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
    except (binascii.Error, ValueError):
        kind, number = "", ""
    # No list is longer than a number of nine digits; int() itself refuses thousands of them.
    if kind != "page" or not number.isdecimal() or len(number) > 9:
        raise invalid_parameter("Invalid pagination token given.")
    return int(number)
