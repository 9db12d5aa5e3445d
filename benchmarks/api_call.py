"""The cost of one call of Cognito: GetUser for the signed-in user."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

from aiobotocore.session import get_session

from aiocognito import AuthClient, MemoryStorage

from . import stub
from .measure import OURS, Subject, Table, cpu, interleaved, times_better
from .peers import AT_ONCE, Bench, together


def run(bench: Bench) -> list[Table]:
    stack = AsyncExitStack()
    token = stub.jwt("access")

    async def prepared() -> tuple[AuthClient, Any]:
        auth = await stack.enter_async_context(AuthClient(bench.config, storage=MemoryStorage()))
        assert (await auth.sign_in("ana", stub.PASSWORD)).is_signed_in
        made = get_session().create_client("cognito-idp", region_name="eu-west-1", endpoint_url=bench.url)
        return auth, await stack.enter_async_context(made)

    auth, aio = bench.run(prepared())
    boto = bench.boto3_client()
    threads = ThreadPoolExecutor(AT_ONCE)
    times = bench.scaled(2000, quick=500)

    def on_loop(call: Callable[[], Any], workers: int) -> float:
        return 1e6 * cpu(lambda: bench.run(together(times, workers, call)), times)

    def boto3(workers: int) -> float:
        def call(_: int = 0) -> None:
            boto.get_user(AccessToken=token)

        calls = map(call, range(times)) if workers == 1 else threads.map(call, range(times))
        return 1e6 * cpu(lambda: list(calls), times)

    def subjects(workers: int) -> list[Subject]:
        found = [
            Subject(OURS, lambda: on_loop(auth.fetch_user_attributes, workers), "fetch_user_attributes"),
            Subject(
                "aiobotocore", lambda: on_loop(lambda: aio.get_user(AccessToken=token), workers), "get_user"
            ),
            Subject("boto3", lambda: boto3(workers), "get_user"),
        ]
        if amplify := bench.amplify:
            found.append(
                Subject(
                    "amplify-js",
                    lambda: 1e6 * amplify.ask("getUser", times=times, workers=workers)["cpu"] / times,
                    "fetchUserAttributes",
                )
            )
        return found

    if bench.amplify:
        bench.amplify.ask("signIns", times=1, workers=1, username="ana", password=stub.PASSWORD)
    tables = []
    try:
        for workers, words in ((1, "one at a time"), (AT_ONCE, f"{AT_ONCE} at a time")):
            tables.append(
                Table(
                    key="call" if workers == 1 else "calls",
                    title=f"One call of Cognito (GetUser), {words}",
                    unit="µs of CPU",
                    rows=interleaved(subjects(workers), bench.rounds),
                    about="aiocognito fetches the session's tokens, sends the request, and returns a dict.",
                    bars=[times_better("aiobotocore", 1), times_better("boto3", 1)],
                )
            )
    finally:
        threads.shutdown()
        bench.run(stack.aclose())
    return tables
