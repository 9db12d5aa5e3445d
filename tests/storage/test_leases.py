"""Waiting for a lock of a slow server: it is left at once, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage._leases import Leases


class SlowServer:
    """Holds each call until `go` is set."""

    def __init__(self) -> None:
        self.tokens: dict[str, bytes] = {}
        self.go = asyncio.Event()
        self.arrived = asyncio.Event()
        self.failure: StorageError | None = None

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        self.arrived.set()
        await self.go.wait()
        if self.tokens.get(key) != expected:
            return False
        if value is None:
            del self.tokens[key]
        else:
            self.tokens[key] = value
            if self.failure is not None:
                raise self.failure
        return True


async def enter(leases: Leases) -> None:
    async with leases.hold("k"):
        pass


async def given_up(server: SlowServer, leases: Leases) -> None:
    """Cancel a task that waits for the server's answer."""
    task = asyncio.create_task(enter(leases))
    await server.arrived.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    assert task.cancelled()


@pytest.mark.parametrize("failure", [None, StorageError("the response was lost")])
async def test_a_wait_that_is_cancelled_ends_at_once_and_its_token_is_removed(
    failure: StorageError | None,
) -> None:
    server = SlowServer()
    leases = Leases(server.replace, 10)
    server.failure = failure
    await given_up(server, leases)
    closing = asyncio.create_task(leases.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    server.go.set()
    await closing
    assert server.tokens == {}
    server.failure = None
    await asyncio.wait_for(enter(leases), 1)


async def test_a_wait_for_a_lock_that_another_holds_leaves_the_others_token() -> None:
    server = SlowServer()
    server.tokens["k"] = b"another's"
    leases = Leases(server.replace, 10)
    await given_up(server, leases)
    server.go.set()
    await leases.aclose()
    assert server.tokens == {"k": b"another's"}


async def test_a_lock_that_was_acquired_just_as_its_caller_was_cancelled_is_released() -> None:
    server = SlowServer()
    leases = Leases(server.replace, 10)
    server.go.set()
    for steps in range(12):
        task = asyncio.create_task(enter(leases))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        await leases.aclose()
        assert server.tokens == {}


def test_the_end_of_the_loop_releases_the_lock() -> None:
    async def main() -> SlowServer:
        server = SlowServer()
        leases = Leases(server.replace, 10)
        task = asyncio.create_task(enter(leases))
        await server.arrived.wait()
        server.go.set()
        for _ in range(2):
            await asyncio.sleep(0)
        assert task is not None
        return server

    assert asyncio.run(main()).tokens == {}


async def test_a_failed_attempt_raises() -> None:
    server = SlowServer()
    server.failure = StorageError("unreachable")
    server.go.set()
    leases = Leases(server.replace, 10)
    with pytest.raises(StorageError, match="unreachable"):
        await enter(leases)
    await leases.aclose()


async def test_an_attempt_that_is_cancelled_releases_what_it_acquired() -> None:
    # At the end of a loop: all its tasks are cancelled, and the response arrives.
    server = SlowServer()
    leases = Leases(server.replace, 10)
    attempt = asyncio.create_task(leases._attempt("k", b"ours", asyncio.Event()))
    await server.arrived.wait()
    attempt.cancel()
    server.go.set()
    await asyncio.wait({attempt}, timeout=30)
    assert attempt.cancelled()
    assert server.tokens == {}


async def test_a_wait_that_is_cancelled_when_the_server_fails_reports_no_error_to_the_loop() -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    await cancelled_when_the_attempt_has_failed()
    gc.collect()
    assert reported == []


async def cancelled_when_the_attempt_has_failed() -> None:
    """Cancel a waiting task after its attempt has raised, and before the task reads the error."""

    async def fail(
        key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__name__", "") == "_attempt":
                task.add_done_callback(lambda _: waiting.cancel())
        raise StorageError("unreachable")

    waiting = asyncio.create_task(enter(Leases(fail, 10)))
    await asyncio.wait({waiting})
    assert waiting.cancelled()
