"""What a step of a sign-in returns: a response, or what was proven or chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from attrs import field, frozen

from ..serialization import persisted
from .auth_request import AuthRequest

Rounds = Sequence[Mapping[str, Any]]
"""The ``session`` of the custom-auth triggers: what was asked, and whether the answer was right."""


@persisted("custom-after-password")
@frozen
class CustomRounds:
    """The rounds of a custom authentication before its password.

    Args:
        rounds: What was asked.
    """

    rounds: Rounds = field(repr=False)


class Proof(Enum):
    """What a user has proven."""

    PASSWORD = auto()
    PASSWORD_IN_CUSTOM_AUTH = auto()
    NEW_PASSWORD = auto()
    FIRST_FACTOR_CODE = auto()
    CUSTOM_CHALLENGES = auto()
    SIGN_UP_ON_A_PAGE = auto()
    SIGN_UP_SESSION = auto()
    PASSKEY = auto()
    SECOND_FACTOR = auto()
    DEVICE = auto()
    IDENTITY_PROVIDER = auto()


@frozen
class Proven:
    """The user has proven something.

    Args:
        proof: What.
        rounds: The rounds of a custom authentication that a password was proven in.
    """

    proof: Proof
    rounds: CustomRounds | None = None


@frozen
class Ask:
    """A factor is to be asked for next.

    Args:
        factor: The name of its challenge.
        is_first: It is the first factor.
        address: The address that a message factor is set up with.
        rounds: The rounds of a custom authentication that a password is asked for in.
    """

    factor: str
    is_first: bool = False
    address: str | None = field(default=None, repr=False)
    rounds: CustomRounds | None = None


Response = dict[str, Any]
"""The response of an operation: a challenge, or tokens."""
Outcome = Response | Proven | Ask
Step = Callable[[AuthRequest], Awaitable[Outcome]]
"""Begins a sign-in, or judges the answer to a challenge."""
