"""The project's pages, and the Python in them."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

from attrs import frozen

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


@frozen
class Block:
    """One example: its code, and the line that it begins on."""

    page: Path
    line: int
    code: str


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def python_blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start("code")), match["code"])
        for match in _BLOCK.finditer(text)
    ]


def run(page: Path, names: dict[str, Any], loop: asyncio.Runner) -> None:
    """Run a page's examples one after the other, as a reader would type them; they share ``names``.

    Where an example awaits something outside of a function, it runs on ``loop``.
    """
    names.setdefault("__name__", "__example__")
    for block in python_blocks(page):
        # So that a traceback names the page and the line in it.
        source = "\n" * block.line + block.code
        code = compile(source, name_of(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.iscoroutine(result):
            loop.run(result)


def rows(page: Path, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without the table's header."""
    text = "\n" + page.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"{name_of(page)} has no heading {heading!r}"
    lines: list[str] = []
    for line in rest.splitlines():
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            break
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names_in(text: str) -> list[str]:
    """Return what stands in backticks in a cell, or in a page's prose."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)
