"""What an import costs, each in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from tempfile import TemporaryDirectory

from .measure import OURS, Subject, Table, interleaved, times_better
from .peers import Bench

_TIMED = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
_MODULES = {
    OURS: OURS,
    "aiobotocore": "aiobotocore.session",
    "boto3": "boto3",
    "pycognito": "pycognito",
    "asyncio": "asyncio",
}


def _import(module: str, bytecode: str) -> float:
    # Whatever the caller's environment says, compiled files are kept, as an installed package has them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(module)],
        env=environment | {"PYTHONPYCACHEPREFIX": bytecode},
        capture_output=True,
        check=True,
        text=True,
    )
    return 1e3 * float(done.stdout)


def run(bench: Bench) -> list[Table]:
    with TemporaryDirectory() as bytecode:
        subjects = [
            Subject(name, partial(_import, module, bytecode), f"import {module}")
            for name, module in _MODULES.items()
        ]
        rows = interleaved(subjects, bench.rounds)
    return [
        Table(
            key="imports",
            title="Import",
            unit="ms of CPU",
            rows=rows,
            about="In a fresh interpreter, with the compiled files and the disk's cache warm. "
            "What everybody imports anyway is there to compare: asyncio.",
            bars=[times_better("aiobotocore", 6)],
        )
    ]
