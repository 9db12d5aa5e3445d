"""The thread whose event loop runs the calls of this process's facades."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from inspect import iscoroutinefunction
from typing import Any, Final, Generic, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.from_thread import BlockingPortal

from .._threads import PortalCall
from ..errors import AuthUsageError

T = TypeVar("T")
R = TypeVar("R")

# At the exit of the process, calls that are under way have this many seconds to end.
EXIT_SECONDS: Final = 5.0


class ProcessEndedError(AuthUsageError):
    """The process ends, and its event loop runs no more calls."""

    def __init__(self) -> None:
        super().__init__("the process ended while this call waited")


class Portal:
    """A thread with an event loop. Daemon threads do not keep a process alive; their workers inherit that."""

    def __init__(self) -> None:
        started: Future[BlockingPortal] = Future()
        self._thread = threading.Thread(target=self._run, args=[started], name="aiocognito.sync", daemon=True)
        self._thread.start()
        self._blocking = started.result()

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run an async function on the loop, wait for it, and return its result.

        Raises:
            ProcessEndedError: The portal was stopped.
        """
        call: PortalCall[T] = PortalCall(work)
        try:
            self._start(call)
            return call.result()
        except CancelledError:
            pass
        except BaseException:
            # Such as Ctrl-C: what nothing waits for has to end.
            call.cancel()
            raise
        raise ProcessEndedError

    def _start(self, call: PortalCall[Any]) -> None:
        with suppress(RuntimeError):  # Its loop is closed.
            call.start(self._blocking)
            return
        raise ProcessEndedError

    def stop(self) -> None:
        """Cancel calls that are under way, and end the thread."""
        self._blocking.start_task_soon(self._blocking.stop, True)
        self._thread.join(EXIT_SECONDS)

    def _run(self, started: Future[BlockingPortal]) -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: Future[BlockingPortal]) -> None:
        async with BlockingPortal() as portal:
            started.set_result(portal)
            await portal.sleep_until_stopped()


class _Process:
    """The portal of this process, made at first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._portal: Portal | None = None
        # The portals of the processes from which this one was forked, and the objects that ran there. They
        # share sockets with those processes: freeing them here would close connections there.
        self.inherited: list[object] = []

    def portal(self) -> Portal:
        with self._lock:
            if self._portal is None:
                self._portal = Portal()
            return self._portal

    def forked(self) -> None:
        # Another thread may have held the lock at the time of the fork.
        self._lock = threading.Lock()
        self.inherited.append(self._portal)
        self._portal = None

    def exit(self) -> None:
        with self._lock:
            portal, self._portal = self._portal, None
        if portal is not None:
            portal.stop()


_process = _Process()
# At import: what an application registers later, such as `atexit.register(sessions.close)`, runs earlier.
atexit.register(_process.exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forked)


class Remote(Generic[T]):
    """An object that is used on the portal's loop only, and made again in a forked process.

    Args:
        make: Makes the object, without I/O: now, and again on the loop of another process. It is called
            with the portal, or with None outside of it.
        name: The name of the object's class, for errors.

    Attributes:
        portal: The portal whose loop the object belongs to; None before its first call.
        made: The object.
    """

    def __init__(self, make: Callable[[Portal | None], T], name: str) -> None:
        self._make, self._name = make, name
        self.portal: Portal | None = None
        self.made: T = make(None)

    def call(self, work: Callable[[T], Awaitable[R]]) -> R:
        """Run an async function of the object on the portal's loop, and wait for its result.

        Raises:
            AuthUsageError: An event loop runs in this thread.
        """
        portal = self._current_portal()

        async def run() -> R:
            return await work(self.on(portal))

        return portal.call(run)

    def read(self, work: Callable[[T], R]) -> R:
        """Run a plain function of the object on the portal's loop, and wait for its result.

        Raises:
            AuthUsageError: An event loop runs in this thread.
        """
        portal = self._current_portal()

        async def run() -> R:
            return work(self.on(portal))

        return portal.call(run)

    def on(self, portal: Portal | None) -> T:
        """Return the object of a portal. It runs on the portal's loop, which needs no lock."""
        if portal is not None and self.portal is not portal:
            if self.portal is not None:
                inherited, self.made = self.made, self._make(portal)
                _process.inherited.append(inherited)
            self.portal = portal
        return self.made

    def with_each(self, use: Callable[[T], None]) -> None:
        """Call a function with the object, now and whenever it is made again."""
        make = self._make

        def made(portal: Portal | None) -> T:
            each = make(portal)
            use(each)
            return each

        self._make = made
        use(self.made)

    def _current_portal(self) -> Portal:
        if _runs_event_loop():
            raise AuthUsageError(
                f"aiocognito.sync.{self._name} would block the event loop of this thread: use"
                f" aiocognito.{self._name} there, and await its methods",
                recovery_suggestion=f"Use aiocognito.{self._name} in code that runs on an event loop.",
            )
        return _process.portal()


def _runs_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def in_thread(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a function of the application in a worker thread, where it may call the facades."""

    def call() -> Any:
        try:
            return function(*args, **options), None
        except Exception as error:
            return None, error
        except BaseException as error:
            # Such as `sys.exit()`: it would end the portal, which other threads use.
            return None, RuntimeError(f"a callback raised {type(error).__name__}")

    # A limiter of its own: functions that wait for calls of others must not wait for a thread, too.
    result, error = await to_thread.run_sync(call, abandon_on_cancel=True, limiter=CapacityLimiter(1))
    if error is not None:
        raise error
    return result


def refuse_async(function: object, name: str, use: str) -> None:
    """Check that a callback is a plain function.

    Raises:
        TypeError: It is ``async``, or cannot be called.
    """
    if not callable(function):
        raise TypeError(f"{name} must be callable")
    if iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__):
        raise TypeError(f"{name} must be a plain function: {use} takes async ones")
