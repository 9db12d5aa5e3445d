"""Fixtures of the plugin's tests."""

from pathlib import Path

import pytest

from helpers.pytest_runs import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)
