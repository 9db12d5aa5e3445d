"""Clients of redis-py and valkey-py: given ones, and those made from a URL."""

from __future__ import annotations

import asyncio
import importlib
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from ..errors import AuthConfigError, AuthUsageError

_TLS_SCHEMES: Final = {"redis": False, "valkey": False, "rediss": True, "valkeys": True}
_SCHEMES: Final = (*_TLS_SCHEMES, "unix")
# Options of a client made from a URL, unless the URL has others, in seconds.
_TIMEOUT: Final = 5.0

# Connections that a storage uses at a time: more do not make one server faster.
_CONNECTIONS: Final = 32

_MISSING: Final = (
    "RedisStorage needs a client library to open a URL: pip install 'aiocognito[redis]' (or valkey)"
)
_BLOCKING: Final = {
    ("redis.client", "Redis"),
    ("redis.cluster", "RedisCluster"),
    ("valkey.client", "Valkey"),
    ("valkey.cluster", "ValkeyCluster"),
}
_NOT_A_CLIENT: Final = "must be a URL or a client of redis.asyncio or valkey.asyncio"


@frozen
class Connection:
    """A client on an event loop.

    Attributes:
        client: The client of redis-py or valkey-py.
        slots: Limits how many of its connections are in use.
    """

    client: Any
    slots: asyncio.Semaphore


def _connection(client: Any) -> Connection:
    pool = getattr(client, "connection_pool", None)
    limit = min(getattr(pool, "max_connections", _CONNECTIONS), _CONNECTIONS)
    return Connection(client, asyncio.Semaphore(limit))


async def close(connection: Connection) -> None:
    """Close a client that was made from a URL."""
    await connection.client.aclose()


async def leave_open(connection: Connection) -> None:
    """Leave a client open that was given."""


class GivenClient:
    """A client that was given: of the event loop that uses it first.

    Args:
        client: The client of redis-py or valkey-py.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None

    async def connect(self) -> Connection:
        """Return the client for the running loop.

        Raises:
            AuthUsageError: Another loop has used it.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            raise AuthUsageError(
                "the Redis client that this RedisStorage was given belongs to another event loop",
                recovery_suggestion="Pass the URL instead, or make a client and a storage per event loop.",
            )
        self._loop = loop
        return _connection(self._client)


def check_client(client: Any, *, field: str) -> None:
    """Refuse a client that cannot serve a `RedisStorage`.

    Raises:
        AuthConfigError: It is not an asyncio client of redis-py or valkey-py, or it decodes responses.
    """
    classes = {(each.__module__, each.__name__) for each in type(client).__mro__}
    if not classes.isdisjoint(_BLOCKING):
        raise AuthConfigError(f"{_NOT_A_CLIENT}, not the blocking {type(client).__name__}", field=field)
    if isinstance(client, type) or not callable(getattr(client, "execute_command", None)):
        raise AuthConfigError(f"{_NOT_A_CLIENT}, not {_kind(client)}", field=field)
    get_encoder = getattr(client, "get_encoder", None)
    if get_encoder is not None and getattr(get_encoder(), "decode_responses", False):
        raise AuthConfigError(
            "decode_responses=True makes text of values that are bytes; make a client without it",
            field=field,
        )


def is_cluster(client: Any) -> bool:
    """Return whether a client is one of a Redis Cluster."""
    return hasattr(client, "nodes_manager")


class UrlClients:
    """Makes clients from a URL, with the library that is installed: redis-py, else valkey-py.

    Args:
        url: ``redis://``, ``rediss://``, ``valkey://``, ``valkeys://`` or ``unix://``.

    Raises:
        AuthConfigError: The URL is malformed, or no library is installed.
    """

    def __init__(self, url: str) -> None:
        parts = _split(url)
        self._library = _library()
        self._url = _rewritten(url, parts.scheme, self._library)
        self.location = _location(parts)
        check_client(self.make(), field="client_or_url")

    async def connect(self) -> Connection:
        """Return a new client for the running loop."""
        return _connection(self.make())

    def make(self) -> Any:
        """Return a new client. It connects at its first command.

        Raises:
            AuthConfigError: The library refuses the URL.
        """
        library = importlib.import_module(f"{self._library}.asyncio")
        retry = importlib.import_module(f"{self._library}.asyncio.retry").Retry
        backoff = importlib.import_module(f"{self._library}.backoff").NoBackoff
        try:
            client = library.from_url(
                self._url,
                socket_connect_timeout=_TIMEOUT,
                socket_timeout=_TIMEOUT,
                # A connection that was closed while it was idle is opened again.
                retry=retry(backoff(), 1, supported_errors=(library.ConnectionError,)),
                retry_on_error=[library.ConnectionError],  # without it redis-py 5 retries nothing
            )
            pool = client.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # refuses unknown options
            return client
        except (TypeError, ValueError):
            pass  # its text may repeat a part of the URL
        raise AuthConfigError(
            "is malformed, or has an option that the client library does not know", field="client_or_url"
        )


def _split(url: str) -> SplitResult:
    parts: SplitResult | None
    try:
        parts = urlsplit(url)
        _ = parts.port
        # A slash, # or ? in a password ends the host, and what was meant as the host follows.
        if parts.scheme != "unix" and "@" in f"{parts.path}{parts.query}{parts.fragment}":
            parts = None
    except ValueError:
        parts = None
    if parts is None:
        # Raised here: the text of the ValueError may repeat the password.
        raise AuthConfigError(
            "is malformed: percent-encode characters such as / # ? @ : in the password", field="client_or_url"
        )
    if parts.scheme not in _SCHEMES:
        schemes = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise AuthConfigError(f"must begin with one of {schemes}", field="client_or_url")
    return parts


def _location(parts: SplitResult) -> str:
    """Return where the server of a URL is, without user name, password and options."""
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    return f"{parts.scheme}://{parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"


def _library() -> str:
    for name in ("redis", "valkey"):
        if find_spec(name) is not None:
            return name
    raise AuthConfigError(_MISSING, field="client_or_url")


def _rewritten(url: str, scheme: str, library: str) -> str:
    """Return a URL with the scheme that a library knows: the two protocols are the same."""
    if scheme == "unix":
        return url
    return f"{library}{'s' if _TLS_SCHEMES[scheme] else ''}{url[len(scheme) :]}"


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
