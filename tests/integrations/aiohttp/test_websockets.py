"""Websockets that end with the session of their browser."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from aiocognito import FileStorage, MemoryStorage
from aiocognito.errors import StorageError
from aiocognito.integrations.aiohttp import auth_client, current_user, ends_with_session, session_manager

from .conftest import COOKIE, PASSWORD, Browser, Start, application, key_of, signed_in

FOREVER = 1e9
IN_ANOTHER_PROCESS = """
import asyncio, sys
from aiocognito import AuthConfig, FileStorage, SessionManager

async def main(directory, pool, client, endpoint, key):
    config = AuthConfig(user_pool_id=pool, user_pool_client_id=client, user_pool_endpoint=endpoint)
    async with SessionManager(config, storage=FileStorage(directory, encryption_key=b"k" * 32)) as sessions:
        await sessions.end(key)

asyncio.run(main(*sys.argv[1:]))
"""


def chat(pool: Any, *, poll: float = FOREVER, **options: Any) -> web.Application:
    async def socket(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async with ends_with_session(request, websocket, poll=poll):
            await websocket.send_str("open")
            async for message in websocket:
                await websocket.send_str(message.data)
        return websocket

    app = application(pool, **options)
    app.router.add_get("/socket", socket)
    return app


async def closed(socket: Any) -> int | None:
    """Return the code with which the server closed a websocket."""
    async with asyncio.timeout(60):
        message = await socket.receive()
        while message.type is WSMsgType.TEXT:
            message = await socket.receive()
    assert message.type is WSMsgType.CLOSE, message
    code: int | None = message.data
    return code


async def opened(browser: Browser, path: str = "/socket") -> Any:
    socket = await browser.ws_connect(path)
    async with asyncio.timeout(60):
        assert await socket.receive_str() == "open"
    return socket


@pytest.mark.parametrize("how", ["sign out", "another key", "the manager", "all of the user's"])
async def test_it_ends_when_this_process_ends_the_session(pool: Any, start: Start, how: str) -> None:
    app = chat(pool, poll=0.05 if how == "another key" else FOREVER)
    browser = await signed_in(await start(app))
    key, socket = key_of(browser), await opened(browser)
    await socket.send_str("still there")
    assert await socket.receive_str() == "still there"
    sessions = session_manager(app)
    if how == "sign out":
        await browser.post("/sign-out")
    elif how == "another key":
        await browser.post("/rotate")
    elif how == "the manager":
        await sessions.end(key)
    else:
        await sessions.end_user((await sessions.client(key).get_current_user()).user_id)
    assert await closed(socket) == 4401
    assert socket.close_code == 4401


async def test_it_ends_within_the_poll_when_another_process_ends_the_session(
    pool: Any, start: Start, tmp_path: Path
) -> None:
    directory = tmp_path / "sessions"
    storage = FileStorage(directory, encryption_key=b"k" * 32)
    browser = await signed_in(await start(chat(pool, poll=0.05, storage=storage)))
    socket = await opened(browser)
    endpoint = pool.config.user_pool_endpoint
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        IN_ANOTHER_PROCESS,
        *(str(directory), pool.id, pool.client_id, endpoint, key_of(browser)),
    )
    try:
        code = await closed(socket)
        assert await process.wait() == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert code == 4401
    async with browser.get("/me") as response:
        assert response.status == 401


async def test_another_session_does_not_end_it(pool: Any, start: Start) -> None:
    app = chat(pool)
    browser = await signed_in(await start(app))
    socket, key = await opened(browser), key_of(browser)
    other = session_manager(app).client(session_manager(app).new_session_key())
    await other.sign_in("ana", PASSWORD)
    await other.sign_out()
    await socket.send_str("still there")
    assert await socket.receive_str() == "still there"
    await session_manager(app).client(key).fetch_auth_session(force_refresh=True)
    await socket.send_str("after a renewal")
    assert await socket.receive_str() == "after a renewal"
    await socket.close()


async def test_the_page_connects_again_with_its_new_cookie(pool: Any, start: Start) -> None:
    browser = await signed_in(await start(chat(pool, poll=0.05)))
    socket = await opened(browser)
    await browser.post("/rotate")
    assert await closed(socket) == 4401
    again = await opened(browser)
    await again.close()


async def test_a_browser_that_is_not_signed_in_is_refused_at_once(pool: Any, start: Start) -> None:
    browser = await start(chat(pool))
    socket = await browser.ws_connect("/socket")
    assert await closed(socket) == 4401


class BrokenStorage(MemoryStorage):
    """A storage that can fail."""

    broken = False
    failures = 0

    def __init__(self, error: Exception | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.error = error or StorageError("refused")
        self.has_failed = asyncio.Event()

    async def get(self, key: str) -> bytes | None:
        """Return a value, or fail; the third failure sets an event."""
        if self.broken:
            self.failures += 1
            if self.failures == 3:
                self.has_failed.set()
            raise self.error
        return await super().get(key)


@pytest.mark.parametrize("error", [StorageError("refused"), ZeroDivisionError("a secret")], ids=repr)
async def test_a_storage_that_fails_does_not_end_it(
    pool: Any, start: Start, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    storage = BrokenStorage(error, clock=pool.config.clock)
    browser = await signed_in(await start(chat(pool, poll=0.01, storage=storage)))
    socket = await opened(browser)
    with caplog.at_level(logging.WARNING):
        storage.broken = True
        async with asyncio.timeout(60):
            await storage.has_failed.wait()
        storage.broken = False
        await socket.send_str("still there")
        assert await socket.receive_str() == "still there"
    assert caplog.text.count("cannot be read") == 1
    assert "secret" not in caplog.text
    await browser.post("/sign-out")
    assert await closed(socket) == 4401


async def test_a_closed_websocket_is_not_watched(pool: Any, start: Start) -> None:
    seen: list[int] = []

    async def counting(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        hub = session_manager(request).hub
        try:
            async with ends_with_session(request, websocket):
                seen.append(len(hub._listeners))
                await websocket.receive()
        finally:  # The test's server cancels the handler when the browser has gone.
            seen.append(len(hub._listeners))
            done.set()
        return websocket

    done = asyncio.Event()
    app = application(pool)
    app.router.add_get("/counting", counting)
    browser = await signed_in(await start(app))
    socket = await browser.ws_connect("/counting")
    await socket.close()
    async with asyncio.timeout(60):
        await done.wait()
    assert seen == [1, 0]


async def test_a_handler_that_does_not_receive_is_ended_too(
    pool: Any, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiocognito.integrations._aiohttp_watch.REPLY_SECONDS", 0.1)
    done = asyncio.Event()

    async def ticks(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        try:
            async with ends_with_session(request, websocket):
                while not websocket.closed:  # noqa: ASYNC110 - as applications do
                    await asyncio.sleep(0.01)
        finally:
            done.set()
        return websocket

    app = application(pool)
    app.router.add_get("/ticks", ticks)
    browser = await signed_in(await start(app))
    socket = await browser.ws_connect("/ticks")
    await browser.post("/sign-out")
    assert await closed(socket) == 4401
    async with asyncio.timeout(60):
        await done.wait()


@pytest.mark.parametrize("poll", [0, -1, True, "5", float("nan"), None])
async def test_a_poll_that_is_not_a_time_is_refused(pool: Any, start: Start, poll: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        with pytest.raises(ValueError, match="poll must be"):
            async with ends_with_session(request, web.WebSocketResponse(), poll=poll):
                pass
        return web.Response()

    app = application(pool)
    app.router.add_get("/", handler)
    async with (await start(app)).get("/") as response:
        assert response.status == 200


async def test_a_websocket_that_is_not_prepared_is_refused(pool: Any, start: Start) -> None:
    async def handler(request: web.Request) -> web.Response:
        with pytest.raises(RuntimeError, match="prepare"):
            async with ends_with_session(request, web.WebSocketResponse()):
                pass
        return web.Response()

    app = application(pool)
    app.router.add_get("/", handler)
    async with (await start(app)).get("/") as response:
        assert response.status == 200


@pytest.mark.parametrize(("is_broken", "code"), [(False, 1008), (True, 1011)])
async def test_an_error_after_accept_closes_the_websocket(
    pool: Any, start: Start, is_broken: bool, code: int
) -> None:
    async def late(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await current_user(request)
        raise AssertionError("not reached")

    storage = BrokenStorage(clock=pool.config.clock)
    app = application(pool, storage=storage)
    app.router.add_get("/late", late)
    browser = await start(app)
    storage.broken = is_broken
    headers = {"Cookie": f"{COOKIE}={'A' * 43}"}
    assert await closed(await browser.ws_connect("/late", headers=headers)) == code


async def test_a_websocket_of_another_origin_is_refused_before_and_after_accept(
    pool: Any, start: Start
) -> None:
    async def early(request: web.Request) -> web.WebSocketResponse:
        auth_client(request)
        raise AssertionError("not reached")

    app = chat(pool)
    app.router.add_get("/early", early)
    browser = await signed_in(await start(app))
    headers = {"Origin": "https://evil.example"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect("/early", headers=headers)
    assert refused.value.status == 403
    assert await closed(await browser.ws_connect("/socket", headers=headers)) == 1008


async def test_a_cancellation_while_the_watch_ends_is_not_lost(pool: Any, start: Start) -> None:
    ended: list[str] = []

    async def socket(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)

        async def handle() -> None:
            async with ends_with_session(request, websocket, poll=FOREVER):
                await asyncio.sleep(0.01)
                asyncio.get_running_loop().call_soon(task.cancel)
            await asyncio.sleep(0.05)
            ended.append("ran on")

        task = asyncio.create_task(handle())
        await asyncio.wait([task])
        ended.append("cancelled" if task.cancelled() else "not cancelled")
        await websocket.close()
        return websocket

    app = application(pool)
    app.router.add_get("/socket", socket)
    browser = await signed_in(await start(app))
    connection = await browser.ws_connect("/socket")
    await connection.receive()
    assert ended == ["cancelled"]
