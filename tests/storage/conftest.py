"""What the tests of all storages share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiocognito.storage import FileStorage, _dynamodb_values, _redis_values
from helpers.clock import Clock
from helpers.redis_servers import Server, redis_server


@pytest.fixture(autouse=True)
def time_for_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give calls of servers longer than a service does: the machine may be busy."""
    monkeypatch.setattr(_redis_values, "CALL_SECONDS", 120.0)
    monkeypatch.setattr(_dynamodb_values, "CALL_SECONDS", 120.0)


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


@pytest.fixture(scope="session")
def running_redis() -> Iterator[Server]:
    """One redis-server for each process of the test run."""
    with Server(redis_server()) as server:
        yield server


@pytest.fixture
def local_redis(running_redis: Server) -> Server:
    """A redis-server without keys and scripts."""
    with running_redis.client as client:
        client.flushall()
        client.script_flush()
        client.config_resetstat()
    return running_redis
