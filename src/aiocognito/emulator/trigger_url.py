"""A trigger behind a URL, as Lambda's runtime emulator and ``sam local`` serve functions."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

_TIMEOUT: Final = 15.0
_NOT_JSON: Final = object()


def trigger_at(url: str) -> Callable[[dict[str, Any]], Awaitable[Any]]:
    """Return a trigger that sends the event to a URL, as JSON, and returns the JSON of the response.

    Args:
        url: The URL of the function.
    """

    async def call(event: dict[str, Any]) -> Any:
        from aiohttp import ClientSession, ClientTimeout

        async with (
            ClientSession(timeout=ClientTimeout(total=_TIMEOUT)) as http,
            http.post(url, json=event) as response,
        ):
            body = await response.read()
        answer = _parse(body)
        failure = answer.get("errorMessage") if isinstance(answer, dict) else None
        if response.status != 200 or failure is not None or answer is _NOT_JSON:
            raise RuntimeError(failure or f"{url} answered {response.status}, and not with an event as JSON")
        return answer

    return call


def _parse(body: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(body)
    return _NOT_JSON
