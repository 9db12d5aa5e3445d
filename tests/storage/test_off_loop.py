"""Blocking calls in threads: the caller returns after they have ended."""

import asyncio
import gc
import threading
from collections.abc import Callable

import pytest
from anyio import CancelScope
from anyio.lowlevel import checkpoint

from aiocognito.storage._threads import off_loop


class Gate:
    """A blocking call that ends when it is told to."""

    def __init__(self, outcome: Callable[[], object] = lambda: "done") -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.ended = False
        self._outcome = outcome

    def __call__(self) -> object:
        self.entered.set()
        assert self.opened.wait(30)
        self.ended = True
        return self._outcome()


def fail() -> object:
    raise ZeroDivisionError


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - it is a thread's
        await asyncio.sleep(0)


async def test_returns_and_raises_what_the_call_does() -> None:
    assert await off_loop(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await off_loop(fail)


@pytest.mark.parametrize("outcome", [lambda: "done", fail])
async def test_cancelled_caller_leaves_when_the_call_has_ended(outcome: Callable[[], object]) -> None:
    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    gate = Gate(outcome)
    task = asyncio.create_task(off_loop(gate))
    await until(gate.entered.is_set)
    for _ in range(3):
        task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
    assert not task.done()
    gate.opened.set()
    await asyncio.wait([task])
    assert gate.ended
    assert task.cancelled()
    del task
    gc.collect()
    assert reports == []  # of an exception that was never retrieved


async def test_timeout_is_raised_after_the_call_has_ended() -> None:
    gate = Gate()
    asyncio.get_running_loop().call_later(0.02, gate.opened.set)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await off_loop(gate)
    assert gate.ended


async def test_cancel_scope_does_not_break_in_but_keeps_out() -> None:
    gate, never = Gate(), Gate()
    outcomes: list[object] = []
    scope = CancelScope()

    async def cancel_inside() -> None:
        await until(gate.entered.is_set)
        scope.cancel()
        await checkpoint()
        gate.opened.set()

    cancelling = asyncio.create_task(cancel_inside())
    with scope:
        outcomes.append(await off_loop(gate))
        outcomes.append(await off_loop(never))
    await cancelling
    assert scope.cancelled_caught
    assert outcomes == ["done"]
    assert not never.entered.is_set()


def test_loop_that_shuts_down_leaves_no_caller_behind() -> None:
    gate = Gate()
    outcomes: list[str] = []

    async def call() -> None:
        try:
            await off_loop(gate)
        except asyncio.CancelledError:
            outcomes.append("cancelled")
            raise

    async def main() -> None:
        task = asyncio.create_task(call())
        await until(gate.entered.is_set)
        assert not task.done()

    asyncio.run(main())
    gate.opened.set()
    assert outcomes == ["cancelled"]
