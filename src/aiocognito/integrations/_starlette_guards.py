"""Decorators of Starlette's endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeAlias, TypeVar, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

H = TypeVar("H", bound=Callable[..., Any])
Check: TypeAlias = Callable[[HTTPConnection], Awaitable[object]]


def guard(check: Check) -> Callable[[H], H]:
    """Return a decorator of endpoints that run after a check.

    A plain function runs in a thread, as Starlette runs it. The decorator raises ``TypeError`` for a class or
    another object.

    Args:
        check: Raises an `AuthError` to refuse.
    """
    return lambda endpoint: _guarded(endpoint, check)


def _guarded(endpoint: H, check: Check) -> H:
    if isinstance(endpoint, type) or not callable(endpoint):
        raise TypeError("only a function, or a method of an endpoint class, can be an endpoint")

    @wraps(endpoint)
    async def wrapper(*args: Any, **named: Any) -> Any:
        await check(_connection_of((*args, *named.values())))
        if iscoroutinefunction(endpoint):
            return await endpoint(*args, **named)
        return await run_in_threadpool(endpoint, *args, **named)

    return cast("H", wrapper)  # it is called as the endpoint is


def _connection_of(args: tuple[Any, ...]) -> HTTPConnection:
    for each in args:
        if isinstance(each, HTTPConnection):
            return each
    raise TypeError("the endpoint was called without a request or websocket")
