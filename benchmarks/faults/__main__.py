"""``python -m benchmarks.faults``: count the sessions that injected faults end."""

from __future__ import annotations

import argparse
import sys

from . import figures
from .matrix import Outcome, Run, runs
from .operations import operations


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the figures and docs/sessions.md")
    parser.add_argument("--only", metavar="TEXT", default="", help="operations whose names hold a text")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("the figures are written from a run of everything")
    found, is_bad = {}, False
    for operation in operations():
        if options.only in operation.name:
            done = runs(operation)
            found[operation.name] = figures.count(done)
            bad = [run for run in done if run.outcome is Outcome.LOST or run.complaints]
            is_bad = is_bad or bool(bad)
            for run in bad:
                print(_line(run))
    print(figures.table(found))
    if options.write:
        figures.write(found)
    return int(is_bad)


def _line(run: Run) -> str:
    when = "after" if run.fault.after else "before"
    return f"{run.operation.name}: {run.fault} {when} {run.call}: {run.outcome}, {'; '.join(run.complaints)}"


if __name__ == "__main__":
    sys.exit(main())
