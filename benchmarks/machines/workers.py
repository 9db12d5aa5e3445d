"""Worker processes: reads a list of jobs a line, forks a process for each, and prints their results.

Forked from one interpreter that has imported everything, so that eight processes start together.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiocognito import AuthConfig, SessionManager
from aiocognito.errors import AuthError
from aiocognito.storage.redis import RedisStorage

# Parents that have threads: none of these children shares a lock with one.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

KEY = bytes(range(32))


class Mortal:
    """A storage whose process is killed at one of its calls: even numbers before it, odd ones after it."""

    def __init__(self, storage: RedisStorage, die_at: int) -> None:
        self._storage = storage
        self._left = die_at

    def _live(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._storage, name)
        if name == "lock":
            return method  # type: ignore[no-any-return]

        async def call(*arguments: Any, **options: Any) -> Any:
            self._live()
            result = await method(*arguments, **options)
            self._live()
            return result

        return call


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Fetch one session's tokens with many concurrent calls, and count what they return."""
    outcomes: Counter[str] = Counter()
    tokens: set[str] = set()
    users: set[str] = set()
    storage: Any = RedisStorage(job["url"], encryption_key=KEY, lock_lease=job["lock_lease"])
    if job["die_at"] is not None:
        storage = Mortal(storage, job["die_at"])
    clock = lambda: time.time() + job["offset"]  # noqa: E731
    async with SessionManager(AuthConfig(**job["config"]), storage=storage, clock=clock) as sessions:
        await asyncio.sleep(max(0.0, job["start_at"] - time.time()))
        started = time.monotonic()

        async def call() -> None:
            try:
                session = await sessions.client(job["key"]).fetch_auth_session(credentials=False)
            except AuthError as error:
                outcomes[type(error).__name__] += 1
                return
            if session.tokens is None:
                outcomes["signed out"] += 1
                return
            outcomes["tokens"] += 1
            payload = session.tokens.access_token.payload
            tokens.add(str(payload["jti"]))
            users.add(str(payload["username"]))

        await asyncio.gather(*(call() for _ in range(job["calls"])))
        seconds = time.monotonic() - started
    if job["die_at"] is None:
        await storage.aclose()
    return {
        "outcomes": dict(outcomes),
        "tokens": sorted(tokens),
        "users": sorted(users),
        "seconds": seconds,
    }


def fork(job: dict[str, Any]) -> tuple[int, int]:
    """Start a process for a job; return its id and the pipe that its result comes from."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.write(writer, json.dumps(asyncio.run(work(job))).encode())
        os._exit(0)
    except BaseException as error:
        print(f"worker failed: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)


def result_of(pid: int, reader: int) -> dict[str, Any] | None:
    """Return the result of a process; None if it was killed."""
    with os.fdopen(reader, "rb") as file:
        content = file.read()
    os.waitpid(pid, 0)
    return json.loads(content) if content else None


def main() -> None:
    """Serve lines of jobs."""
    print("ready", flush=True)
    for line in sys.stdin:
        started = [fork(job) for job in json.loads(line)]
        print(json.dumps([result_of(*each) for each in started]), flush=True)


if __name__ == "__main__":
    main()
