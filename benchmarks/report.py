"""The tables, for a terminal and for the documentation's page."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from .measure import OURS, Table

_INTRODUCTION = """\
# Benchmarks

The cost of signing in users, compared with other libraries. All numbers of this page come from one run of

```console
$ python -m benchmarks --write
```

(`--quick` takes about a minute; `--only NAME …` measures single tables.) The libraries run in turn, in
several rounds; each number is the median of its rounds. The server is a stub on loopback, in a process of
its own. It responds from memory and checks nothing, so that only the client is measured. On another
machine, expect similar ratios, and other absolute numbers.
"""


def machine() -> str:
    """One line about where this ran."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:  # noqa: PTH123
            model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.machine()}, {python}"


def load() -> str:
    """How busy the machine is: other work on it costs every subject, and those on many cores most."""
    return f"{os.getloadavg()[0]:.1f}"


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def cells(table: Table) -> list[list[str]]:
    """The table's head and rows."""
    found = [["", table.unit, "lowest to highest", "ours is better by"]]
    for row in table.rows:
        advantage = table.advantage(row)
        better = "" if row.name == OURS or advantage is None else f"{number(advantage)} ×"
        low, high = row.spread
        found.append([row.label, number(row.value), f"{number(low)} – {number(high)}", better])
    return found


def as_text(table: Table) -> str:
    """For a terminal, in aligned columns; Markdown reads it, too."""
    rows = cells(table)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join([first, *others])} |"

    rule = (
        "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    )
    return "\n".join([line(rows[0]), rule, *map(line, rows[1:])])


def verdicts(table: Table) -> list[str]:
    """Each bar and whether it was met."""
    found = []
    for bar in table.bars:
        reached, passed = bar.reached(table)
        found.append(f"{'met' if passed else 'NOT MET'}: {bar.text} ({reached})")
    return found


def page(tables: Sequence[Table], found: Mapping[str, str], load_before: str) -> str:
    """The whole of docs/benchmarks.md."""
    libraries = ", ".join(f"{name} {number}" for name, number in found.items())
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    parts = [
        _INTRODUCTION,
        f"Run on {day}: {machine()}.",
        f"{OURS} {version(OURS)}; beside it {libraries}.\n",
    ]
    for table in tables:
        parts += [f"## {table.title}\n", f"{table.about}\n", as_text(table), ""]
        parts += [f"- {verdict}" for verdict in verdicts(table)]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"
