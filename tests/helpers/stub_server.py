"""A server that sends scripted responses and records its requests."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from aiohttp import web
from attrs import define, field, frozen

Fate = Literal["answer", "hang", "cut", "cut_body", "garbage"]


@frozen
class Request:
    """A request that the stub received."""

    method: str
    path: str
    operation: str
    headers: Mapping[str, str]
    body: bytes
    members: Any


@frozen
class Reply:
    """A response, or what happens instead.

    ``hang`` never responds; ``cut`` closes the connection before the response, ``cut_body`` within it;
    ``garbage`` sends bytes that are not HTTP.
    """

    status: int = 200
    json: Any = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(factory=dict)
    fate: Fate = "answer"


@define
class Stub:
    """Sends the next scripted reply to each request; the last one repeats."""

    url: str = ""
    requests: list[Request] = field(factory=list)
    connections: int = 0
    _replies: deque[Reply] = field(factory=deque)
    _last: Reply = Reply(json={})
    _asked: asyncio.Event = field(factory=asyncio.Event)
    _changed: asyncio.Event = field(factory=asyncio.Event)
    _released: asyncio.Event = field(factory=asyncio.Event)
    _transports: set[Any] = field(factory=set)

    def reply(self, status: int = 200, json: Any = None, **details: Any) -> None:
        """Add a reply."""
        self._replies.append(Reply(status, json, **details))

    def refuse(self, code: str, message: str = "no", status: int = 400, **headers: str) -> None:
        """Add an error in Cognito's form."""
        self.reply(status, {"__type": code, "message": message}, headers=headers)

    @property
    def operations(self) -> list[str]:
        """The operations of the requests, in order."""
        return [request.operation for request in self.requests]

    async def asked(self) -> None:
        """Wait until a request arrives."""
        await self._asked.wait()

    async def asked_times(self, count: int) -> None:
        """Wait until this number of requests has arrived."""
        async with asyncio.timeout(60):
            while len(self.requests) < count:
                self._changed.clear()
                await self._changed.wait()

    def release(self) -> None:
        """Send the responses that hang."""
        self._released.set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to one request."""
        body = await request.read()
        target = request.headers.get("x-amz-target", "")
        members = await request.json() if target else None
        self.requests.append(
            Request(
                request.method, request.path_qs, target.rpartition(".")[2], request.headers, body, members
            )
        )
        assert request.transport is not None
        self._transports.add(request.transport)
        self.connections = len(self._transports)
        if self._replies:
            self._last = self._replies.popleft()
        self._asked.set()
        self._changed.set()
        return await self._answer(request, self._last)

    async def _answer(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        match reply.fate:
            case "hang":
                await self._released.wait()
            case "cut":
                transport.abort()
            case "cut_body":
                transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"AccessToken": "')
                transport.close()
            case "garbage":
                transport.write(b'{"AccessToken": "garbled-token"}\r\n\r\n')
                transport.close()
        if reply.json is not None:
            return web.json_response(reply.json, status=reply.status, headers=reply.headers)
        return web.Response(body=reply.body or b"", status=reply.status, headers=reply.headers)


@asynccontextmanager
async def stub_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[Stub]:
    """Serve a stub on a free port of this machine."""
    stub = Stub()
    runner = web.ServerRunner(web.Server(stub.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    stub.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stub
    finally:
        stub.release()
        await runner.cleanup()
