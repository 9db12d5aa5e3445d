"""The request log of the command line: what was asked, what was answered, and why something was refused."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from .site import Call

_OPERATION: Final = 32
_TIME: Final = 8
_INDENT: Final = 4
# Below this width, a reason has lines of its own.
_WIDE: Final = 110


class RequestLog:
    """Writes one entry for each request.

    Args:
        console: Where to. A terminal gets colours and columns; a file gets one plain line for each request.
        width: The terminal's width; by default what the console finds.
    """

    def __init__(self, console: Console, *, width: int | None = None) -> None:
        self._console = console
        self._width = width

    def write(self, call: Call) -> None:
        """Write the entry of a request."""
        now = datetime.now().strftime("%H:%M:%S")
        if not self._console.is_terminal:
            self._console.print(plain(call, now), markup=False, highlight=False, soft_wrap=True)
            return
        width = self._width or self._console.width
        operation = Text(_one_line(call.operation), "bold" if _is_refused(call) else "")
        status = Text(_status(call), _colour(call))
        detail = _detail(call)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=_TIME, no_wrap=True)
        grid.add_column(width=3, no_wrap=True)
        if width >= _WIDE:
            grid.add_column(min_width=_OPERATION, no_wrap=True)
            grid.add_column(ratio=1, overflow="fold")
            grid.add_row(Text(now, "dim"), status, operation, detail)
            self._console.print(grid, width=width)
            return
        grid.add_column(ratio=1, overflow="fold")
        grid.add_row(Text(now, "dim"), status, operation)
        self._console.print(grid, width=width)
        if detail.plain:
            self._console.print(Padding(detail, (0, 0, 0, _TIME + 1 + _INDENT)), width=width)


def plain(call: Call, now: str) -> str:
    """Return an entry as one line without colours."""
    detail = _detail(call).plain
    return f"{now} {_status(call)} {_one_line(call.operation)}{f'  {detail}' if detail else ''}"


def _detail(call: Call) -> Text:
    text = Text()
    if call.error:
        text.append(_one_line(call.error), "red")
    if call.reason:
        text.append(f"{': ' if call.error else ''}{_one_line(call.reason)}")
    elif call.status is None and not call.error:
        text.append("the connection was cut", "yellow")
    return text


def _one_line(text: str) -> str:
    """Return text without control characters: it may repeat what a client sent."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _status(call: Call) -> str:
    return "---" if call.status is None else str(call.status)


def _is_refused(call: Call) -> bool:
    return call.status is None or call.status >= 400 or call.error is not None


def _colour(call: Call) -> str:
    if call.status is None:
        return "yellow"
    return "red" if _is_refused(call) else "green"
