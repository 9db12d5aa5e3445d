"""Ids that a developer chooses, to have the same ones at each start: their form, and that they are free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from .administration import Emulator
from .state import EmulatorState

_REGION: Final = r"[a-z]{2,}(?:-[a-z0-9]+)+"
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The patterns of UserPoolIdType, ClientIdType and IdentityPoolId in the service models.
_FORMS: Final = {
    "CreateUserPool": (
        re.compile(rf"(?=.{{1,55}}$){_REGION}_[0-9a-zA-Z]+"),
        "a user pool id is a region, an underscore, and letters and digits, such as us-east-1_Shop12345",
    ),
    "CreateUserPoolClient": (
        re.compile(r"[A-Za-z0-9_+]{1,128}"),
        "an app client id is 1 to 128 letters and digits, such as 1example23456789",
    ),
    "CreateIdentityPool": (
        re.compile(rf"{_REGION}:{_UUID}"),
        "an identity pool id is a region, a colon and a UUID, such as "
        "us-east-1:12345678-1234-4123-8123-123456789012",
    ),
    "AdminCreateUser": (
        re.compile(_UUID),
        "the sub of a user is a UUID in lower case, such as 12345678-1234-4123-8123-123456789012",
    ),
}


def check_form(operation: str, chosen: str | None) -> None:
    """Check the form of an id for the result of an operation that creates something.

    Raises:
        ValueError: It is malformed.
    """
    form, description = _FORMS[operation]
    if chosen is not None and not form.fullmatch(chosen):
        raise ValueError(f"{chosen!r} cannot be the id: {description}")


def check(state: EmulatorState, operation: str, chosen: str | None) -> None:
    """Check an id for the result of an operation that creates something.

    Raises:
        ValueError: It is malformed, or there is such a thing already.
    """
    check_form(operation, chosen)
    if chosen is None:
        return
    if chosen in state.pools or chosen in state.identity_pools or _is_in_a_pool(state, chosen):
        raise ValueError(f"{chosen!r} is taken: choose another id, or leave it out for a random one")


def _is_in_a_pool(state: EmulatorState, chosen: str) -> bool:
    return any(
        chosen in pool.clients or pool.users.by_subject(chosen) is not None for pool in state.pools.values()
    )


async def create(emulator: Emulator, operation: str, chosen: str | None, /, **members: Any) -> dict[str, Any]:
    """Call an operation that creates something, with a chosen id.

    Args:
        emulator: The emulator.
        operation: ``CreateUserPool``, ``CreateUserPoolClient`` or ``CreateIdentityPool``.
        chosen: The id; ``None`` for a random one.
        members: The request.

    Raises:
        ValueError: The id is malformed or taken, or the operation was refused.
    """
    with taken_by(emulator.state, operation, chosen):
        return await emulator.call(operation, **members)


@contextmanager
def taken_by(state: EmulatorState, operation: str, chosen: str | None) -> Iterator[None]:
    """Choose the id for the result of the first such operation in the block.

    Args:
        state: The emulator's state.
        operation: The operation.
        chosen: The id; ``None`` for a random one.

    Raises:
        ValueError: The id is malformed or taken.
    """
    check(state, operation, chosen)
    # The operation takes it before its first await, so that a concurrent one cannot.
    state.next_id = chosen
    try:
        yield
    finally:
        state.next_id = None
