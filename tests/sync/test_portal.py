"""The thread that runs the calls of synchronous code: its start, its end, and a fork."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from aiocognito import AuthConfig, MemoryStorage, sync
from aiocognito.errors import AuthUsageError
from aiocognito.sync import _portal
from aiocognito.sync._portal import Portal, Remote, _Process

CONFIG = AuthConfig(user_pool_id="us-east-1_abc", user_pool_client_id="client")


class Loop:
    """An object that knows the event loop that it is used on."""

    async def running(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Another process's state: the portal of this one stays."""
    process = _Process()
    monkeypatch.setattr(_portal, "_process", process)
    yield process
    for each in (*process.inherited, process._portal):
        if isinstance(each, Portal):
            each.stop()


def test_the_end_of_the_process_ends_calls_that_wait(process: _Process) -> None:
    portal, waits = process.portal(), threading.Event()

    async def forever() -> None:
        waits.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor() as threads:
        call = threads.submit(portal.call, forever)
        assert waits.wait(30)
        process.exit()
        with pytest.raises(AuthUsageError, match="the process ended while this call waited"):
            call.result(30)
    assert not portal._thread.is_alive()
    process.exit()  # once more, with no portal left
    assert process.portal() is not portal


def test_a_thread_whose_loop_cannot_start_raises_in_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        async def __aenter__(self) -> None:
            raise OSError("too many open files")

        async def __aexit__(self, *_: object) -> None:
            raise AssertionError

    monkeypatch.setattr(_portal, "BlockingPortal", Broken)
    with pytest.raises(OSError, match="too many open files"):
        Portal()


def test_a_loop_that_fails_later_raises_in_its_thread() -> None:
    class Breaks(Portal):
        async def _serve(self, started: Future[BlockingPortal]) -> None:
            raise OSError("the selector is gone")

    started: Future[Any] = Future()
    started.set_result(None)
    with ThreadPoolExecutor() as threads, pytest.raises(OSError, match="the selector is gone"):
        threads.submit(Breaks.__new__(Breaks)._run, started).result(30)


def test_a_forked_process_makes_its_object_and_its_loop_again(process: _Process) -> None:
    made: list[Portal | None] = []

    def make(portal: Portal | None) -> Loop:
        made.append(portal)
        return Loop()

    remote = Remote(make, "Loop")
    loop, before, parent = remote.call(lambda each: each.running()), remote.made, process.portal()
    assert made == [None]
    process.forked()
    child = process.portal()
    assert remote.call(lambda each: each.running()) is not loop
    assert made == [None, child]
    assert remote.made is not before
    # Freed here, they would close the connections of the process that was forked.
    assert process.inherited == [parent, before]


def test_a_client_of_a_forked_manager_is_one_of_the_new_manager(process: _Process) -> None:
    with sync.SessionManager(CONFIG, storage=MemoryStorage()) as sessions:
        auth = sessions.client(sessions.new_session_key())
        assert auth.get_sign_in_step() is None
        key, manager, client = auth.session_key, sessions._remote.made, auth._remote.made
        process.forked()
        assert auth.get_sign_in_step() is None
        assert auth._remote.made is not client
        assert sessions._remote.made is not manager
        assert auth._remote.made._session.context is sessions._remote.made._context
        assert auth.session_key == key


def test_a_manager_leaves_a_hub_open_that_it_was_given() -> None:
    hub = sync.Hub()
    with hub.subscribe() as events:
        sync.SessionManager(CONFIG, storage=MemoryStorage(), hub=hub).close()
        with sync.SessionManager(CONFIG, storage=MemoryStorage(), hub=hub) as sessions:
            sessions._remote.call(lambda each: each._context.emit("some-id", "signedOut"))
            assert next(events).session_id == "some-id"
