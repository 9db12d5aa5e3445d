"""``python -m benchmarks.machines``: eight processes, one session, rotating tokens, and faults of Redis."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # for helpers.redis_servers

from .scenarios import SCENARIOS
from .stage import Report, stage

PAGE = Path(__file__).parents[2] / "docs" / "machines.md"
BEGIN, END = "<!-- machines: begin -->\n", "<!-- machines: end -->\n"
PROCESSES = 8
CALLS = 1250
KILLED_CALLS = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/machines.md")
    parser.add_argument("--only", metavar="TEXT", default="", help="scenarios whose names hold a text")
    options = parser.parse_args()
    found: dict[str, Report] = {}
    with stage() as here:
        for name, scenario in SCENARIOS.items():
            if options.only in name:
                is_killed = "killed" in scenario.__name__
                found[name] = scenario(
                    here, 3 if is_killed else PROCESSES, KILLED_CALLS if is_killed else CALLS
                )
                print(row(name, found[name]), dict(found[name].outcomes), flush=True)
    if options.write:
        write(found)
    return int(any(report.crossed or report.resurrected for report in found.values()))


def row(name: str, report: Report) -> str:
    """Return a line of the table."""
    returned = report.outcomes["tokens"]
    out, errors = report.outcomes["signed out"], report.outcomes.total() - returned
    errors -= out
    cells = [report.calls, returned, out, errors, report.refreshes, report.reuses, report.kept, report.ended]
    cells += [report.crossed + report.resurrected]
    return f"| {name} | " + " | ".join(f"{cell:,}" for cell in cells) + f" | {report.seconds:.1f} |"


def table(found: dict[str, Report]) -> str:
    """Return the table of the documentation."""
    heads = "calls|with tokens|signed out|errors|refreshes|reuse errors|kept|ended|crossed or resurrected|s"
    lines = [f"| | {heads.replace('|', ' | ')} |", "|---" * 11 + "|"]
    return "\n".join([*lines, *(row(name, report) for name, report in found.items())]) + "\n"


def write(found: dict[str, Report]) -> None:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    PAGE.write_text(f"{head}{BEGIN}{table(found)}{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
