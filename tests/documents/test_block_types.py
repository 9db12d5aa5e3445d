"""Every example passes mypy's strict mode, as the code of a project that pastes it would be checked."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, Block, blocks, name_of

EXAMPLES = [
    block
    for page in dict.fromkeys([*PAGES, *sorted((ROOT / "docs").rglob("*.md"))])
    for block in blocks(page)
]
OPTIONS = [
    "--config-file=pyproject.toml",
    "--no-error-summary",
    "--hide-error-context",
    # The constructor of redis-py's Sentinel has no annotations.
    "--untyped-calls-exclude=redis.asyncio.sentinel",
]
_REPORT = re.compile(r"^(?P<file>.+?\.py):(?P<line>\d+): (?P<message>error: .*)$", re.MULTILINE)


def source_of(block: Block) -> str:
    """Return a module whose lines have the numbers that they have on the page.

    What is typed into a console becomes the body of a function, which begins on the line of the fence.
    """
    if not block.is_for_the_console:
        return "\n" * block.line + block.code
    body = textwrap.indent(block.code, "    ")
    return "\n" * (block.line - 1) + f"async def main() -> None:\n{body}"


def errors_in(examples: list[Block], directory: Path) -> list[str]:
    """Run mypy once, and return what it reports, each error with its page and line."""
    modules = directory / "examples_of_pages"
    modules.mkdir()
    pages = {}
    for number, block in enumerate(examples):
        file = modules / f"block_{number}.py"
        file.write_text(source_of(block), encoding="utf-8")
        pages[str(file)] = name_of(block.page)
    command = [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={directory / 'cache'}", *pages]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return [
        f"{pages[report['file']]}:{report['line']}: {report['message']}"
        for report in _REPORT.finditer(result.stdout)
        if report["file"] in pages
    ]


@pytest.mark.interop
def test_the_examples_pass_mypy(tmp_path: Path) -> None:
    wrong = [
        Block(ROOT / "README.md", 9000, "len(1)\n"),
        Block(ROOT / "SECURITY.md", 9000, 'import asyncio\nawait asyncio.sleep("1")\n'),
    ]
    *errors, first, second = errors_in([*EXAMPLES, *wrong], tmp_path)
    assert errors == []
    assert first.startswith('README.md:9001: error: Argument 1 to "len"')
    assert second.startswith('SECURITY.md:9002: error: No overload variant of "sleep"')
