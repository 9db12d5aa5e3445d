"""Browsers for applications of each framework, with one form of plain calls."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Protocol

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


def set_cookies(response: Any) -> list[str]:
    """Return the Set-Cookie values of a response."""
    return [value for name, value in response.headers.multi_items() if name.lower() == "set-cookie"]
