"""Requests as the core reads them."""

from __future__ import annotations

from typing import Any

from aiocognito._web.request import WebRequest


def web_request(
    method: str = "POST",
    url: str = "https://shop.example/",
    *,
    peer: str | None = "203.0.113.7",
    root_path: str = "",
    headers: dict[str, str] | None = None,
    pairs: tuple[tuple[str, str], ...] = (),
    is_websocket: bool = False,
) -> WebRequest:
    """Return a request. The Host header is the URL's, unless ``headers`` or ``pairs`` has one."""
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    path, _, query = f"{slash}{target}".partition("?")
    given = [*(headers or {}).items(), *pairs]
    if not any(name.lower() == "host" for name, _ in given):
        given.insert(0, ("host", host))
    scope: dict[str, Any] = {
        "type": "websocket" if is_websocket else "http",
        "scheme": scheme,
        "path": path or "/",
        "raw_path": (path or "/").encode(),
        "query_string": query.encode(),
        "client": None if peer is None else (peer, 50000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given],
    }
    if not is_websocket:
        scope["method"] = method
    return WebRequest.of_scope(scope, root_path)
