"""The clock behind every ``clock=None``: one source of the time for the whole process.

A test that runs against an emulator sets the process's default once, and an application under test
needs no ``clock`` parameter of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from ._config_checks import check_clock

Clock: TypeAlias = Callable[[], float]


class _HasClock(Protocol):
    @property
    def clock(self) -> Clock | None: ...


_default: Clock | None = None


def now() -> float:
    """Return the time in seconds since the epoch, by the process's default clock."""
    # `time.time` is looked up at each reading, so that a test may replace it.
    return time.time() if _default is None else _default()


def set_default(clock: Clock | None) -> Clock | None:
    """Replace the process's default clock. For tests: see the pytest plugin.

    Args:
        clock: Returns seconds since the epoch; None restores ``time.time``.

    Returns:
        The clock that was the default before, to be set again afterwards.
    """
    global _default
    previous, _default = _default, clock
    return previous


def resolve(clock: Clock | None, config: _HasClock | None = None) -> Clock:
    """Return the clock to read: the one given, else the configuration's, else the process's default.

    The process's default is looked up at each reading, not here.

    Args:
        clock: The value of a ``clock`` parameter.
        config: A configuration whose ``clock`` is the next choice.

    Raises:
        AuthConfigError: ``clock`` is not a function.
    """
    check_clock(clock)
    if clock is None and config is not None:
        clock = config.clock
    return now if clock is None else clock
