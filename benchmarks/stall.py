"""How late other tasks on the event loop run while users sign in."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from aiocognito import MemoryStorage, SessionManager

from .measure import OURS, Subject, Table, interleaved, no_more_than, times_better
from .peers import AT_ONCE, Bench, pycognito_sign_in, together
from .sign_ins import sign_in

_TICK = 0.002


async def lateness(seconds: float, workers: int, call: Callable[[], Awaitable[object]]) -> float:
    """The 99th percentile, in ms, of how late a timer fires while `workers` loop over `call`."""
    end = time.perf_counter() + seconds
    late = []

    async def work() -> None:
        while time.perf_counter() < end:
            await call()

    working = asyncio.gather(*(work() for _ in range(workers)))
    while not working.done():
        due = time.perf_counter() + _TICK
        await asyncio.sleep(_TICK)
        late.append(1e3 * (time.perf_counter() - due))
    await working
    return statistics.quantiles(late, n=100, method="inclusive")[98]


def run(bench: Bench) -> list[Table]:
    sessions = SessionManager(bench.config, storage=MemoryStorage())
    bench.run(sessions.__aenter__())
    bench.run(together(AT_ONCE, AT_ONCE, lambda: sign_in(sessions)))  # connections are made once
    boto = bench.boto3_client()
    threads = ThreadPoolExecutor(AT_ONCE)
    seconds = bench.scaled(5, quick=2)

    async def in_thread() -> None:
        await asyncio.get_running_loop().run_in_executor(threads, pycognito_sign_in, boto)

    async def inline() -> None:
        pycognito_sign_in(boto)
        await asyncio.sleep(0)

    async def idle() -> None:
        await asyncio.sleep(_TICK)

    subjects = [
        Subject(OURS, lambda: bench.run(lateness(seconds, AT_ONCE, lambda: sign_in(sessions)))),
        Subject("pycognito", lambda: bench.run(lateness(seconds, AT_ONCE, in_thread)), "in 50 threads"),
        Subject("pycognito", lambda: bench.run(lateness(seconds, 8, inline)), "on the loop, 8 at a time"),
        Subject("an idle loop", lambda: bench.run(lateness(seconds / 2, 1, idle))),
    ]
    try:
        rows = interleaved(subjects, 1 if bench.quick else 3, warm_up=False)
    finally:
        threads.shutdown()
        bench.run(sessions.__aexit__(None, None, None))
    return [
        Table(
            key="stall",
            title="Stall of the event loop while users sign in, 50 at a time, 99th percentile",
            unit="ms",
            rows=rows,
            about=f"How late a timer of {1e3 * _TICK:g} ms fires.",
            bars=[no_more_than(10, "ms"), times_better("pycognito", 20)],
        )
    ]
