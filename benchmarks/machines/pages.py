"""The tables of docs/machines.md, each between two comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "machines.md"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def write(name: str, text: str) -> None:
    """Replace what stands between ``<!-- name: begin -->`` and ``<!-- name: end -->``."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    head, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    between, ended, tail = rest.partition(end)
    assert found and ended, f"{PAGE.name} has no place for {name}: {between[:20]!r}"  # noqa: PT018 - one place
    PAGE.write_text(f"{head}{begin}{text}{end}{tail}", encoding="utf-8")
