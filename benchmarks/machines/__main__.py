"""``python -m benchmarks.machines``: eight processes, one session, rotating tokens, and faults of Redis.

Then the cost of a call, and the refreshes of other libraries. `benchmarks.machines.million` runs by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # for helpers.redis_servers

from . import pages, peers, throughput
from .scenarios import SCENARIOS, SIZES
from .stage import Report, Stage, stage

PROCESSES = 8
CALLS = 1250
BAD: list[str] = []


def faults(here: Stage, *, scenario: str = "") -> str:
    """Run the scenarios whose names hold a text, and return their table."""
    found: dict[str, Report] = {}
    for name, run in SCENARIOS.items():
        if scenario in name:
            found[name] = run(here, *SIZES.get(name, (PROCESSES, CALLS)))
            print(name, dict(found[name].outcomes), flush=True)
            if found[name].crossed or found[name].resurrected:
                BAD.append(name)
    text = table(found)
    for report in found.values():
        if report.reads:
            text += (
                f"\nWithout a fault, Redis answers {report.reads} GETs for all {report.calls:,} calls,"
                " with those of its scripts.\n"
            )
    return text


PARTS: dict[str, Callable[[Stage], str]] = {
    "faults": faults,
    "throughput": lambda _: asyncio.run(throughput.measure()),
    "peers": peers.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the tables into docs/machines.md")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="NAME")
    parser.add_argument("--scenario", metavar="TEXT", default="", help="faults whose names hold a text")
    options = parser.parse_args()
    if options.write and options.scenario:
        parser.error("the table is written from a run of all scenarios")
    with stage() as here:
        for name in options.only:
            text = faults(here, scenario=options.scenario) if name == "faults" else PARTS[name](here)
            print(f"\n{text}", flush=True)
            if options.write:
                pages.write(name, text)
    return int(bool(BAD))


def table(found: dict[str, Report]) -> str:
    """Return the table of the documentation."""
    heads = "calls|with tokens|signed out|errors|refreshes|reuse errors|kept|ended|crossed or resurrected|s"
    return pages.table(["", *heads.split("|")], [row(name, report) for name, report in found.items()])


def row(name: str, report: Report) -> list[str]:
    """Return a line of the table."""
    returned, out = report.outcomes["tokens"], report.outcomes["signed out"]
    errors = report.outcomes.total() - returned - out
    cells = [report.calls, returned, out, errors, report.refreshes, report.reuses, report.kept, report.ended]
    cells.append(report.crossed + report.resurrected)
    return [name, *(f"{cell:,}" for cell in cells), f"{report.seconds:.1f}"]


if __name__ == "__main__":
    sys.exit(main())
