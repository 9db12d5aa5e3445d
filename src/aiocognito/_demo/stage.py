"""How the demo speaks, and how it makes sure that what it says is so."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, TextIO, TypeVar

from rich.console import Console

from ..errors import AuthError

E = TypeVar("E", bound=AuthError)


class StepFailed(Exception):
    """A step did not come out as it should have."""


def console(output: TextIO | None = None) -> Console:
    """Make a console that is in colour on a terminal and plain elsewhere.

    NO_COLOR (https://no-color.org), set to anything but nothing, means no escape codes at all.

    Args:
        output: Where to write; standard output by default.
    """
    output = output if output is not None else sys.stdout
    if isinstance(output, TextIOWrapper):
        with suppress(OSError, ValueError):
            # An old encoding may lack the tick, which must not fail the demo.
            output.reconfigure(errors="replace")
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        file=output, color_system=None if plain else "auto", highlight=False, markup=False, emoji=False
    )


class Stage:
    """Prints the demo on a console, and counts its checks.

    Args:
        console: Where to print it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.steps = 0
        self.checks = 0
        self.title = ""

    def begin(self, title: str) -> None:
        """Open a step: what fails from here on is its fault."""
        self.steps += 1
        self.title = title
        self._line()
        self._line(f"{self.steps:2}  {title}", "bold")

    def say(self, text: str) -> None:
        """Print what happens."""
        self._line(f"    {text}")

    def heard(self, text: str) -> None:
        """Print an event."""
        self._line(f"    » {text}", "magenta")

    def check(self, claim: str, is_so: bool) -> None:
        """Claim something, if it is so.

        Raises:
            StepFailed: It is not.
        """
        if not is_so:
            raise StepFailed(f"it is not so that {claim}")
        self.checks += 1
        self._line(f"    ✓ {claim}", "green")

    async def refused(self, kind: type[E], claim: str, call: Awaitable[Any]) -> E:
        """Claim that a call is refused, if it is.

        Raises:
            StepFailed: It went through.
        """
        try:
            await call
        except kind as error:
            self.check(f"{claim}: {error.name}", True)
            return error
        raise StepFailed(f"it is not so that {claim}: it went through")

    def failed(self, why: str) -> None:
        """Say which step failed, and why."""
        self._line(f"    ✗ {why}", "bold red")
        self._line()
        self._line(f"Step {self.steps} failed: {self.title}", "bold red")

    def note(self, text: str) -> None:
        """Print a line before or after the steps."""
        self._line(text, "bold")

    def _line(self, text: str = "", style: str = "") -> None:
        # Soft wrapping: what is piped is not cut at the width of a terminal that is not there.
        self._console.print(text, style=style, soft_wrap=True)
