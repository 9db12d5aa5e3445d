"""MemoryStorage: the contract, and that nothing stays in memory."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from aiocognito.storage import MemoryStorage
from helpers.clock import Clock

from .contract import StorageContract, enter, is_free, is_held, order_of_entry


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self, clock: Clock) -> MemoryStorage:
        return MemoryStorage(clock=clock)

    @pytest.fixture
    def sharing(self, storage: MemoryStorage) -> MemoryStorage:
        return storage


@pytest.fixture
def storage(clock: Clock) -> MemoryStorage:
    return MemoryStorage(clock=clock)


def held_by(storage: MemoryStorage) -> tuple[int, int]:
    """How many values and deadlines are in memory."""
    return len(storage._entries), len(storage._heap)


@pytest.mark.parametrize("call", ["get", "set", "delete", "replace"])
async def test_any_call_about_any_key_removes_what_expired(
    storage: MemoryStorage, clock: Clock, call: str
) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "get": lambda: storage.get("another"),
        "set": lambda: storage.set("another", b"v", ttl=1),
        "delete": lambda: storage.delete("another"),
        "replace": lambda: storage.replace("another", b"v", expected=b"no", ttl=1),
    }
    await storage.set("stays", b"v")
    for n in range(50):
        await storage.set(str(n), b"v", ttl=1 + n / 100)
    clock.advance(2)
    await calls[call]()
    assert held_by(storage) == ((2, 1) if call == "set" else (1, 0))


async def test_one_call_removes_a_bounded_number(storage: MemoryStorage, clock: Clock) -> None:
    for n in range(1000):
        await storage.set(str(n), b"v", ttl=10)
    clock.advance(10)
    assert await storage.get("1") is None  # one of those that are still there
    assert 0 < held_by(storage)[0] < 1000
    for _ in range(20):
        assert await storage.get("999") is None
    assert held_by(storage) == (0, 0)


async def test_renewals_and_deletions_leave_no_deadline_behind(storage: MemoryStorage, clock: Clock) -> None:
    for n in range(300):
        await storage.set("renewed", b"v", ttl=1000 - n)
        await storage.replace("renewed", b"w", expected=b"v", ttl=1000 + n)
        await storage.set(f"deleted {n}", b"v", ttl=2_592_000)
        await storage.delete(f"deleted {n}")
        assert held_by(storage) == (1, 1)
    await storage.set("renewed", b"v")
    assert held_by(storage) == (1, 0)


async def test_locks_are_dropped_when_no_task_waits_for_them(storage: MemoryStorage) -> None:
    async with storage.lock("a"):
        waiters = [asyncio.create_task(enter(storage, "a")) for _ in range(3)]
        await enter(storage, "b")
        waiters[0].cancel()
        await asyncio.wait(waiters[:1])
        assert len(storage._locks) == 1
    await asyncio.wait(waiters)
    assert len(storage._locks) == 0


async def test_lock_is_fair(storage: MemoryStorage) -> None:
    """Waiters get the lock in the order in which they came."""
    assert await order_of_entry(storage) == list(range(11))


async def test_lock_may_be_left_by_another_task(storage: MemoryStorage) -> None:
    lock = storage.lock("k")
    await asyncio.create_task(lock.__aenter__())
    assert await is_held(storage, "k")
    await asyncio.create_task(lock.__aexit__(None, None, None))
    assert await is_free(storage, "k")


def test_lock_of_a_loop_that_was_thrown_away_does_not_hold_up_the_next(storage: MemoryStorage) -> None:
    async def hold_for_ever() -> None:
        async with storage.lock("k"):
            await asyncio.get_running_loop().create_future()

    loop = asyncio.new_event_loop()
    task = loop.create_task(hold_for_ever())
    loop.run_until_complete(asyncio.sleep(0))
    assert asyncio.run(asyncio.wait_for(enter(storage, "k"), 30)) == "entered"
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    loop.close()


async def test_goes_by_the_real_time_by_default() -> None:
    storage = MemoryStorage()
    await storage.set("k", b"v", ttl=1e-9)
    await storage.set("l", b"v", ttl=1000)
    assert await storage.get("k") is None
    assert await storage.get("l") == b"v"
    assert repr(storage) == "<MemoryStorage values=1>"


async def test_clock_that_is_a_year_ahead_for_a_while_loses_nothing(
    storage: MemoryStorage, clock: Clock
) -> None:
    await storage.set("k", b"v", ttl=30 * 86_400)
    clock.advance(365 * 86_400)
    for n in range(500):
        await storage.set(str(n), b"v", ttl=60)
        assert await storage.get("k") is None
    clock.advance(-365 * 86_400 + 60)
    assert await storage.get("k") == b"v"
    clock.advance(365 * 86_400)
    await storage.delete("another")
    clock.advance(3600)
    for _ in range(5):
        await storage.delete("another")
    assert held_by(storage) == (0, 0)


async def test_a_value_that_has_expired_and_is_not_removed_yet_counts_as_absent(
    storage: MemoryStorage, clock: Clock
) -> None:
    await storage.set("k", b"old", ttl=60)
    clock.advance(365 * 86_400)
    assert not await storage.replace("k", b"new", expected=b"old")
    assert not await storage.replace("k", None, expected=b"old")
    assert await storage.replace("k", b"new", expected=None, ttl=60)
    assert await storage.get("k") == b"new"


def test_only_a_file_storage_needs_a_posix_system() -> None:
    script = (
        "import asyncio, os, sys\n"
        "sys.modules['fcntl'] = None\n"
        "del os.geteuid\n"
        "from aiocognito.storage import EncryptedStorage, FileStorage, MemoryStorage\n"
        "storage = EncryptedStorage(MemoryStorage(), bytes(32))\n"
        "async def use():\n"
        "    async with storage.lock('k'):\n"
        "        await storage.set('k', b'v', ttl=10)\n"
        "        return await storage.get('k')\n"
        "print(asyncio.run(use()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "b'v'\n"
