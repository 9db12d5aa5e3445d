"""Runs of pytest with the plugin, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[2]
_ENTRY_POINTS = "[pytest11]\naiocognito = aiocognito._pytest_plugin\n"
_METADATA = "Metadata-Version: 2.1\nName: aiocognito-for-tests\nVersion: 0\n"


@frozen
class Outcome:
    """The outcome of one run."""

    code: int
    text: str

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the last line, such as ``{"passed": 3}``."""
        summary = next(line for line in reversed(self.text.splitlines()) if re.search(r" in [\d.]+s", line))
        return {noun: int(number) for number, noun in re.findall(r"(\d+) ([a-z]+)", summary)}


class Runs:
    """Runs pytest in a directory, with the plugin as an installed package brings it: by its entry point.

    Args:
        directory: The directory, which is empty.
        path: More directories to import from.
    """

    def __init__(self, directory: Path, *path: Path) -> None:
        self.directory = directory / "project"
        self.directory.mkdir()
        installed = directory / "installed" / "aiocognito_for_tests-0.dist-info"
        installed.mkdir(parents=True)
        (installed / "METADATA").write_text(_METADATA)
        (installed / "entry_points.txt").write_text(_ENTRY_POINTS)
        self._path = [str(installed.parent), str(ROOT / "src"), *map(str, path)]

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.directory / name).write_text(textwrap.dedent(text))

    def __call__(
        self, *arguments: str, plugins: Iterable[str] = (), environ: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run pytest, with warnings as errors.

        Args:
            arguments: More arguments.
            plugins: The plugins of other packages that are loaded.
            environ: More environment variables.
        """
        others = {point.name for point in entry_points(group="pytest11")} - {"aiocognito", *plugins}
        off = [part for name in sorted(others) for part in ("-p", f"no:{name}")]
        command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *off, *arguments]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**inherited, "PYTHONPATH": os.pathsep.join(self._path), **(environ or {})},
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Outcome(done.returncode, done.stdout + done.stderr)
