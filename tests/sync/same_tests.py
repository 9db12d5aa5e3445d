"""Collects tests of the async classes once more, to run them through `aiocognito.sync`."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest

from sync import door


def same_tests(*modules: ModuleType, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the tests and fixtures of modules, and the fixture that has them use the door.

    Args:
        modules: Modules of tests, and the conftest with their fixtures first.
        but: Names of tests that cannot run there.
    """
    found: dict[str, Any] = {}
    for module in modules:
        for name, member in vars(module).items():
            is_fixture = _is_fixture(member)
            if name in but or not (is_fixture or name.startswith("test_")):
                continue
            where = module.__name__.rpartition(".")[2].removeprefix("test_")
            found[name if is_fixture else f"test_{where}_{name.removeprefix('test_')}"] = member

    @pytest.fixture(autouse=True)
    def through_the_door(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        for module in modules:
            for name in ("AuthClient", "SessionManager"):
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, getattr(door, name))
        door.calls.clear()
        yield
        assert door.calls, "the test has not used the door"

    return {**found, "through_the_door": through_the_door}


def _is_fixture(member: object) -> bool:
    """Return whether a member of a module is a fixture; before pytest 8.4 it is a function with a mark."""
    if type(member).__name__ == "FixtureFunctionDefinition":
        return True
    return isinstance(member, FunctionType) and hasattr(member, "_pytestfixturefunction")
