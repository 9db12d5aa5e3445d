"""What one signed-in session weighs in memory.

``python -m benchmarks.memory LIBRARY SESSIONS URL`` prints bytes per session, from the resident size of a
fresh process before and after.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from . import stub
from .measure import OURS, Subject, Table, interleaved, no_more_than, times_better
from .peers import AT_ONCE, Bench, together


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def ours(sessions: int, url: str) -> float:
    from aiocognito import AuthConfig, MemoryStorage, SessionManager

    config = AuthConfig(user_pool_id=stub.POOL, user_pool_client_id=stub.CLIENT, user_pool_endpoint=url)
    async with SessionManager(config, storage=MemoryStorage()) as manager:

        async def sign_in() -> None:
            client = manager.client(manager.new_session_key())
            await client.sign_in("ana", stub.PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
            assert await client.token_provider.get_tokens()

        await together(200, AT_ONCE, sign_in)
        before = resident()
        await together(sessions, AT_ONCE, sign_in)
        return (resident() - before) / sessions


def pycognito(sessions: int, url: str) -> float:
    from pycognito import Cognito

    def signed_in() -> Cognito:
        tokens = {name: stub.jwt(name.partition("_")[0]) for name in ("access_token", "id_token")}
        kwargs = {"endpoint_url": url, "region_name": "eu-west-1"}
        refresh = os.urandom(500).hex()
        return Cognito(
            stub.POOL,
            stub.CLIENT,
            username="ana",
            refresh_token=refresh,
            boto3_client_kwargs=kwargs,
            **tokens,
        )

    kept = [signed_in() for _ in range(5)]
    before = resident()
    kept += [signed_in() for _ in range(sessions)]
    return (resident() - before) / sessions


def _measured(library: str, sessions: int, url: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", library, str(sessions), url]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout) / 1000


def run(bench: Bench) -> list[Table]:
    many, few = bench.scaled(10_000, quick=4_000), bench.scaled(200, quick=50)
    subjects = [
        Subject(OURS, partial(_measured, OURS, many, bench.url), "a record in MemoryStorage"),
        Subject("pycognito", partial(_measured, "pycognito", few, bench.url), "a Cognito object"),
    ]
    return [
        Table(
            key="memory",
            title="Memory per signed-in session",
            unit="kB",
            rows=interleaved(subjects, 1 if bench.quick else 3, warm_up=False),
            about="Growth of the resident size, including three tokens of about 1 kB each, with "
            f"{many:,} sessions of aiocognito and {few} of pycognito. "
            "amplify-js, without contexts, holds one session per process.",
            bars=[no_more_than(6, "kB"), times_better("pycognito", 20)],
        )
    ]


if __name__ == "__main__":
    library, count, url = sys.argv[1:]
    print(asyncio.run(ours(int(count), url)) if library == OURS else pycognito(int(count), url))
