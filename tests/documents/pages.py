"""The project's pages, and the Python in them."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from types import CodeType
from typing import Any

from attrs import frozen

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/migrating").glob("*.md")),
]
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


@frozen
class Block:
    """One example: its text, and the line that it begins on."""

    page: Path
    line: int
    code: str

    @property
    def name(self) -> str:
        return f"{name_of(self.page)}:{self.line}"

    def compiled(self) -> CodeType:
        """Compile the whole block. A traceback names the page and the line in it."""
        source = "\n" * self.line + self.code
        code: CodeType = compile(source, name_of(self.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return code

    @property
    def is_for_the_console(self) -> bool:
        """Whether the block awaits outside of a function, as only ``python -m asyncio`` can."""
        return bool(self.compiled().co_flags & inspect.CO_COROUTINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str = "python") -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start("code")), match["code"])
        for match in _BLOCK.finditer(text)
        if match["language"] == language
    ]


def module(page: Path, name: str) -> dict[str, Any]:
    """Run the one block of a page that defines ``name``, and return its names."""
    (block,) = (block for block in blocks(page) if f"\n{name} = " in block.code)
    names: dict[str, Any] = {"__name__": "__example__"}
    result = eval(block.compiled(), names)
    if inspect.iscoroutine(result):
        asyncio.run(result)
    return names


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
