"""Whole sign-ins, both requests and the arithmetic, fifty at a time in one process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from aiocognito import MemoryStorage, SessionManager

from . import stub
from .measure import OURS, Subject, Table, interleaved, times_better, wall
from .peers import AT_ONCE, Bench, pycognito_sign_in, together

_numbers = count()


async def sign_in(sessions: SessionManager) -> None:
    """Sign in another user, with a session of its own."""
    auth = sessions.client(sessions.new_session_key())
    result = await auth.sign_in(f"ana{next(_numbers)}", stub.PASSWORD)
    assert result.is_signed_in


def run(bench: Bench) -> list[Table]:
    sessions = SessionManager(bench.config, storage=MemoryStorage())
    bench.run(sessions.__aenter__())
    boto = bench.boto3_client()
    threads = ThreadPoolExecutor(AT_ONCE)

    def ours() -> float:
        times = bench.scaled(1000, quick=300)
        return 1 / wall(lambda: bench.run(together(times, AT_ONCE, lambda: sign_in(sessions))), times)

    def pycognito() -> float:
        times = bench.scaled(100, quick=AT_ONCE)
        return 1 / wall(lambda: list(threads.map(pycognito_sign_in, [boto] * times)), times)

    subjects = [Subject(OURS, ours), Subject("pycognito", pycognito, "in 50 threads")]
    if amplify := bench.amplify:
        workers = AT_ONCE if not bench.quick else 10

        def amplify_js() -> float:
            options = {"username": "ana", "password": stub.PASSWORD}
            answer = amplify.ask("signIns", times=workers, workers=workers, **options)
            return answer["done"] / answer["wall"]

        subjects.append(Subject("amplify-js", amplify_js))
    try:
        rows = interleaved(subjects, 2 if bench.quick else 5, warm_up=not bench.quick)
    finally:
        threads.shutdown()
        bench.run(sessions.__aexit__(None, None, None))
    return [
        Table(
            key="sign-ins",
            title="Whole sign-ins, 50 at a time, one process",
            unit="per second",
            more_is_better=True,
            rows=rows,
            about="InitiateAuth and RespondToAuthChallenge over loopback, against a server that responds"
            " from memory and checks nothing. Each sign-in of aiocognito stores its own session in"
            " MemoryStorage; those of pycognito share one boto3 client; amplify-js, without contexts,"
            " holds one user per process, so each of its sign-ins replaces the one before. aiocognito uses"
            " all cores, the others one: other load on the machine changes the ratio.",
            bars=[times_better("pycognito", 10), times_better("amplify-js", 45)],
        )
    ]
