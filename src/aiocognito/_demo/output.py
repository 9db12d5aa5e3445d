"""The output of the demo, whose statements are checked before they are printed."""

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
    """A check of a step failed."""


def console(output: TextIO | None = None) -> Console:
    """Return a console that is in colour on a terminal and plain elsewhere.

    If NO_COLOR (https://no-color.org) is set and not empty, the console uses no escape codes.

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


class Output:
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
        """Begin a step, and print its title."""
        self.steps += 1
        self.title = title
        self._line()
        self._line(f"{self.steps:2}  {title}", "bold")

    def line(self, text: str) -> None:
        """Print a line."""
        self._line(f"    {text}")

    def event(self, text: str) -> None:
        """Print an event."""
        self._line(f"    » {text}", "magenta")

    def check(self, claim: str, is_so: bool) -> None:
        """Print a statement if it is true.

        Raises:
            StepFailed: It is false.
        """
        if not is_so:
            raise StepFailed(f"not true: {claim}")
        self.checks += 1
        self._line(f"    ✓ {claim}", "green")

    async def refused(self, kind: type[E], claim: str, call: Awaitable[Any]) -> E:
        """Await a call that must be refused, and print the statement.

        Raises:
            StepFailed: The call succeeded.
        """
        try:
            await call
        except kind as error:
            self.check(f"{claim}: {error.name}", True)
            return error
        raise StepFailed(f"not true: {claim}: it was accepted")

    def failed(self, why: str) -> None:
        """Print which step failed, and why."""
        self._line(f"    ✗ {why}", "bold red")
        self._line()
        self._line(f"Step {self.steps} failed: {self.title}", "bold red")

    def note(self, text: str) -> None:
        """Print a line before or after the steps."""
        self._line(text, "bold")

    def _line(self, text: str = "", style: str = "") -> None:
        # Soft wrapping: piped output is not cut at a terminal's width.
        self._console.print(text, style=style, soft_wrap=True)
