"""Pagination by key: a token names the item that comes next, and the query that it belongs to."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, Final

from .errors import invalid_parameter
from .hashing import digest

_KEYS: Final = (
    "Username",
    "ClientId",
    "GroupName",
    "ProviderName",
    "Identifier",
    "DeviceKey",
    "CredentialId",
    "IdentityId",
    "IdentityPoolId",
    "TermsId",
    "JobId",
    "EventId",
    "Id",
)
_LONGEST: Final = 10_000
INVALID: Final = "Invalid pagination token given."


def page(
    items: Sequence[Any],
    member: str,
    after: str | None,
    limit: int | None,
    token: str,
    *,
    query: str = "",
    invalid: str = INVALID,
) -> dict[str, Any]:
    """Return one page of a list.

    Items that were deleted between two pages do not make the next one skip others.

    Args:
        items: The whole list.
        member: Under which name the page goes into the answer.
        after: The token that came with the page before.
        limit: How many at most; 0 and ``None`` are the most there can be, 60.
        token: The name of the token that leads to the next page; absent on the last.
        query: What the list is of, such as the user pool and the filter. A token of another one is refused.
        invalid: The text of the refusal.

    Raises:
        ApiError: The token is malformed, or belongs to another query.
    """
    query = base64.b64encode(digest(f"{member}\n{query}")[:12]).decode()
    start = 0 if after is None else _position(after, items, query, invalid)
    end = start + (limit or 60)
    answer: dict[str, Any] = {member: list(items[start:end])}
    if end < len(items):
        keys = {"nextKey": _key(items[end]), "lastKey": _key(items[end - 1])}
        place = {"position": end, "size": len(items), "query": query}
        answer[token] = base64.urlsafe_b64encode(json.dumps({**keys, **place}).encode()).decode()
    return answer


def _key(item: Any) -> str:
    if isinstance(item, dict):
        for name in _KEYS:
            if name in item:
                return str(item[name])
    return json.dumps(item, default=str)


def _position(token: str, items: Sequence[Any], query: str, invalid: str) -> int:
    named = _read(token)
    if named is None or named.get("query") != query:
        raise invalid_parameter(invalid)
    keys = [_key(item) for item in items]
    if named["nextKey"] in keys:
        return keys.index(named["nextKey"])
    if named["lastKey"] in keys:
        return keys.index(named["lastKey"]) + 1
    # Both are gone: as many items before them may be gone, too.
    gone = max(0, int(named["size"]) - len(items))
    return max(0, int(named["position"]) - gone)


def _read(token: str) -> dict[str, Any] | None:
    try:
        named = json.loads(base64.urlsafe_b64decode(token)) if len(token) < _LONGEST else None
    except (binascii.Error, ValueError):
        named = None
    if not isinstance(named, dict) or not _TYPES.items() <= {key: type(named[key]) for key in named}.items():
        return None
    return named


_TYPES: Final = {"nextKey": str, "lastKey": str, "position": int, "size": int, "query": str}
