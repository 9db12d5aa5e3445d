"""``python -m benchmarks``: measure ours and its peers in one run."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

from . import (
    api_call,
    bearer,
    emulator_pools,
    imports,
    memory,
    report,
    sign_ins,
    srp_arithmetic,
    stall,
    stub,
    verify,
    warm,
    web,
)
from .measure import Table
from .peers import Bench, amplify, versions

BENCHMARKS: dict[str, Callable[[Bench], list[Table]]] = {
    "srp": srp_arithmetic.run,
    "sign-ins": sign_ins.run,
    "stall": stall.run,
    "call": api_call.run,
    "warm": warm.run,
    "verify": verify.run,
    "web": web.run,
    "bearer": bearer.run,
    "memory": memory.run,
    "pools": emulator_pools.run,
    "imports": imports.run,
}
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: under a minute")
    parser.add_argument("--write", action="store_true", help=f"write the tables to docs/{PAGE.name}")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME")
    options = parser.parse_args()
    if options.write and set(options.only) != set(BENCHMARKS):
        parser.error("the page is written from a run of everything")

    tables: list[Table] = []
    load = report.load()
    with stub.running() as url, amplify(url) as javascript, asyncio.Runner() as loop:
        bench = Bench(quick=options.quick, url=url, amplify=javascript, loop=loop)
        found = versions(javascript)
        print(f"{report.machine()}; load average {load}")
        print(", ".join(f"{name} {number}" for name, number in found.items()))
        if javascript is None:
            print("amplify-js is left out: it needs Node and npm")
        for name in options.only:
            for table in BENCHMARKS[name](bench):
                print(f"\n{table.title}\n{report.as_text(table)}")
                print("\n".join(report.verdicts(table)), flush=True)
                tables.append(table)
    if options.write:
        PAGE.write_text(report.page(tables, found, load), encoding="utf-8")


if __name__ == "__main__":
    main()
