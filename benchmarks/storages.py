"""The storages of sessions, with the servers that some of them need."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiobotocore.session import AioSession

from aiocognito import EncryptedStorage, FileStorage, MemoryStorage, Storage
from aiocognito.storage.dynamodb import DynamoDbStorage
from aiocognito.storage.redis import RedisStorage

KEY = b"k" * 32
START_SECONDS = 60.0
PAGE = Path(__file__).parent.parent / "docs" / "machines.md"


@asynccontextmanager
async def storages(directory: Path) -> AsyncIterator[dict[str, Storage]]:
    """Start the servers, and yield the storages by their names in the table.

    A storage whose server is not installed is left out.

    Args:
        directory: An empty directory for files.
    """
    found: dict[str, Storage] = {
        "MemoryStorage": MemoryStorage(),
        "EncryptedStorage of MemoryStorage": EncryptedStorage(MemoryStorage(), [KEY]),
        "FileStorage, encrypted": FileStorage(directory / "sessions", encryption_key=KEY),
        "SQLite by the recipe of the documentation, encrypted": EncryptedStorage(
            _sql(directory / "db"), [KEY]
        ),
    }
    with _redis_server(directory) as redis_url, _moto() as moto_url:
        if redis_url is not None:
            found["RedisStorage, redis-server, encrypted"] = RedisStorage(redis_url, encryption_key=KEY)
        if moto_url is not None:
            table = _dynamodb(moto_url)
            await table.create_table()
            found["DynamoDbStorage, moto, encrypted"] = table
        try:
            yield found
        finally:
            for storage in found.values():
                if isinstance(storage, RedisStorage | DynamoDbStorage):
                    await storage.aclose()


def _sql(path: Path) -> Storage:
    """Return the storage that the documentation shows."""
    blocks = [part.partition("```")[0] for part in PAGE.read_text().split("```python\n")]
    recipe = next(block for block in blocks if "class SqlStorage" in block).partition("\nstorage = ")[0]
    names: dict[str, Any] = {}
    exec(compile(recipe, str(PAGE), "exec"), names)
    storage: Storage = names["SqlStorage"](path)
    return storage


def _dynamodb(url: str) -> DynamoDbStorage:
    session = AioSession()
    session.set_credentials("access", "secret")
    return DynamoDbStorage(
        "sessions", encryption_key=KEY, region="eu-west-1", endpoint_url=url, aws_session=session
    )


@contextmanager
def _redis_server(directory: Path) -> Iterator[str | None]:
    """Start redis-server without persistence; None if it is not installed."""
    binary = shutil.which("redis-server")
    if binary is None or find_spec("redis") is None:
        print("RedisStorage is left out: redis-server or redis-py is not installed")
        yield None
        return
    port = _free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(directory))
    with _running([binary, *options], port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _moto() -> Iterator[str | None]:
    """Start moto's server in a process of its own; None if it is not installed."""
    if find_spec("moto") is None:
        print("DynamoDbStorage is left out: moto is not installed")
        yield None
        return
    port = _free_port()
    with _running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    """Run a server, and wait until it accepts connections."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _accepts(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} did not start")
                time.sleep(0.05)
            yield
        finally:
            process.kill()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
