"""Calls of `RedisStorage` and of a session in it, beside a bare GET of ``redis.asyncio``, in one run."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from itertools import cycle
from typing import Any

import redis.asyncio
from attrs import frozen

from aiocognito import AuthClient, AuthConfig, SessionManager
from aiocognito.storage.redis import RedisStorage
from benchmarks import stub
from benchmarks.peers import AT_ONCE, together
from benchmarks.report import number
from helpers.redis_servers import Server, redis_server

from . import pages
from .workers import KEY

BARE = "a bare `redis.asyncio` GET of the same bytes"
ROUNDS = 5
PREFIX = "aiocognito:"


@frozen
class Work:
    """What is measured.

    Attributes:
        name: What it is called in the table.
        call: Does it once, as one of many at a time.
        times: How often it is done in a round.
    """

    name: str
    call: Callable[[], Awaitable[object]]
    times: int


@asynccontextmanager
async def _works(url: str, server: Server) -> AsyncIterator[list[Work]]:
    config = AuthConfig(
        user_pool_id=stub.POOL, user_pool_client_id=stub.CLIENT, user_pool_endpoint=url, refresh_ahead=0
    )
    async with (
        RedisStorage(server.url, encryption_key=KEY) as storage,
        SessionManager(config, storage=storage) as sessions,
        redis.asyncio.Redis.from_url(server.url) as bare,
    ):
        auths = [sessions.client(sessions.new_session_key()) for _ in range(AT_ONCE)]
        for auth in auths:
            await auth.sign_in("ana", stub.PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
        with server.client as client:
            found: Any = client.scan_iter("*:session:*")
            lengths: list[tuple[Any, Any]] = [(key, client.strlen(key)) for key in found]
            # Marks of the keys before the sign-ins are short.
            stored = [key.decode() for key, length in lengths if length > 1000]
        assert len(stored) == AT_ONCE
        # Each call is of another session than the one before: reads of one key share a request.
        keys, records = cycle(stored), cycle([key.removeprefix(PREFIX) for key in stored])
        warm, stale = cycle(auths), cycle(auths)

        async def fetch(auth: AuthClient, *, force_refresh: bool) -> None:
            session = await auth.fetch_auth_session(force_refresh=force_refresh, credentials=False)
            assert session.tokens is not None

        yield [
            Work(BARE, lambda: bare.get(next(keys)), 4000),
            Work("`RedisStorage.get`, encrypted", lambda: storage.get(next(records)), 4000),
            Work("`fetch_auth_session`, tokens valid", lambda: fetch(next(warm), force_refresh=False), 4000),
            Work("a refresh, by a stub of Cognito", lambda: fetch(next(stale), force_refresh=True), 200),
        ]


async def round_trips(server: Server, call: Callable[[], Awaitable[object]]) -> int:
    """Return how many commands a call sends, one after the other, as the server sees them."""
    with server.client as client, client.monitor() as monitor:
        await call()
        client.echo("the end")
        found = 0
        while True:
            seen: Any = monitor.next_command()
            if "the end" in seen["command"]:
                return found
            found += seen["client_type"] == "tcp"  # not what a script does, nor this client


async def measure() -> str:
    """Return the table: calls a second, CPU of this process per call, and round trips to Redis."""
    with stub.running() as url, Server(redis_server()) as server:
        async with _works(url, server) as works:
            for work in works:
                await work.call()
            trips = {work.name: await round_trips(server, work.call) for work in works}
            figures = [await _round(works) for _ in range(ROUNDS + 1)][1:]  # the first one warms up
    speeds, costs = (
        {work.name: statistics.median(each[work.name][at] for each in figures) for work in works}
        for at in (0, 1)
    )
    lines = []
    for name, speed in speeds.items():
        share = "" if name == BARE else f"{speed / speeds[BARE]:.2f} ×"
        lines.append([name, number(speed), share, number(costs[name]), str(trips[name])])
    heads = ["", f"a second, {AT_ONCE} at a time", "of the bare GET's", "µs of CPU each", "round trips"]
    about = f"\nredis-py {version('redis')}, over TCP on the loopback; medians of {ROUNDS} rounds in turn.\n"
    return pages.table(heads, lines) + about


async def _round(works: Sequence[Work]) -> dict[str, tuple[float, float]]:
    """Return how often each is done a second, and what it costs in µs of CPU of this process."""
    found = {}
    for work in works:
        gc.collect()
        started, began = time.perf_counter(), time.process_time()
        await together(work.times, AT_ONCE, work.call)
        used, passed = time.process_time() - began, time.perf_counter() - started
        found[work.name] = work.times / passed, 1e6 * used / work.times
    return found
