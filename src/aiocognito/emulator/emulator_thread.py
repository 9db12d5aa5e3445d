"""The thread with the emulator's event loop, and calls into it from other threads."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from anyio.from_thread import BlockingPortal

from .._threads import PortalCall

if TYPE_CHECKING:
    from .server import CognitoEmulator

T = TypeVar("T")

_NOT_RUNNING: Final = "the emulator is not running: use `with run_in_thread() as cognito:`"
_CLOSED: Final = "the emulator was closed while this call waited for it"
_OWN_LOOP: Final = (
    "this call would wait for itself: it was made on the emulator's own event loop, by an async trigger or a "
    "listener. A plain (not async) trigger runs in a thread, where it can make this call"
)


class EmulatorThread:
    """Runs an emulator on an event loop of its own, in a thread of its own.

    Args:
        emulator: The emulator, which is not running.
    """

    def __init__(self, emulator: CognitoEmulator) -> None:
        self._emulator = emulator
        self._lock = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread and the emulator, and wait until it listens.

        Raises:
            RuntimeError: It is running, or another emulator uses its directory.
            OSError: It cannot listen on its address.
        """
        if self._thread is not None:
            self._refuse_other_process()
        with self._lock:
            if self._thread is not None:
                raise RuntimeError("the emulator is running: make another with run_in_thread()")
            started: Future[BlockingPortal] = Future()
            # A daemon: a process that ends without closing the emulator is not kept alive by it.
            thread = threading.Thread(
                target=self._run_loop, args=[started], name="aiocognito emulator", daemon=True
            )
            self._process = os.getpid()
            thread.start()
            self._portal = started.result()
            self._thread = thread

    def stop(self) -> None:
        """End waiting calls with an error, close the emulator, and wait for both.

        In a process that was forked from the emulator's, this does nothing: the emulator is not there.

        Raises:
            RuntimeError: The caller is on the emulator's loop.
        """
        if self._process != os.getpid():
            return
        self._refuse_own_loop()
        with self._lock:
            thread, portal, self._portal = self._thread, self._portal, None
            if portal is not None:
                portal.start_task_soon(portal.stop, True)
        if thread is not None:
            thread.join()
            with self._lock:
                self._thread = None
                failure, self._failure = self._failure, None
            if failure is not None:
                raise failure

    @overload
    def call(self, work: Callable[[], Awaitable[T]]) -> T: ...

    @overload
    def call(self, work: Callable[[], T]) -> T: ...

    def call(self, work: Callable[[], Any]) -> Any:
        """Run a function, plain or ``async``, on the emulator's loop; wait for it and return its result.

        Raises:
            RuntimeError: The emulator is not running, is closed before the function returns, or is another
                process's; or the caller is on the emulator's loop.
        """
        self._refuse_other_process()
        self._refuse_own_loop()
        call = PortalCall(work)
        try:
            self._start(call)
            return call.result()
        except CancelledError:
            pass
        except BaseException:
            # Such as Ctrl-C: what nothing waits for has to end.
            call.cancel()
            raise
        raise RuntimeError(_CLOSED)

    def _start(self, call: PortalCall[Any]) -> None:
        with self._lock:
            if self._portal is None:
                raise RuntimeError(_NOT_RUNNING)
            call.start(self._portal)

    def _refuse_other_process(self) -> None:
        # Before the lock: another thread may have held it at the time of the fork.
        if self._process != os.getpid():
            raise RuntimeError(
                f"the emulator runs in the process {self._process}, from which this one was forked. Its URL "
                "serves this process, too; for other calls, start an emulator here: "
                "`with run_in_thread() as cognito:`"
            )

    def _refuse_own_loop(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError(_OWN_LOOP)

    def _run_loop(self, started: Future[BlockingPortal]) -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:
            if started.done():
                self._failure = error
            else:
                started.set_exception(error)

    async def _serve(self, started: Future[BlockingPortal]) -> None:
        # The portal is inside: calls have ended before the emulator is closed.
        async with self._emulator, BlockingPortal() as portal:
            started.set_result(portal)
            await portal.sleep_until_stopped()
