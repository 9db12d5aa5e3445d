"""Single flight: work that several callers ask for at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

Spawn = Callable[[Coroutine[Any, Any, T]], asyncio.Task[T]]


class Observation(Protocol):
    """Watches one piece of work, for traces and metrics."""

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await the work in its task, and return its result or raise its exception."""
        ...

    def waiting(self) -> AbstractContextManager[object]:
        """Return a context manager that surrounds the wait of a caller."""
        ...


class Closed(RuntimeError):
    """The owner of the work was closed before the work was done."""


class Flights(Generic[T]):
    """The work under way, by key. It runs in tasks of its own: a cancelled caller takes it from no other.

    Args:
        owner: The object whose end cancels the work, for the error's message.
        spawn: Starts a task; ``asyncio.create_task`` by default.

    Attributes:
        observe: Called with the key when work is about to start, in the context of the caller that starts it.
    """

    def __init__(self, owner: str, *, spawn: Spawn[T] | None = None) -> None:
        self._owner = owner
        self._spawn = spawn
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}
        self._observations: dict[asyncio.Task[T], Observation] = {}
        self.observe: Callable[[Hashable], Observation] | None = None

    def __len__(self) -> int:
        return len(self._tasks)

    def running(self, key: Hashable = None) -> asyncio.Task[T] | None:
        """Return the work under way in this event loop, if there is any."""
        task = self._tasks.get(key)
        return task if task is not None and task.get_loop() is asyncio.get_running_loop() else None

    def start(self, work: Coroutine[Any, Any, T], key: Hashable = None) -> asyncio.Task[T]:
        """Start work that callers may join until it is done."""
        observation = None if self.observe is None else self.observe(key)
        if observation is not None:
            work = observation.run(work)
        task = self._spawn(work) if self._spawn is not None else asyncio.get_running_loop().create_task(work)
        self._tasks[key] = task
        if observation is not None:
            self._observations[task] = observation
        task.add_done_callback(lambda done: self._done(key, done))
        return task

    async def join(self, work: Callable[[], Coroutine[Any, Any, T]], key: Hashable = None) -> T:
        """Wait for the work in flight, or start it.

        Raises:
            Closed: The work was cancelled, because its owner was closed.
        """
        return await self.wait(self.running(key) or self.start(work(), key))

    async def wait(self, task: asyncio.Task[T]) -> T:
        """Wait for work; a cancelled caller leaves, and the work goes on.

        Raises:
            Closed: The work was cancelled, because its owner was closed.
        """
        observation = self._observations.get(task)
        if observation is None:
            return await self._wait(task)
        with observation.waiting():
            return await self._wait(task)

    async def _wait(self, task: asyncio.Task[T]) -> T:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if not task.cancelled() or (caller is not None and caller.cancelling()):
                raise
        raise Closed(f"{self._owner} was closed")

    async def end(self) -> None:
        """Cancel the work, and wait for its end where it belongs to the running event loop."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        mine = [task for task in tasks if task.get_loop() is asyncio.get_running_loop()]
        if mine:
            await asyncio.wait(mine)

    def _done(self, key: Hashable, task: asyncio.Task[T]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        self._observations.pop(task, None)
        if not task.cancelled():
            # Mark the exception as retrieved: all waiters may have been cancelled.
            task.exception()
