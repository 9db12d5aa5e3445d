"""Waiting for a lock of a slow server: it is left at once, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage import _leases
from aiocognito.storage._leases import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Leases


class SlowServer:
    """Holds each call until `go` is set."""

    def __init__(self) -> None:
        self.tokens: dict[str, bytes] = {}
        self.go = asyncio.Event()
        self.arrived = asyncio.Event()
        self.failure: StorageError | None = None
        self.calls: list[str] = []
        self.renewed, self.lost = asyncio.Event(), asyncio.Event()

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        self.calls.append("release" if value is None else "acquire" if expected is None else "renew")
        self.arrived.set()
        if self.calls[-1] == "renew":
            self.renewed.set()
        await self.go.wait()
        if self.tokens.get(key) != expected:
            self.lost.set()
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
    await asyncio.wait({task}, timeout=30)
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
    await asyncio.wait_for(enter(leases), 30)


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


async def test_a_lock_is_renewed_while_it_is_held_until_it_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = SlowServer()
    server.go.set()
    async with asyncio.timeout(30), Leases(server.replace, 0.003).hold("k"):
        for _ in range(2):
            server.renewed.clear()
            await server.renewed.wait()
        assert caplog.text == ""
        server.tokens["k"] = b"another's"
        await server.lost.wait()
    assert "the lease of a lock was lost" in caplog.text
    assert server.tokens == {"k": b"another's"}


async def test_a_lock_is_released_after_a_renewal_that_is_under_way() -> None:
    server = SlowServer()
    server.go.set()

    async def hold() -> None:
        async with Leases(server.replace, 0.003).hold("k"):
            server.go.clear()
            server.calls.clear()
            server.renewed.clear()
            await server.renewed.wait()

    task = asyncio.create_task(hold())
    async with asyncio.timeout(30):
        await server.arrived.wait()
        await server.renewed.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert server.calls == ["renew"]
    server.go.set()
    await task
    assert server.calls == ["renew", "release"]
    assert server.tokens == {}


async def test_the_pauses_between_attempts_grow_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 20:
            server.tokens.clear()

    monkeypatch.setattr(_leases, "_sleep", sleep)
    server = SlowServer()
    server.go.set()
    server.tokens["k"] = b"another's"
    await enter(Leases(server.replace, 10))
    assert FIRST_PAUSE_SECONDS / 2 <= pauses[0] <= FIRST_PAUSE_SECONDS
    assert all(LONGEST_PAUSE_SECONDS / 2 <= pause <= LONGEST_PAUSE_SECONDS for pause in pauses[-5:])
