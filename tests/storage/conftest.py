"""What the tests of all storages share."""

from pathlib import Path

import pytest

from aiocognito.storage import FileStorage

from .clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


@pytest.fixture
def files(directory: Path, clock: ManualClock) -> FileStorage:
    return FileStorage(directory, encryption_key=None, clock=clock)
