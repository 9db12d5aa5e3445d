"""Reads that wait for the same key share a request that begins after all of them."""

import asyncio
import gc
from collections import deque
from typing import Any

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage._shared_reads import SharedReads


class Server:
    """Answers each request when the test says so."""

    def __init__(self) -> None:
        self.requests: deque[tuple[str, asyncio.Future[bytes | None]]] = deque()
        self.count = 0
        self.reads = SharedReads(self.read)

    async def read(self, key: str) -> bytes | None:
        self.count += 1
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.requests.append((key, answer))
        return await answer

    async def answer(self, value: bytes | Exception | None) -> None:
        while not self.requests or self.requests[0][1].cancelled():
            if self.requests:
                self.requests.popleft()
            await asyncio.sleep(0)
        _, answer = self.requests.popleft()
        if isinstance(value, Exception):
            answer.set_exception(value)
        else:
            answer.set_result(value)
        for _ in range(5):
            await asyncio.sleep(0)

    def start(self, count: int = 1, key: str = "k") -> list[asyncio.Task[bytes | None]]:
        return [asyncio.create_task(self.reads.get(key)) for _ in range(count)]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_ten_thousand_reads_are_two_requests() -> None:
    server = Server()
    tasks = server.start(10_000)
    await settle()
    await server.answer(b"first")
    await server.answer(b"second")
    assert [task.result() for task in tasks] == [b"first"] + [b"second"] * 9_999
    assert server.count == 2
    assert not server.reads._busy
    assert not server.reads._next
    assert not server.reads._tasks


async def test_read_shares_no_request_that_began_before_it() -> None:
    server = Server()
    early = server.start()
    await settle()
    late = server.start(2)
    await settle()
    await server.answer(b"old")
    assert early[0].result() == b"old"
    later = server.start()
    await settle()
    assert not late[0].done()
    await server.answer(b"new")
    assert [task.result() for task in late] == [b"new"] * 2
    await server.answer(b"newer")
    assert await later[0] == b"newer"


async def test_keys_do_not_wait_for_each_other() -> None:
    server = Server()
    one, two = server.start(key="a")[0], server.start(key="b")[0]
    await settle()
    assert [key for key, _ in server.requests] == ["a", "b"]
    await server.answer(b"1")
    await server.answer(None)
    assert (await one, await two) == (b"1", None)


async def test_error_is_raised_by_each_read_for_itself() -> None:
    server = Server()
    tasks = server.start(3)
    await settle()
    await server.answer(b"v")
    await server.answer(StorageError("down"))
    errors: list[Any] = [task.exception() for task in tasks[1:]]
    assert [str(error) for error in errors] == ["down", "down"]
    assert errors[0] is not errors[1]
    assert errors[0].__context__ is None
    again = server.start()
    await server.answer(b"v")
    assert await again[0] == b"v"


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_cancelled_read_takes_nothing_from_the_others(cancelled: int) -> None:
    server = Server()
    tasks = server.start(3)
    await settle()
    tasks[cancelled].cancel()
    await settle()
    if cancelled:
        await server.answer(b"v")
    await server.answer(b"v")
    rest = [task for number, task in enumerate(tasks) if number != cancelled]
    assert await asyncio.gather(*rest) == [b"v", b"v"]
    assert tasks[cancelled].cancelled()
    assert not server.reads._busy


async def test_error_that_no_read_waits_for_any_longer_is_not_reported() -> None:
    server = Server()
    tasks = server.start(2)
    await settle()
    tasks[1].cancel()
    await server.answer(b"v")
    await server.answer(StorageError("down"))
    gc.collect()
    assert not server.reads._busy


def test_loop_that_ends_leaves_nothing_to_the_next() -> None:
    server = Server()

    async def leave() -> None:
        server.start(3)
        await settle()

    async def ask() -> bytes | None:
        server.requests.clear()
        task = server.start()[0]
        await server.answer(b"v")
        return await task

    asyncio.run(leave())
    assert asyncio.run(ask()) == b"v"
