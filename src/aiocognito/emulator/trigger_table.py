"""The triggers of a user pool, by Cognito's names: callables in place of Lambda functions."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from typing import Any, Final

Trigger = Callable[[dict[str, Any]], Any]
NAMES: Final = (
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "PreTokenGeneration",
    "UserMigration",
    "CustomMessage",
)


class Triggers(UserDict[str, Trigger]):
    """The triggers of a user pool, by Cognito's names of them.

    Each is a callable, plain or ``async``, that takes Cognito's event, a dictionary, and returns it. A
    plain one runs in a thread.

    Raises:
        ValueError: Cognito has no such trigger.
        TypeError: It cannot be called.
    """

    def __setitem__(self, name: str, function: Trigger) -> None:
        if name not in NAMES:
            raise ValueError(f"unknown trigger {name!r}: it must be one of {', '.join(NAMES)}")
        if not callable(function):
            raise TypeError(f"the trigger {name} must be a function, not {type(function).__name__}")
        super().__setitem__(name, function)
