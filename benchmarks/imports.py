"""What an import costs, each in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from tempfile import TemporaryDirectory

from .measure import OURS, Subject, Table, interleaved, times_better
from .peers import Bench

_TIMED = "import time; start = time.process_time(); {}; print(time.process_time() - start)"
_NAMES = f"from {OURS} import AuthClient, AuthConfig, SessionManager"
_STATEMENTS = {
    f"import {OURS}": OURS,
    _NAMES: OURS,
    "import aiobotocore.session": "aiobotocore",
    "import boto3": "boto3",
    "import pycognito": "pycognito",
    "import asyncio": "asyncio",
}


def _import(statement: str, bytecode: str) -> float:
    # Compiled files are written regardless of the environment, as in an installed package.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(statement)],
        env=environment | {"PYTHONPYCACHEPREFIX": bytecode},
        capture_output=True,
        check=True,
        text=True,
    )
    return 1e3 * float(done.stdout)


def run(bench: Bench) -> list[Table]:
    with TemporaryDirectory() as bytecode:
        subjects = [
            Subject(name, partial(_import, statement, bytecode), statement)
            for statement, name in _STATEMENTS.items()
        ]
        package, names, *peers = interleaved(subjects, bench.rounds)
    return [
        Table(
            key="imports",
            title="Import",
            unit="ms of CPU",
            rows=[package, *peers],
            about="In a fresh interpreter, with compiled files and a warm disk cache. Public names are "
            "loaded on first access; the next table has that cost.",
            bars=[times_better("aiobotocore", 6)],
        ),
        Table(
            key="imports",
            title="Import, with the names that a service uses",
            unit="ms of CPU",
            rows=[names, *peers],
            about="The same run. asyncio is included for comparison, because every service imports it.",
        ),
    ]
