"""Listeners: functions of a developer that are called with requests, messages and events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

_Value = TypeVar("_Value")


def call(
    listener: Callable[[_Value], object], value: _Value, log: logging.Logger, text: str, /, *arguments: object
) -> None:
    """Call a listener. Only the type of what it raises is logged: a traceback could show codes and passwords.

    Args:
        listener: The function.
        value: What it is called with.
        log: Where to log an exception.
        text: The message of the log, with ``%s`` for the type and then for the arguments.
        arguments: Further arguments of the message.
    """
    try:
        listener(value)
    except Exception as error:
        kind = type(error).__name__
    else:
        return
    log.error(text, kind, *arguments)
