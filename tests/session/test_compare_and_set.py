"""Optimistic writes: which tasks queue, how long a write pauses, and when it gives up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from anyio import wait_all_tasks_blocked

from aiocognito import EncryptedStorage, FileStorage, MemoryStorage, errors
from aiocognito._session import compare_and_set as module
from aiocognito._session.compare_and_set import compare_and_set, identity_of
from aiocognito.integrations._telemetry import ObservedStorage, Telemetry


class Time:
    """A clock that only the pauses advance; each pause lasts as long as possible."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        monkeypatch.setattr(module, "_now", lambda: self.now)
        monkeypatch.setattr(module, "_sleep", self.sleep)
        monkeypatch.setattr(random, "uniform", lambda _, most: most)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def losing(times: int) -> tuple[list[int], Callable[[], Awaitable[str | None]]]:
    """An attempt that loses a number of times, and its count."""
    attempts: list[int] = []

    async def attempt() -> str | None:
        attempts.append(len(attempts))
        return "written" if len(attempts) > times else None

    return attempts, attempt


async def test_a_first_attempt_that_succeeds_takes_no_turn(time: Time) -> None:
    storage = MemoryStorage()
    async with module._turns.hold(f"{id(storage)}:k"):
        attempts, attempt = losing(0)
        assert await compare_and_set(storage, "k", attempt) == "written"
    assert (len(attempts), time.pauses) == (1, [])


async def test_all_that_wrap_a_storage_take_turns_with_it(time: Time) -> None:
    storage = MemoryStorage()
    observed = ObservedStorage(storage, Telemetry(None, None))
    sealed = EncryptedStorage(observed, bytes(32))
    again = ObservedStorage(EncryptedStorage(storage, bytes(32)), Telemetry(None, None))
    assert {identity_of(each) for each in (storage, observed, sealed, again)} == {id(storage)}
    assert identity_of(MemoryStorage()) != id(storage)
    mock = Mock()
    assert identity_of(mock) == id(mock)
    async with module._turns.hold(f"{id(storage)}:k"):
        attempts, attempt = losing(1)
        task = asyncio.create_task(compare_and_set(again, "k", attempt))
        await wait_all_tasks_blocked()
        assert len(attempts) == 1, "waits for its turn"
    assert await task == "written"


async def test_pauses_grow_to_a_bound(time: Time) -> None:
    attempts, attempt = losing(40)
    assert await compare_and_set(MemoryStorage(), "k", attempt) == "written"
    assert len(attempts) == 41
    assert time.pauses[:2] == pytest.approx([0.004, 0.006])
    assert time.pauses == sorted(time.pauses)
    assert time.pauses[-1] == 0.05


async def test_more_than_a_hundred_losses_are_survived_and_thirty_seconds_of_them_are_not(time: Time) -> None:
    _, attempt = losing(500)
    assert await compare_and_set(MemoryStorage(), "k", attempt) == "written"
    time.now = 0.0
    _, attempt = losing(10**6)
    with pytest.raises(errors.StorageError, match="kept changing the session's record") as caught:
        await compare_and_set(MemoryStorage(), "k", attempt)
    assert caught.value.retryable
    assert time.now == pytest.approx(30, abs=0.06)


async def test_a_task_whose_turn_comes_after_the_deadline_makes_one_attempt(time: Time) -> None:
    storage = MemoryStorage()
    attempts, attempt = losing(10**6)
    async with module._turns.hold(f"{id(storage)}:k"):
        task = asyncio.create_task(compare_and_set(storage, "k", attempt))
        await wait_all_tasks_blocked()
        time.now = 31
    with pytest.raises(errors.StorageError):
        await task
    assert (len(attempts), time.pauses) == (2, [])


async def test_tasks_that_lost_take_turns_in_order_and_can_be_cancelled() -> None:
    storage, order, lost = MemoryStorage(), list[int](), set[int]()

    async def write(number: int) -> int | None:
        async def attempt() -> int | None:
            if number not in lost:
                lost.add(number)
                return None
            order.append(number)
            return number

        return await compare_and_set(storage, "k", attempt)

    async with module._turns.hold(f"{id(storage)}:k"):
        tasks = [asyncio.create_task(write(number)) for number in range(6)]
        await wait_all_tasks_blocked()
        assert lost == set(range(6))
        tasks[2].cancel()
        await asyncio.gather(tasks[2], return_exceptions=True)
        assert tasks[2].cancelled()
    assert await asyncio.gather(*tasks[:2], *tasks[3:]) == [0, 1, 3, 4, 5]
    assert order == [0, 1, 3, 4, 5]
    assert len(module._turns) == 0


async def test_an_error_of_an_attempt_ends_the_loop_and_frees_the_turn() -> None:
    outcomes: list[object] = [None, ZeroDivisionError()]

    async def attempt() -> str | None:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return None

    with pytest.raises(ZeroDivisionError):
        await compare_and_set(MemoryStorage(), "k", attempt)
    assert len(module._turns) == 0


async def test_two_hundred_writers_of_one_file_all_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half through one storage, half through another on the same directory, as in two processes."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # the disk's speed is not the point
    both = [FileStorage(tmp_path / "s", encryption_key=None) for _ in range(2)]

    async def add(storage: FileStorage) -> bool:
        async def attempt() -> bool | None:
            read = await storage.get("n")
            return await storage.replace("n", b"%d" % (int(read or 0) + 1), expected=read) or None

        return await compare_and_set(storage, "n", attempt)

    assert all(await asyncio.gather(*(add(both[n % 2]) for n in range(200))))
    assert await both[0].get("n") == b"200"
