"""Decorators of Starlette's endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeAlias, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

H = TypeVar("H", bound=Callable[..., Any])
Check: TypeAlias = Callable[[HTTPConnection], Awaitable[object]]


def guarded(endpoint: H, check: Check) -> H:
    """Return an endpoint that runs after a check. A plain function runs in a thread, as Starlette runs it.

    Args:
        endpoint: A function of a request or websocket, or a method of an ``HTTPEndpoint`` or
            ``WebSocketEndpoint``.
        check: Raises an `AuthError` to refuse.

    Raises:
        TypeError: ``endpoint`` is a class or another object.
    """
    if isinstance(endpoint, type) or not callable(endpoint):
        raise TypeError("only a function, or a method of an endpoint class, can be an endpoint")

    @wraps(endpoint)
    async def wrapper(*args: Any, **named: Any) -> Any:
        await check(_connection_of((*args, *named.values())))
        if iscoroutinefunction(endpoint):
            return await endpoint(*args, **named)
        return await run_in_threadpool(endpoint, *args, **named)

    return wrapper  # type: ignore[return-value]  # it is called as the endpoint is


def _connection_of(args: tuple[Any, ...]) -> HTTPConnection:
    for each in args:
        if isinstance(each, HTTPConnection):
            return each
    raise TypeError("the endpoint was called without a request or websocket")
