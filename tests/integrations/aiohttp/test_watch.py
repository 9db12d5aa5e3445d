"""The task that closes a websocket: without a server, so that each of its moments can be had."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import WSMsgType

from aiocognito import AuthEvent, Hub
from aiocognito.integrations import _aiohttp_watch as watch

FOREVER = 1e9


class Socket:
    """A prepared websocket whose browser does not reply."""

    prepared = True

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.failure = failure
        self.is_closed = asyncio.Event()

    async def send_frame(self, message: bytes, opcode: WSMsgType) -> None:
        self.calls.append((opcode, message))

    async def close(self, *, code: int, message: bytes) -> None:
        self.calls.append((code, message))
        self.is_closed.set()
        if self.failure is not None:
            raise self.failure


class Session:
    """A session that a test ends."""

    session_id = "ours"

    def __init__(self) -> None:
        self.tokens: object | None = object()
        self.context = SimpleNamespace(hub=Hub())

    async def load(self) -> Any:
        return SimpleNamespace(record=SimpleNamespace(tokens=self.tokens))

    async def end(self) -> None:
        self.tokens = None
        await self.context.hub.emit(AuthEvent("signedOut", {}, self.session_id))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    session = Session()
    monkeypatch.setattr(watch, "client_of", lambda request: SimpleNamespace(_session=session))
    monkeypatch.setattr(watch, "REPLY_SECONDS", 0)
    return session


async def test_a_browser_that_does_not_reply_is_disconnected(session: Session) -> None:
    socket: Any = Socket()
    async with watch.watching(None, socket, FOREVER):  # type: ignore[arg-type]  # no request: see `session`
        await session.end()
        async with asyncio.timeout(30):
            await socket.is_closed.wait()
        await asyncio.sleep(0)  # the watch has ended before the handler
    reason = b"the session has ended"
    assert socket.calls == [(WSMsgType.CLOSE, b"\x11\x31" + reason), (4401, reason)]


async def test_a_session_that_has_moved_is_looked_at(session: Session) -> None:
    socket: Any = Socket()
    async with watch.watching(None, socket, FOREVER):  # type: ignore[arg-type]  # no request: see `session`
        for _ in range(5):  # the watch looks once, and waits
            await asyncio.sleep(0)
        session.tokens = None
        await session.context.hub.emit(AuthEvent("signedOut", {}, "another"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not socket.is_closed.is_set()
        moved = AuthEvent("signedIn", {}, "new", previous_session_id=session.session_id)
        await session.context.hub.emit(moved)
        async with asyncio.timeout(30):
            await socket.is_closed.wait()


async def test_a_watch_that_fails_raises_in_the_handler(session: Session) -> None:
    socket: Any = Socket(OSError("the transport is broken"))

    async def handle() -> None:
        async with watch.watching(None, socket, FOREVER):  # type: ignore[arg-type]  # no request: see `session`
            await session.end()
            async with asyncio.timeout(30):
                await socket.is_closed.wait()

    with pytest.raises(OSError, match="the transport is broken"):
        await handle()
