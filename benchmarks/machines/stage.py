"""What the scenarios share: an emulator whose refresh tokens rotate, a signed-in session, and workers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from attrs import define, field

from aiocognito import SessionManager
from aiocognito.emulator import run_in_thread
from aiocognito.storage.redis import RedisStorage
from helpers.redis_servers import Server

from .workers import KEY

PASSWORD = "Correct-horse-7"
REFRESH = "GetTokensFromRefreshToken"
# Tokens live an hour: this far ahead, every clock of a worker finds them expired.
EXPIRED = 3601.0
# Seconds that Cognito takes to answer a refresh.
LATENCY = 1.0
# Small, so that the intent of a process that was killed ends while the others wait.
TIMEOUTS = {"connect_timeout": 1.0, "read_timeout": 2.0, "max_attempts": 1}


@define
class Report:
    """What one scenario did to one session, or to several."""

    calls: int = 0
    refreshes: int = 0
    reuses: int = 0
    kept: int = 0
    ended: int = 0
    crossed: int = 0
    resurrected: int = 0
    seconds: float = 0.0
    reads: int = 0
    outcomes: Counter[str] = field(factory=Counter)

    def add(self, other: Report) -> None:
        """Add the figures of another session."""
        for name in ("calls", "refreshes", "reuses", "kept", "ended", "crossed", "resurrected"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds = max(self.seconds, other.seconds)
        self.outcomes.update(other.outcomes)


class Workers:
    """The process that forks the workers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.machines.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """Run a process for each job, and return their results."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(jobs) + "\n")
        self._process.stdin.flush()
        found: list[dict[str, Any] | None] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Stage:
    """An emulator, and worker processes."""

    def __init__(self, cognito: Any, workers: Workers) -> None:
        self.cognito, self.workers = cognito, workers
        self._numbers = count()

    def session(
        self, server: Server, *, url: str | None = None, grace: int = 0, sentinel: int | None = None
    ) -> Session:
        """Sign a user in, in a pool of its own whose refresh tokens rotate.

        Args:
            server: The server of the sessions.
            url: Its URL on another network.
            grace: The grace period of a used refresh token, in seconds.
            sentinel: The port of a Sentinel that names the server.
        """
        url = url or server.url
        pool = self.cognito.create_user_pool(
            client={
                "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"],
                "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
            }
        )
        user = f"ana{next(self._numbers)}"
        pool.add_user(user, PASSWORD)

        async def sign_in() -> str:
            storage = RedisStorage(url, encryption_key=KEY)
            async with storage, SessionManager(pool.config, storage=storage) as sessions:
                auth = sessions.client(sessions.new_session_key())
                await auth.sign_in(user, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
                return auth.session_key

        return Session(self, server, url, pool, asyncio.run(sign_in()), user, sentinel)


class Session:
    """A signed-in session, and what is done to it."""

    def __init__(
        self, stage: Stage, server: Server, url: str, pool: Any, key: str, user: str, sentinel: int | None
    ) -> None:
        self.stage, self.server, self.url, self.pool, self.key = stage, server, url, pool, key
        self.user, self.sentinel = user, sentinel

    def job(self, calls: int, **changes: Any) -> dict[str, Any]:
        """Describe the work of one process."""
        config = {
            "user_pool_id": self.pool.config.user_pool_id,
            "user_pool_client_id": self.pool.config.user_pool_client_id,
            "user_pool_endpoint": self.pool.config.user_pool_endpoint,
        }
        return {
            "url": self.url,
            "config": config,
            "key": self.key,
            "offset": EXPIRED,
            "calls": calls,
            "die_at": None,
            "dies_after_answer": False,
            "sentinel": self.sentinel,
            "lock_lease": 10.0,
            "start_at": time.time() + 0.5,
        } | changes

    def hasty_job(self, calls: int, **changes: Any) -> dict[str, Any]:
        """Describe work whose intent ends soon, should its process be killed."""
        job = self.job(calls, **changes)
        return job | {"config": job["config"] | TIMEOUTS}

    def run(
        self,
        jobs: Sequence[dict[str, Any]],
        *,
        latency: float = LATENCY,
        meanwhile: Callable[[], None] | None = None,
    ) -> Report:
        """Run processes, with a fault meanwhile, and look at what is left.

        Args:
            jobs: What each process does.
            latency: Seconds that Cognito takes to answer a refresh.
            meanwhile: A fault. It begins when a process holds the lock of the refresh.
        """
        fault = threading.Thread(target=self._while_locked, args=(meanwhile,)) if meanwhile else None
        if fault is not None:
            fault.start()
        report = run_all([(self, jobs)], latency=latency)
        if fault is not None:
            fault.join()
        return report

    def _while_locked(self, fault: Callable[[], None]) -> None:
        with self.server.client as client:
            while not list(client.scan_iter("*lock:*")):
                time.sleep(0.005)
        time.sleep(LATENCY / 3)  # the intent is stored, and the request is under way
        fault()


def run_all(work: Sequence[tuple[Session, Sequence[dict[str, Any]]]], *, latency: float) -> Report:
    """Run the processes of several sessions at once, and look at what is left of each session.

    Args:
        work: The sessions, each with what its processes do.
        latency: Seconds that Cognito takes to answer a refresh.
    """
    stage = work[0][0].stage
    stage.cognito.faults.add(REFRESH, latency=latency, times=None)
    before = len(stage.cognito.calls)
    jobs = [job for _, jobs in work for job in jobs]
    results = iter(stage.workers.run(jobs))
    report = Report(calls=sum(job["calls"] for job in jobs))
    users: list[set[str]] = []
    for _, own in work:
        users.append(set())
        for result in (next(results) for _ in own):
            if result is not None:
                report.outcomes.update(result["outcomes"])
                report.seconds = max(report.seconds, result["seconds"])
                users[-1] |= set(result["users"])
    _look_at_the_end(report, [session for session, _ in work], users)
    stage.cognito.faults.clear()
    calls = [call for call in stage.cognito.calls[before:] if call.operation == REFRESH]
    report.refreshes = len(calls)
    report.reuses = sum(call.error == "RefreshTokenReuseException" for call in calls)
    return report


def _look_at_the_end(report: Report, sessions: Sequence[Session], users: Sequence[set[str]]) -> None:
    """Read each session twice in new processes: is it signed in, as whom, and does it stay as it is?"""
    seen: list[list[str]] = [[] for _ in sessions]
    for _ in range(2):
        results = sessions[0].stage.workers.run([session.job(1) for session in sessions])
        for found, known, result in zip(seen, users, results, strict=True):
            assert result is not None
            found.extend(result["outcomes"])
            known |= set(result["users"])
    report.kept = sum(first == "tokens" for first, _ in seen)
    report.ended = len(seen) - report.kept
    report.resurrected = seen.count(["signed out", "tokens"])
    report.crossed = sum(not known <= {session.user} for session, known in zip(sessions, users, strict=True))


@contextmanager
def stage() -> Iterator[Stage]:
    """Run an emulator and the process of the workers."""
    workers = Workers()
    try:
        with run_in_thread() as cognito:
            yield Stage(cognito, workers)
    finally:
        with suppress(OSError):
            workers.close()
