"""The ASGI middleware, without a framework."""

from __future__ import annotations

from typing import Any

from aiocognito._web.asgi import SCOPE_KEY, Message, Receive, Scope, Send, SessionMiddleware
from aiocognito._web.service import WebService

from .serving import a_service, serving


async def unexpected(*_: Any) -> None:
    raise AssertionError("an error was answered")


def middleware(app: Any, web: WebService | None = None) -> SessionMiddleware:
    return SessionMiddleware(app, web or a_service(), unexpected, unexpected)


async def request(app: Any, kind: str = "http", sent: list[Message] | None = None) -> Scope:
    scope: Scope = {"type": kind, "method": "GET", "path": "/", "headers": [(b"host", b"shop.example")]}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        if sent is not None:
            sent.append(message)

    await app(scope, receive, send)
    return scope


async def test_around_a_mounted_application_the_outer_session_is_found_again() -> None:
    outer, inner = a_service(), a_service()
    found: list[WebService] = []

    async def look(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope[SCOPE_KEY].service)

    mounted = middleware(look, inner)

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        await look(scope, receive, send)
        await mounted(scope, receive, send)
        await look(scope, receive, send)

    scope = await request(middleware(around, outer))
    assert found == [outer, inner, outer]
    assert scope[SCOPE_KEY] is None


async def test_a_lifespan_has_no_session() -> None:
    seen: list[Scope] = []

    async def look(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    await request(middleware(look), "lifespan")
    assert SCOPE_KEY not in seen[0]


async def test_the_response_that_refuses_a_websocket_is_stored_by_no_shared_cache() -> None:
    async def refuse(scope: Scope, _receive: Receive, send: Send) -> None:
        scope[SCOPE_KEY].client()
        await send({"type": "websocket.http.response.start", "status": 403, "headers": []})

    sent: list[Message] = []
    async with serving() as site:
        await request(middleware(refuse, site.web), "websocket", sent)
    assert dict(sent[0]["headers"]) == {b"vary": b"Cookie", b"cache-control": b"private, no-store"}
