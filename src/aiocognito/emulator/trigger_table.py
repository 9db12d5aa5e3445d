"""The triggers of a user pool, by Cognito's names: callables in place of Lambda functions."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from typing import Any, Final

from .nearest import suggestion
from .trigger_url import trigger_at

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
    "CustomSMSSender",
    "CustomEmailSender",
    "InboundFederation",
)


class Triggers(UserDict[str, Trigger]):
    """The triggers of a user pool, by Cognito's names of them.

    Each is a callable, plain or ``async``, that takes Cognito's event, a dictionary, and returns it. A
    plain one runs in a thread. A URL is a function that runs elsewhere: it gets the event as JSON.

    Raises:
        ValueError: Cognito has no such trigger.
        TypeError: It cannot be called.
    """

    def __setitem__(self, name: str, function: Trigger | str) -> None:
        if name not in NAMES:
            raise ValueError(f"unknown trigger {name!r}: {suggestion(name, NAMES)}")
        if isinstance(function, str) and function.startswith(("http://", "https://")):
            function = trigger_at(function)
        if isinstance(function, str) or not callable(function):
            found = repr(function) if isinstance(function, str) else type(function).__name__
            raise TypeError(f"the trigger {name} must be a function, or a URL, not {found}")
        super().__setitem__(name, function)
