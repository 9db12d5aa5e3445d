"""A new user pool with a user in a running emulator, and its first token: the costs of a test."""

from __future__ import annotations

from aiocognito.emulator import ThreadedUserPool, TokenFactory, run_in_thread

from .measure import OURS, Subject, Table, interleaved, no_more_than, wall
from .peers import Bench


def run(bench: Bench) -> list[Table]:
    times = bench.scaled(50, quick=20)
    with run_in_thread() as cognito:

        def add() -> ThreadedUserPool:
            pool = cognito.create_user_pool()
            pool.add_user("ana", "Correct-horse-7")
            return pool

        def pools() -> None:
            for _ in range(times):
                add().delete()

        def pools_with_token() -> None:
            for _ in range(times):
                pool = add()
                TokenFactory(pool)("ana")
                pool.delete()

        subjects = [
            Subject(OURS, lambda: 1e3 * wall(pools, 1) / times, "user pool and user"),
            Subject(OURS, lambda: 1e3 * wall(pools_with_token, 1) / times, "and a token"),
        ]
        rows = interleaved(subjects, bench.rounds)
    return [
        Table(
            key="pools",
            title="A user pool of the emulator for one test",
            unit="ms",
            rows=rows,
            about="In a running emulator, in a thread; the user pool is deleted afterwards.",
            bars=[no_more_than(15, "ms")],
        )
    ]
