"""What the tests of all storages share."""

from pathlib import Path

import pytest

from aiocognito.storage import FileStorage
from helpers.clock import Clock


@pytest.fixture
def clock() -> Clock:
    # The files of version 1 in these tests were written at about this time.
    return Clock(1_700_000_000.0)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


@pytest.fixture
def files(directory: Path, clock: Clock) -> FileStorage:
    return FileStorage(directory, encryption_key=None, clock=clock)
