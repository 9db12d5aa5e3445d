"""Fixtures that every test may ask for."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("helpers")

from helpers import after_failure  # noqa: E402 - its assertions are rewritten from here on

# On a busy machine any example can be slow: its duration says nothing about the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

INNER_LOOP = "not interop and not browser"


def pytest_configure(config: pytest.Config) -> None:
    """Run the inner loop where neither a path nor ``-m`` selects tests: the others need foreign peers."""
    config.pluginmanager.register(after_failure)
    given = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    if not given and not config.option.markexpr:
        config.option.markexpr = INNER_LOOP


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which tests are left out."""
    return f"selected: {INNER_LOOP}" if config.option.markexpr == INNER_LOOP else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let `xdist_group` work: pytest-xdist 3.8 writes ``_nodeid``, which pytest 9.2 does not read."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        group, node_id = item.get_closest_marker("xdist_group"), getattr(item, "id", None)
        if group is not None and node_id is not None:
            grouped: Any = item
            grouped._id = type(node_id).parse(f"{item.nodeid}@{group.args[0]}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore ``interop/`` where ``-m "not interop"`` deselects it: it imports the foreign peers."""
    is_interop = collection_path == Path(__file__).parent / "interop"
    return True if is_interop and "not interop" in config.option.markexpr else None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The service is asyncio: no other back-end is tried."""
    return "asyncio"
