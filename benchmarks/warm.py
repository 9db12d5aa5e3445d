"""Fetching tokens that are not expired, which every request of a service does."""

from __future__ import annotations

from pycognito import Cognito

from aiocognito import AuthClient, MemoryStorage

from . import stub
from .measure import OURS, Subject, Table, cpu, interleaved, no_more_than
from .peers import Bench


def run(bench: Bench) -> list[Table]:
    auth = AuthClient(bench.config, storage=MemoryStorage())
    times = bench.scaled(50_000, quick=20_000)

    async def signed_in() -> None:
        assert (await auth.sign_in("ana", stub.PASSWORD)).is_signed_in

    async def ask() -> None:
        get_tokens = auth.token_provider.get_tokens
        for _ in range(times):
            await get_tokens()

    bench.run(signed_in())
    other = Cognito(
        stub.POOL,
        stub.CLIENT,
        username="ana",
        access_token=stub.jwt("access"),
        boto3_client_kwargs={"endpoint_url": bench.url, "region_name": "eu-west-1"},
    )

    def pycognito() -> float:
        return 1e6 * cpu(lambda: [other.check_token() for _ in range(500)], 500)

    subjects = [
        Subject(OURS, lambda: 1e6 * cpu(lambda: bench.run(ask()), times), "get_tokens"),
        Subject("pycognito", pycognito, "check_token"),
    ]
    if amplify := bench.amplify:
        amplify.ask("signIns", times=1, workers=1, username="ana", password=stub.PASSWORD)
        subjects.append(
            Subject(
                "amplify-js",
                lambda: 1e6 * amplify.ask("getTokens", times=2000)["cpu"] / 2000,
                "fetchAuthSession",
            )
        )
    try:
        rows = interleaved(subjects, bench.rounds)
    finally:
        bench.run(auth.aclose())
    return [
        Table(
            key="warm",
            title="Valid tokens, fetched again",
            unit="µs of CPU",
            rows=rows,
            about="The tokens are in MemoryStorage (amplify-js: a Map; pycognito: an attribute) and valid.",
            bars=[no_more_than(2, "µs")],
        )
    ]
