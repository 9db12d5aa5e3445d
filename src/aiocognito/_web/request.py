"""What the core reads of a request, whichever framework received it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from .origins import Host, read_host

_SCHEMES: Final = {"ws": "http", "wss": "https"}
# Characters of a path that need no escape (RFC 3986, section 3.3).
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~"
_PROXY_HEADERS: Final = (b"forwarded", b"via")


def quoted_path(path: str) -> str:
    """Return a path as it may stand in a log: its escapes undone, it could begin another line there."""
    return quote(path, safe=_PATH_CHARACTERS + "%", errors="backslashreplace")


class WebRequest:
    """A request, or the handshake of a websocket. What is seldom needed is computed when it is asked for.

    Args:
        method: The method; ``GET`` for a websocket.
        scheme: ``http`` or ``https``, as the server saw it.
        path: The path without escapes.
        raw_path: The path with its escapes, if the server passes it on.
        query: The query, without the question mark.
        root_path: The path under which the server, or a proxy, mounted the application.
        peer: The address of the connection's other end.
        headers: The headers, as the server received them.
        is_websocket: Whether this is the handshake of a websocket.
    """

    __slots__ = (
        "_path",
        "_query",
        "_raw_path",
        "headers",
        "is_websocket",
        "method",
        "peer",
        "root_path",
        "scheme",
    )

    def __init__(
        self,
        method: str,
        scheme: str,
        path: str,
        raw_path: bytes | None,
        query: bytes,
        root_path: str,
        peer: str | None,
        headers: Iterable[tuple[bytes, bytes]],
        is_websocket: bool = False,
    ) -> None:
        self.method = method
        self.scheme = scheme
        self._path = path
        self._raw_path = raw_path
        self._query = query
        self.root_path = root_path
        self.peer = peer
        self.headers = headers
        self.is_websocket = is_websocket

    @classmethod
    def of_scope(cls, scope: Mapping[str, Any], root_path: str) -> WebRequest:
        """Read an ASGI scope of type ``http`` or ``websocket``.

        Args:
            scope: The scope.
            root_path: The root path that the outermost application saw: a mounted one changes it.
        """
        client = scope.get("client")
        scheme: str = scope.get("scheme", "http")
        return cls(
            scope.get("method", "GET"),
            _SCHEMES.get(scheme, scheme),
            scope["path"],
            scope.get("raw_path"),
            scope.get("query_string", b""),
            root_path,
            client[0] if client else None,
            scope["headers"],
            scope["type"] == "websocket",
        )

    @property
    def path(self) -> str:
        """The path that the browser sent, with its escapes and the root path.

        Some servers, and proxies, leave the root path out.
        """
        raw, root = self._raw_path, self.root_path.rstrip("/")
        if raw:
            sent = quote(raw.decode("latin-1").partition("?")[0], safe=_PATH_CHARACTERS + "%")
        else:
            sent = quote(self._path, safe=_PATH_CHARACTERS)
        if root and self._path != root and not self._path.startswith(f"{root}/"):
            sent = quote(root, safe=_PATH_CHARACTERS) + sent
        return sent

    @property
    def query(self) -> str:
        """The query, without the question mark."""
        return self._query.decode("latin-1")

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
        return f"{self.path}?{self.query}" if self._query else self.path
