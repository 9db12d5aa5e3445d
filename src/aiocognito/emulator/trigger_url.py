"""A trigger behind a URL, as Lambda's runtime emulator and ``sam local`` serve functions."""

from __future__ import annotations

import json
import re
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
        status, body = await _post(url, event)
        answer = _parse(body)
        failure = answer.get("errorMessage") if isinstance(answer, dict) else None
        if status != 200 or failure is not None or answer is _NOT_JSON:
            raise RuntimeError(failure or f"{_shown(url)} answered {status}, and not with an event as JSON")
        return answer

    return call


async def _post(url: str, event: dict[str, Any]) -> tuple[int, bytes]:
    from aiohttp import ClientError, ClientSession, ClientTimeout

    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=_TIMEOUT)) as http,
            http.post(url, json=event) as response,
        ):
            return response.status, await response.read()
    except (ClientError, OSError, ValueError) as error:
        problem = f"{_shown(url)} could not be called ({type(error).__name__})"
    # Raised here: the text of aiohttp's exception may repeat the URL.
    raise RuntimeError(problem)


def _shown(url: str) -> str:
    """Return a URL without user name, password and query, which may hold a secret."""
    scheme, _, rest = re.split(r"[?#]", url, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _parse(body: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(body)
    return _NOT_JSON
