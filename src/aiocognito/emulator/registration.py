"""The tables of operations, which the operations' decorators fill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from .request_context import RequestContext

Operation = Callable[[RequestContext], Awaitable[dict[str, Any]]]

USER_POOL_OPERATIONS: Final[dict[str, Operation]] = {}
IDENTITY_POOL_OPERATIONS: Final[dict[str, Operation]] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Decorate the function that performs an operation of user pools.

    Args:
        name: The operation's name in the service model.

    Raises:
        ValueError: Another function performs it.
    """
    return partial(_register, USER_POOL_OPERATIONS, name)


def identity_pool_operation(name: str) -> Callable[[Operation], Operation]:
    """Decorate the function that performs an operation of identity pools.

    Args:
        name: The operation's name in the service model.

    Raises:
        ValueError: Another function performs it.
    """
    return partial(_register, IDENTITY_POOL_OPERATIONS, name)


def _register(table: dict[str, Operation], name: str, function: Operation) -> Operation:
    if name in table:
        raise ValueError(f"two functions perform {name}")
    table[name] = function
    return function
