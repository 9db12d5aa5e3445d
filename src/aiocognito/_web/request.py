"""What the core reads of a request, whichever framework received it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from attrs import frozen

from .origins import Host, read_host

_SCHEMES: Final = {"ws": "http", "wss": "https"}
# Characters of a path that need no escape (RFC 3986, section 3.3), and the percent sign of escapes.
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~%"
_PROXY_HEADERS: Final = (b"forwarded", b"via")


@frozen
class WebRequest:
    """A request, or the handshake of a websocket.

    Attributes:
        method: The method; ``GET`` for a websocket.
        scheme: ``http`` or ``https``, as the server saw it.
        path: The path that the browser sent, with its escapes and the root path.
        query: The query, without the question mark.
        root_path: The path under which the server, or a proxy, mounted the application.
        peer: The address of the connection's other end.
        headers: The headers, as the server received them.
        is_websocket: Whether this is the handshake of a websocket.
    """

    method: str
    scheme: str
    path: str
    query: str
    root_path: str
    peer: str | None
    headers: Iterable[tuple[bytes, bytes]]
    is_websocket: bool = False

    @classmethod
    def of_scope(cls, scope: Mapping[str, Any], root_path: str) -> WebRequest:
        """Read an ASGI scope of type ``http`` or ``websocket``.

        Args:
            scope: The scope.
            root_path: The root path that the outermost application saw: a mounted one changes it.
        """
        client = scope.get("client")
        scheme = scope.get("scheme", "http")
        return cls(
            method=scope.get("method", "GET"),
            scheme=_SCHEMES.get(scheme, scheme),
            path=_browser_path(scope, root_path),
            query=scope.get("query_string", b"").decode("latin-1"),
            root_path=root_path,
            peer=client[0] if client else None,
            headers=scope["headers"],
            is_websocket=scope["type"] == "websocket",
        )

    def values(self, name: bytes) -> list[str]:
        """Return the values of a header, one for each time it was sent.

        Args:
            name: The header's name in lower case.
        """
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == name]

    def header(self, name: bytes) -> str | None:
        """Return a header's value, None without one. Values of repeated headers are joined by commas."""
        values = self.values(name)
        return ", ".join(values) if values else None

    @property
    def host(self) -> Host | None:
        """The Host header; None if it is absent, malformed or repeated."""
        values = self.values(b"host")
        return read_host(values[0]) if len(values) == 1 else None

    @property
    def came_by_proxy(self) -> bool:
        """Whether a header says that a proxy forwarded the request."""
        return any(
            key.lower() in _PROXY_HEADERS or key.lower().startswith(b"x-forwarded-")
            for key, _ in self.headers
        )

    @property
    def target(self) -> str:
        """The path and the query, as a link to this page."""
        return f"{self.path}?{self.query}" if self.query else self.path


def _browser_path(scope: Mapping[str, Any], root_path: str) -> str:
    """Return the path as the browser sent it. Some servers, and proxies, leave the root path out."""
    raw = scope.get("raw_path")
    path: str = scope["path"]
    sent = quote(raw.decode("latin-1").partition("?")[0] if raw else path, safe=_PATH_CHARACTERS)
    if not raw:
        sent = quote(path, safe=_PATH_CHARACTERS.replace("%", ""))
    root = root_path.rstrip("/")
    if root and path != root and not path.startswith(f"{root}/"):
        sent = quote(root, safe=_PATH_CHARACTERS) + sent
    return sent
