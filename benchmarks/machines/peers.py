"""Refreshes when the tokens of one session expire, in this library and in others.

Refresh tokens rotate, without a grace period. The others share the session as a service of several processes
would: through a store that keeps the token that was written last.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import httpx
from attrs import frozen

from benchmarks.peers import NODE, install_node_packages
from helpers.redis_servers import Server, redis_server

from . import pages
from .stage import EXPIRED, PASSWORD, REFRESH, Stage

PROCESSES = 8
CALLS = 5
# Seconds that Cognito takes to answer a refresh, and in the rows that say so.
LATENCY, SLOW = 1.0, 3.0
# oauth2-proxy, pkg/middleware/stored_session.go: a session's lock in Redis ends after 2 s and is not renewed.
# A request that waits for it tries again every 10 ms, for 5 s. With the lock it reads the session again, and
# refreshes it if it is still the old one.
PROXY_LOCK_SECONDS = 2.0
PROXY_WAIT_SECONDS = 5.0
# Python processes that have to be imported before they start together.
IMPORT_SECONDS = 6.0


@frozen
class Figures:
    """What one library did at one expiry.

    Attributes:
        refreshes: How often a refresh token was presented.
        reuses: How often Cognito refused it because it was used already.
        errors: How many calls raised.
        is_kept: Whether the session can be refreshed afterwards. None if that was not run.
    """

    refreshes: int
    reuses: int | None
    errors: int | None
    is_kept: bool | None


class Pool:
    """A user pool with a signed-in user, and the requests that renew the tokens."""

    def __init__(self, stage: Stage, latency: float) -> None:
        self._cognito = stage.cognito
        self.pool = stage.cognito.create_user_pool(
            client={
                "CallbackURLs": ["https://app.example/callback"],
                "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"],
                "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
            }
        )
        self.pool.add_user("ana", PASSWORD)
        self._before = len(stage.cognito.calls)
        for operation in (REFRESH, "Token"):
            stage.cognito.faults.add(operation, latency=latency, times=PROCESSES * CALLS)

    @property
    def config(self) -> Any:
        return self.pool.config

    def sign_in(self) -> dict[str, str]:
        """Sign in without a library, and return the tokens."""
        response = httpx.post(
            str(self.config.user_pool_endpoint),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            },
            json={
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": self.config.user_pool_client_id,
                "AuthParameters": {"USERNAME": "ana", "PASSWORD": PASSWORD},
            },
            trust_env=False,
        )
        result = response.raise_for_status().json()["AuthenticationResult"]
        return {"access": result["AccessToken"], "id": result["IdToken"], "refresh": result["RefreshToken"]}

    def discovered(self) -> dict[str, Any]:
        """Return the discovery document of the pool."""
        address = f"{self._cognito.url}/{self.pool.id}/.well-known/openid-configuration"
        found: dict[str, Any] = httpx.get(address, trust_env=False).json()
        return found

    def stop_being_slow(self) -> None:
        """Answer at once from now on."""
        self._cognito.faults.clear()

    def counted(self) -> tuple[int, int]:
        """Return how many refreshes were requested since, and how many were refused as a reuse."""
        calls = [call for call in self._cognito.calls[self._before :] if call.operation in {REFRESH, "Token"}]
        return len(calls), sum(call.error is not None for call in calls)


def ours(stage: Stage, latency: float) -> Figures:
    """Let eight processes share a session in Redis."""
    with Server(redis_server()) as server:
        session = stage.session(server)
        first = session.job(CALLS)
        jobs = [first, *(session.job(CALLS, start_at=first["start_at"]) for _ in range(PROCESSES - 1))]
        report = session.run(jobs, latency=latency)
        stage.cognito.faults.clear()
        errors = report.outcomes.total() - report.outcomes["tokens"]
        return Figures(report.refreshes, report.reuses, errors, bool(report.kept))


def authlib(stage: Stage, latency: float, *, client_per_call: bool) -> Figures:
    """Let eight processes of authlib do so: a client for all calls of a process, or one for each call."""
    pool = Pool(stage, latency)
    tokens, document = pool.sign_in(), pool.discovered()
    job = {
        "client_id": pool.config.user_pool_client_id,
        "token": {"access_token": tokens["access"], "refresh_token": tokens["refresh"], "expires_at": 1},
        "token_endpoint": document["token_endpoint"],
        "resource": document["jwks_uri"],
        "calls": CALLS,
        "client_per_call": client_per_call,
    }
    results = _authlib_processes([job | {"start_at": time.time() + IMPORT_SECONDS}] * PROCESSES)
    refreshes, reuses = pool.counted()
    pool.stop_being_slow()
    newest = max(results, key=lambda each: float(each["at"]))["token"] or job["token"]
    (after,) = _authlib_processes(
        [job | {"token": newest | {"expires_at": 1}, "calls": 1, "start_at": time.time()}]
    )
    errors = sum(sum(each["outcomes"].values()) - each["outcomes"].get("tokens", 0) for each in results)
    return Figures(refreshes, reuses, errors, "tokens" in after["outcomes"])


def _authlib_processes(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.machines.authlib_worker"]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in jobs
    ]
    for process, job in zip(running, jobs, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps(job))
        process.stdin.close()
        process.stdin = None
    return [json.loads(process.communicate()[0]) for process in running]


def amplify(stage: Stage, latency: float) -> Figures | None:
    """Let Amplify's server adapter answer as many requests of one browser; None without Node."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    install_node_packages()
    pool = Pool(stage, latency)
    job = {
        "pool": pool.config.user_pool_id,
        "client": pool.config.user_pool_client_id,
        "endpoint": pool.config.user_pool_endpoint,
        "tokens": pool.sign_in(),
        "requests": PROCESSES * CALLS,
        "ahead": EXPIRED,
    }
    with subprocess.Popen(
        ["node", "server_adapter.mjs"],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # its warnings about an endpoint that is not AWS
        text=True,
    ) as process:
        outcomes = _line(process, json.dumps(job))
        refreshes, reuses = pool.counted()
        pool.stop_being_slow()
        after = _line(process, "after")
        process.communicate()
    errors = sum(outcome != "tokens" for outcome in outcomes)
    return Figures(refreshes, reuses, errors, after == "tokens")


def _line(process: subprocess.Popen[str], line: str) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def proxy(latency: float) -> Figures:
    """Count the refreshes of oauth2-proxy, on paper: the times at which its lock comes free."""
    starts = [turn * PROXY_LOCK_SECONDS for turn in range(PROCESSES * CALLS)]
    refreshes = sum(start < latency and start <= PROXY_WAIT_SECONDS for start in starts)
    return Figures(refreshes, refreshes - 1, None, None)


def measure(stage: Stage) -> str:
    """Return the table."""
    client = f"authlib {version('authlib')}, `AsyncOAuth2Client`"
    peers: dict[str, Callable[[], Figures | None]] = {
        "aiocognito, `RedisStorage`": lambda: ours(stage, LATENCY),
        f"aiocognito; Cognito answers in {SLOW:g} s": lambda: ours(stage, SLOW),
        f"{client}, one for each process": lambda: authlib(stage, LATENCY, client_per_call=False),
        f"{client}, one for each call": lambda: authlib(stage, LATENCY, client_per_call=True),
        "oauth2-proxy, its Redis store, on paper": lambda: proxy(LATENCY),
        f"oauth2-proxy; Cognito answers in {SLOW:g} s": lambda: proxy(SLOW),
        "Amplify's server adapter, one Node process": lambda: amplify(stage, LATENCY),
    }
    rows = []
    for name, run in peers.items():
        rows.append([name, *_cells(run())])
        print(rows[-1], flush=True)
    return pages.table(["", "refreshes", "reuse errors", "calls without tokens", "session"], rows)


def _cells(figures: Figures | None) -> list[str]:
    if figures is None:
        return ["not run"] * 4
    kept = {True: "kept", False: "ended", None: "not run"}[figures.is_kept]
    numbers = (figures.refreshes, figures.reuses, figures.errors)
    return [*("not run" if each is None else f"{each:,}" for each in numbers), kept]
