"""Browsers for applications of each framework, with one form of plain calls."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import httpx
from aiohttp import web
from anyio.from_thread import start_blocking_portal
from attrs import define, field
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

ORIGIN = {"origin": "https://testserver"}


class Browser(Protocol):
    """A client with cookies of its own. Responses are those of httpx."""

    cookies: Any
    headers: Any

    def get(self, url: str, **options: Any) -> Any:
        """Send a GET request."""
        ...

    def post(self, url: str, **options: Any) -> Any:
        """Send a POST request."""
        ...

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send a request."""
        ...


class Host(Protocol):
    """A running application."""

    def browser(self, url: str) -> Browser:
        """Return a browser with cookies of its own."""
        ...

    def socket(self, browser: Any, path: str, headers: dict[str, str]) -> int | list[str]:
        """Open a websocket, and return its messages until it closes; or the status of the refusal."""
        ...


@define
class AsgiHost:
    """An ASGI application in Starlette's test client."""

    app: Any
    stack: ExitStack = field(factory=ExitStack)

    def browser(self, url: str) -> Browser:
        """Return a browser with cookies of its own."""
        client: Any = TestClient(self.app, base_url=url, raise_server_exceptions=False)
        browser: Browser = self.stack.enter_context(client)
        return browser

    def socket(self, browser: Any, path: str, headers: dict[str, str]) -> int | list[str]:
        """Open a websocket, and return its messages until it closes; or the status of the refusal."""
        messages: list[str] = []
        try:
            with browser.websocket_connect(f"wss://testserver{path}", headers=headers) as socket:
                while True:
                    messages.append(socket.receive_text())
        except WebSocketDenialResponse as refused:
            return int(refused.status_code)
        except WebSocketDisconnect:
            return messages


class ToServer(httpx.BaseTransport):
    """Sends requests for https://testserver, and any other host, to a server on this machine."""

    def __init__(self, ports: dict[str, int], tls: ssl.SSLContext) -> None:
        self._ports = ports
        self._inner = httpx.HTTPTransport(verify=tls)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        url = request.url.copy_with(host="localhost", port=self._ports[request.url.scheme])
        return self._inner.handle_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        )

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


@define
class AiohttpHost:
    """An aiohttp application in a server of its own, in another thread, over http and https."""

    app: web.Application
    certificate: tuple[Path, Path]
    stack: ExitStack = field(factory=ExitStack)
    ports: dict[str, int] = field(factory=dict)
    portal: Any = None

    def browser(self, url: str) -> Browser:
        """Return a browser with cookies of its own."""
        if self.portal is None:
            self.portal = self.stack.enter_context(start_blocking_portal())
            self.stack.enter_context(self.portal.wrap_async_context_manager(self._running()))
        tls = ssl.create_default_context(cafile=str(self.certificate[0]))
        client: Any = httpx.Client(
            transport=ToServer(self.ports, tls), base_url=url, follow_redirects=True, timeout=60
        )
        browser: Browser = self.stack.enter_context(client)
        return browser

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_tls.load_cert_chain(*self.certificate)
        runner = web.AppRunner(self.app)
        try:
            await runner.setup()
            for scheme, tls in (("http", None), ("https", server_tls)):
                await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
                self.ports[scheme] = runner.addresses[-1][1]
            yield
        finally:
            await runner.cleanup()

    def socket(self, browser: Any, path: str, headers: dict[str, str]) -> int | list[str]:
        """Open a websocket, and return its messages until it closes; or the status of the refusal."""
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        url = f"https://127.0.0.1:{self.ports['https']}{path}"
        sent = {"host": "testserver", **headers, **({"cookie": cookie} if cookie else {})}

        async def talk() -> int | list[str]:
            async with aiohttp.ClientSession() as session:
                try:
                    async with session.ws_connect(url, headers=sent, ssl=False) as socket:
                        return [message.data async for message in socket]
                except aiohttp.WSServerHandshakeError as refused:
                    return refused.status

        messages: int | list[str] = self.portal.call(talk)
        return messages


def set_cookies(response: Any) -> list[str]:
    """Return the Set-Cookie values of a response."""
    return [value for name, value in response.headers.multi_items() if name.lower() == "set-cookie"]
