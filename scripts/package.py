"""Build the sdist and the wheel, and check them as their users get them: ``tox -e package``.

1. The sdist contains every file of the repository, and the wheel every file of ``src/``.
2. The wheel is installed into clean environments, with the lowest and with the newest versions of its
   requirements, without extras and with them: `smoke.py` passes in each.
3. The commands of pipx and uvx on the page ``docs/docker-ci.md`` start an emulator from the wheel.
4. A newcomer's first hour: `newcomer.py` runs the programs of the pages and starts their services.
5. The tests of the unpacked sdist pass against the installed wheel. The default is a selection that takes
   seconds; ``--all-tests`` runs every test but ``interop`` and ``browser``.

Needs uv, which installs from the index that it is configured with.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
UV = os.environ.get("UV") or shutil.which("uv") or sys.exit("uv is needed: pip install uv")
SELECTED_TESTS = (
    "tests/documents/test_facts.py",
    "tests/test_dependencies.py",
    "tests/test_import.py",
    "tests/test_jwt.py",
)


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command; the script ends where it fails."""
    result = subprocess.run(command, cwd=cwd, env=clean_variables(), check=False)
    if result.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")


def clean_variables() -> dict[str, str]:
    """Return the environment variables without those of the sources and of the caller's environment."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "COV_CORE_SOURCE")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def project_table(root: Path) -> dict[str, Any]:
    """Return the ``project`` table of a ``pyproject.toml``."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def build(target: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from the sdist; return their paths."""
    run(UV, "build", "--quiet", "--out-dir", target, ROOT, cwd=target)
    (sdist,), (wheel,) = target.glob("*.tar.gz"), target.glob("*.whl")
    return sdist, wheel


def unpack(sdist: Path, target: Path) -> Path:
    """Unpack the sdist; return the directory that it contains."""
    with tarfile.open(sdist) as archive:
        archive.extractall(target, filter="data")
    (directory,) = target.iterdir()
    return directory


def check_contents(unpacked: Path, wheel: Path) -> None:
    """Check that the sdist has every file that Git has, and the wheel every file of ``src/``."""
    packed = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        report_missing("the sdist", {name for name in listed.stdout.split("\0") if name} - packed)
    sources = {name.removeprefix("src/") for name in packed if name.startswith("src/")}
    with zipfile.ZipFile(wheel) as archive:
        report_missing("the wheel", sources - set(archive.namelist()))


def report_missing(where: str, names: set[str]) -> None:
    """End the script if files are missing."""
    if names:
        sys.exit(f"missing in {where}: {', '.join(sorted(names))}")


def check_tag(tag: str) -> None:
    """Check that a tag names the project's version, and that the changelog dates that version."""
    version = project_table(ROOT)["version"]
    if tag != f"v{version}":
        sys.exit(f"the tag {tag} is not v{version}, the version in pyproject.toml")
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line[:3] == "## "]
    if not headings[0].startswith(f"## {version} ") or "unreleased" in headings[0]:
        sys.exit(f"CHANGELOG.md must begin with a dated heading of {version}; it begins with {headings[0]!r}")


def clean_environment(directory: Path, python: str) -> Path:
    """Make an empty virtual environment; return the path of its interpreter."""
    run(UV, "venv", "--quiet", "--python", python, directory, cwd=directory.parent)
    return directory / "bin/python"


def check_installation(python: Path, wheel: Path, unpacked: Path, resolution: str, work: Path) -> None:
    """Install the wheel, first alone and then with its extras, and run the smoke test after each."""
    shutil.copy(ROOT / "scripts/smoke.py", work / "smoke.py")
    version = project_table(ROOT)["version"]
    # The requirements are named beside the wheel, because "lowest-direct" only lowers those that are named.
    requirements = (UV, "pip", "install", "--quiet", "--python", python, "--resolution", resolution)
    run(*requirements, wheel, "-r", unpacked / "pyproject.toml", cwd=work)
    run(python, "-I", "smoke.py", version, cwd=work)
    extras = ",".join(project_table(ROOT)["optional-dependencies"])
    all_extras = (f"{wheel}[{extras}]", "-r", unpacked / "pyproject.toml", "--all-extras")
    run(*requirements, *all_extras, cwd=work)
    run(python, "-I", "smoke.py", version, "--extras", cwd=work)
    print(f"installed and used with the {resolution} versions", flush=True)


def check_without_installation(wheel: Path, work: Path) -> None:
    """Run the page's commands of pipx and uvx, with the wheel in place of the published package."""
    page = (ROOT / "docs/docker-ci.md").read_text("utf-8")
    commands = [line[2:] for line in page.splitlines() if line.startswith(("$ pipx run ", "$ uvx "))]
    if len(commands) != 2:
        sys.exit(f"docs/docker-ci.md must have a command of pipx and one of uvx; it has {commands}")
    for number, command in enumerate(commands):
        words = [f"{wheel}[cli]" if word == "aiocognito[cli]" else word for word in shlex.split(command)]
        program = [UV, "tool", "run", *([] if words[0] == "uvx" else ["pipx"])]
        started = work / f"emulator-{number}.env"
        start_emulator([*program, *words[1:], "--port", "0", "--env-file", str(started)], started, work)
        print(f"started without an installation: {command}", flush=True)


def start_emulator(command: Sequence[str], started: Path, work: Path) -> None:
    """Start an emulator, wait for the file that it writes, and stop it."""
    environment = {**clean_variables(), "PIPX_HOME": str(work / "pipx"), "UV_TOOL_DIR": str(work / "tools")}
    process = subprocess.Popen(
        command, cwd=work, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 300
        while not started.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"failed: {shlex.join(command)}")
            time.sleep(0.1)
    finally:
        # uv and pipx run the emulator as a process of their own.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def play_newcomer(python: Path, unpacked: Path, work: Path) -> None:
    """Run the programs of the pages, and start their services, with the installed wheel."""
    run(UV, "pip", "install", "--quiet", "--python", python, "uvicorn", cwd=work)
    shutil.copy(ROOT / "scripts/newcomer.py", work / "newcomer.py")
    run(python, "newcomer.py", unpacked, cwd=work)


def run_tests(python: Path, unpacked: Path, tests: tuple[str, ...]) -> None:
    """Run tests of the unpacked sdist against the installed wheel."""
    install = (UV, "pip", "install", "--quiet", "--python", python)
    run(*install, "--group", f"{unpacked / 'pyproject.toml'}:test", cwd=unpacked)
    options = ("-q", "-p", "no:cacheprovider", "--no-cov", "--numprocesses=auto", "--dist=loadgroup")
    run(python, "-m", "pytest", *options, *tests, cwd=unpacked)


def main() -> None:
    """Run all checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--all-tests", action="store_true", help="run all fast tests, not a selection")
    parser.add_argument("--lowest-python", default="3.11", help="interpreter for the lowest versions")
    parser.add_argument("--tag", help="check that this tag is the one of the version to be released")
    parser.add_argument("--keep", type=Path, help="copy the sdist and the wheel to this directory")
    arguments = parser.parse_args()
    if arguments.tag:
        check_tag(arguments.tag)
    with tempfile.TemporaryDirectory(prefix="aiocognito-package-") as directory:
        work = Path(directory)
        sdist, wheel = build(work)
        unpacked = unpack(sdist, work / "sdist")
        check_contents(unpacked, wheel)
        lowest = clean_environment(work / "lowest", arguments.lowest_python)
        check_installation(lowest, wheel, unpacked, "lowest-direct", work)
        newest = clean_environment(work / "newest", sys.executable)
        check_installation(newest, wheel, unpacked, "highest", work)
        check_without_installation(wheel, work)
        play_newcomer(newest, unpacked, work)
        run_tests(newest, unpacked, () if arguments.all_tests else SELECTED_TESTS)
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            for built in (sdist, wheel):
                shutil.copy(built, arguments.keep)


if __name__ == "__main__":
    main()
