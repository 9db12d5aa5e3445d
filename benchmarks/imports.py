"""What an import costs, each in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from .measure import OURS, Subject, Table, interleaved, times_better
from .peers import Bench

_TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def _import(module: str) -> float:
    command = [sys.executable, "-c", _TIMED.format(module)]
    return 1e3 * float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def run(bench: Bench) -> list[Table]:
    names = [
        (OURS, OURS),
        ("aiobotocore", "aiobotocore.session"),
        ("boto3", "boto3"),
        ("pycognito", "pycognito"),
    ]
    subjects = [Subject(name, partial(_import, module), f"import {module}") for name, module in names]
    return [
        Table(
            key="imports",
            title="Import",
            unit="ms",
            rows=interleaved(subjects, bench.rounds),
            about="In a fresh interpreter, with the compiled files and the disk's cache warm.",
            bars=[times_better("aiobotocore", 6)],
        )
    ]
