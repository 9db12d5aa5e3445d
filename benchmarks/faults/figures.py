"""The figures of all runs, as a file that tests hold, and as the table of the documentation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .matrix import Outcome, Run

FILE = Path(__file__).with_name("figures.json")
PAGE = Path(__file__).parents[2] / "docs" / "sessions.md"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"

# By operation, class of faults and outcome.
Figures = dict[str, dict[str, dict[str, int]]]

_HEADINGS = {
    Outcome.KEPT: "kept",
    Outcome.TOKEN_DIED: "ended with the refresh token",
    Outcome.KEY_LOST: "new key lost with the process",
    Outcome.LOST: "ended otherwise",
}


def count(runs: Iterable[Run]) -> dict[str, dict[str, int]]:
    """Count the outcomes of one operation's runs, by class of faults."""
    found: dict[str, Counter[str]] = {}
    for run in runs:
        found.setdefault(run.kind, Counter())[run.outcome.value] += 1
    return {kind: dict(sorted(outcomes.items())) for kind, outcomes in sorted(found.items())}


def read() -> Figures:
    """Return the figures that were written last."""
    found: Figures = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def table(figures: Figures) -> str:
    """Return the table of the documentation."""
    sums: dict[str, Counter[str]] = {}
    for operation in figures.values():
        for kind, outcomes in operation.items():
            sums.setdefault(kind, Counter()).update(outcomes)
    total: Counter[str] = sum(sums.values(), Counter())
    lines = [f"| | faults | {' | '.join(_HEADINGS.values())} |", "|---" * (len(_HEADINGS) + 2) + "|"]
    for name, outcomes in [*sorted(sums.items()), ("in all", total)]:
        cells = (f"{outcomes[outcome.value]:,}" for outcome in _HEADINGS)
        lines.append(f"| {name} | {outcomes.total():,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def written_table() -> str:
    """Return the table that is in the documentation."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def write(figures: Figures) -> None:
    """Write the file, and the table into the documentation."""
    FILE.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + BEGIN + table(figures) + END + after, encoding="utf-8")
