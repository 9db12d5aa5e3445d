"""The scenarios: each puts a session, eight processes and a Redis through something."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from helpers.redis_servers import Server, redis_server, replicated
from helpers.tcp_proxy import TcpProxy

from .stage import Report, Session, Stage, run_all

Scenario = Callable[[Stage, int, int], Report]
# Processes that run at once, of several sessions.
AT_ONCE = 24
# Before and after each call of the storage from Cognito's answer until the record is stored, and some more.
POINTS = 6


def at_expiry(stage: Stage, processes: int, calls: int) -> Report:
    """Return the figures of all calls at once, at expiry, without a fault."""
    with Server(redis_server()) as server, server.client as client:
        session = stage.session(server)
        before = _reads(client)
        report = session.run(_jobs(session, processes, calls))
        report.reads = _reads(client) - before
        return report


def _reads(client: Any) -> int:
    return int(client.info("commandstats")["cmdstat_get"]["calls"])


def short_lease(stage: Stage, processes: int, calls: int) -> Report:
    """Let the lease of the lock be shorter than Cognito's answer takes."""
    with Server(redis_server()) as server:
        session = stage.session(server)
        return session.run(_jobs(session, processes, calls, lock_lease=0.3))


def paused(stage: Stage, processes: int, calls: int) -> Report:
    """Stop the server for two seconds while Cognito answers (CLIENT PAUSE)."""
    with Server(redis_server()) as server, server.client as client:
        session = stage.session(server)
        return session.run(_jobs(session, processes, calls), meanwhile=lambda: _call(client, "pause"))


def _call(client: Any, what: str) -> None:
    client.client_pause(2000) if what == "pause" else client.flushall()


def flushed(stage: Stage, processes: int, calls: int) -> Report:
    """Delete everything while Cognito answers (FLUSHALL)."""
    with Server(redis_server()) as server, server.client as client:
        session = stage.session(server)
        return session.run(_jobs(session, processes, calls), meanwhile=lambda: _call(client, "flush"))


def restarted(stage: Stage, processes: int, calls: int) -> Report:
    """Restart a server that persists nothing while Cognito answers."""
    with Server(redis_server()) as server:
        session = stage.session(server)

        def restart() -> None:
            server.kill()
            server.start()

        return session.run(_jobs(session, processes, calls), meanwhile=restart)


def restarted_with_aof(stage: Stage, processes: int, calls: int) -> Report:
    """Restart a server that persists every write while Cognito answers."""
    with Server(redis_server(), appendonly="yes", appendfsync="always") as server:
        session = stage.session(server)

        def restart() -> None:
            server.kill()
            server.start()

        return session.run(_jobs(session, processes, calls), meanwhile=restart)


def slow_network(stage: Stage, processes: int, calls: int) -> Report:
    """Take 50 ms for each direction of the network."""
    with Server(redis_server()) as server, _network(server.port) as (proxy, _):
        session = stage.session(server, url=proxy.url)
        proxy.delay = 0.05
        return session.run(_jobs(session, processes, calls))


def cut_network(stage: Stage, processes: int, calls: int) -> Report:
    """Cut every connection while Cognito answers."""
    with Server(redis_server()) as server, _network(server.port) as (proxy, loop):
        session = stage.session(server, url=proxy.url)

        def cut() -> None:
            loop.call_soon_threadsafe(proxy.cut)

        return session.run(_jobs(session, processes, calls), meanwhile=cut)


def lost_answers(stage: Stage, processes: int, calls: int) -> Report:
    """Let the network lose Redis's answers for a second, after the requests have arrived."""
    with Server(redis_server()) as server, _network(server.port) as (proxy, _):
        session = stage.session(server, url=proxy.url)

        def lose() -> None:
            proxy.answers = False
            threading.Event().wait(1.0)
            proxy.answers = True

        return session.run(_jobs(session, processes, calls), meanwhile=lose)


def failover(stage: Stage, processes: int, calls: int) -> Report:
    """Kill the primary while Cognito answers; a Sentinel makes the replica the primary."""
    with replicated() as (primary, _, sentinel):
        session = stage.session(primary, sentinel=sentinel.port)
        return session.run(_jobs(session, processes, calls), meanwhile=primary.kill)


def killed(stage: Stage, processes: int, calls: int, *, grace: int = 0, points: int = 16) -> Report:
    """Kill the process that refreshes before and after each of its calls of the storage."""

    def jobs(session: Session, die_at: int) -> list[dict[str, Any]]:
        first = session.hasty_job(1, die_at=die_at)
        others = [session.hasty_job(calls, start_at=first["start_at"] + 0.15) for _ in range(processes - 1)]
        return [first, *others]

    return _killed(stage, jobs, grace, points, processes)


def killed_at_random(
    stage: Stage, processes: int, calls: int, *, grace: int = 0, sessions: int = 6
) -> Report:
    """Kill each process that refreshes, at a random point after Cognito's answer."""
    chosen = random.Random(12)

    def jobs(session: Session, _: int) -> list[dict[str, Any]]:
        start_at = time.time() + 1.0
        return [
            session.hasty_job(
                calls, start_at=start_at, die_at=chosen.randrange(POINTS), dies_after_answer=True
            )
            for _ in range(processes)
        ]

    return _killed(stage, jobs, grace, sessions, processes)


def _killed(
    stage: Stage,
    jobs: Callable[[Session, int], list[dict[str, Any]]],
    grace: int,
    sessions: int,
    processes: int,
) -> Report:
    total, at_once = Report(), max(1, AT_ONCE // processes)
    with Server(redis_server()) as server:
        left = [(stage.session(server, grace=grace), number) for number in range(sessions)]
        while left:
            batch, left = left[:at_once], left[at_once:]
            total.add(run_all([(session, jobs(session, number)) for session, number in batch], latency=0.3))
    return total


def with_grace(scenario: Callable[..., Report]) -> Scenario:
    """Run a scenario where a used refresh token is accepted for another minute."""
    return partial(scenario, grace=60)


SCENARIOS: dict[str, Scenario] = {
    "nothing": at_expiry,
    "the lease of the lock is shorter than Cognito's answer takes": short_lease,
    "`CLIENT PAUSE` for 2 s": paused,
    "each direction of the network takes 50 ms": slow_network,
    "all connections are cut": cut_network,
    "the answers of Redis are lost for 1 s": lost_answers,
    "restart with AOF": restarted_with_aof,
    "restart without persistence": restarted,
    "`FLUSHALL`": flushed,
    "failover to a replica, by Sentinel": failover,
    "the first process is killed, before and after each call of the storage; grace period of 60 s": (
        with_grace(killed)
    ),
    "the same, without a grace period": killed,
    "each process that refreshes is killed, at a random point after Cognito's answer; grace period of 60 s": (
        with_grace(killed_at_random)
    ),
    "the same at random points, without a grace period": killed_at_random,
}
# Processes and calls of each, if not those of the others.
SIZES: dict[str, tuple[int, int]] = {
    name: (8 if "random" in name else 3, 20) for name in SCENARIOS if "grace period" in name
}


def _jobs(session: Session, processes: int, calls: int, **changes: Any) -> list[dict[str, Any]]:
    first = session.job(calls, **changes)
    return [first, *(session.job(calls, **changes, start_at=first["start_at"]) for _ in range(processes - 1))]


@contextmanager
def _network(port: int) -> Iterator[tuple[TcpProxy, asyncio.AbstractEventLoop]]:
    """Run a proxy in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    proxy = TcpProxy(port)
    try:
        asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
        yield proxy, loop
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
