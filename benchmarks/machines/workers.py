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
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel

from aiocognito import AuthConfig, SessionManager
from aiocognito._gateways.user_pool import UserPool
from aiocognito.errors import AuthError
from aiocognito.storage.redis import RedisStorage

# Parents that have threads: none of these children shares a lock with one.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

KEY = bytes(range(32))


class Mortal:
    """A storage whose process is killed at one of its calls: even numbers before it, odd ones after it.

    Args:
        storage: The storage.
        die_at: The number of the call.
        is_armed: Whether calls count from the beginning, or from the response to a refresh.
    """

    def __init__(self, storage: RedisStorage, die_at: int, *, is_armed: bool) -> None:
        self._storage = storage
        self._left = die_at
        self._is_armed = is_armed

    def arm(self) -> None:
        """Count from now on."""
        self._is_armed = True

    def _live(self) -> None:
        if not self._is_armed:
            return
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


def arm_at_answer(mortal: Mortal) -> None:
    """Let a process count the calls of its storage from the response to its refresh."""
    method = UserPool.get_tokens_from_refresh_token

    async def renew(*arguments: Any, **options: Any) -> Any:
        tokens = await method(*arguments, **options)
        mortal.arm()
        return tokens

    UserPool.get_tokens_from_refresh_token = renew  # type: ignore[method-assign]  # in this process alone


@asynccontextmanager
async def storage_of(job: dict[str, Any]) -> AsyncIterator[RedisStorage]:
    """Open the storage of a job: by its URL, or the primary that a Sentinel names."""
    options: dict[str, Any] = {"encryption_key": KEY, "lock_lease": job["lock_lease"]}
    if job["sentinel"] is None:
        async with RedisStorage(job["url"], **options) as storage:
            yield storage
        return
    sentinel: Any = Sentinel
    watch = sentinel([("127.0.0.1", job["sentinel"])], socket_timeout=1.0)
    client: Redis = watch.master_for("mymaster", socket_timeout=5.0)
    try:
        async with RedisStorage(client, **options, wait_replicas=1) as storage:
            yield storage
    finally:
        for each in (client, *watch.sentinels):
            await each.aclose()


def mortal(storage: RedisStorage, job: dict[str, Any]) -> Any:
    """Return the storage of a process that is to be killed, or the storage itself."""
    if job["die_at"] is None:
        return storage
    found = Mortal(storage, job["die_at"], is_armed=not job["dies_after_answer"])
    if job["dies_after_answer"]:
        arm_at_answer(found)
    return found


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Fetch one session's tokens with many concurrent calls, and count what they return."""
    outcomes: Counter[str] = Counter()
    tokens: set[str] = set()
    users: set[str] = set()
    clock = lambda: time.time() + job["offset"]  # noqa: E731
    config = AuthConfig(**job["config"])
    async with (
        storage_of(job) as storage,
        SessionManager(config, storage=mortal(storage, job), clock=clock) as sessions,
    ):
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
