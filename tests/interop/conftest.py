"""The foreign judges: clients and servers that other people wrote, against ours.

A peer that is not there is a failure, never a skip: `scripts/test` installs them all.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the judges out of the coverage: what only they run has no unit test yet."""
    for item in items:
        if item.get_closest_marker("interop"):
            item.add_marker("no_cover")


def installed(path: Path) -> Path:
    """The path of a peer's program, or a failure that says how to get it."""
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing: run `scripts/test`, which installs the peers")
    return path


@pytest.fixture(scope="session")
def ministack_program() -> Path:
    """The `ministack` command in the virtual environment of its own."""
    return installed(ROOT / ".cache/venv-ministack/bin/ministack")


@pytest.fixture(scope="session")
def node_project() -> Path:
    """The directory of the JavaScript clients, their packages installed."""
    project = ROOT / "tests/interop/node"
    installed(project / "node_modules/.stamp")
    return project
