"""Sessions in Redis or Valkey, shared by the processes of many machines.

Needs redis-py 5.2 or later (``pip install 'aiocognito[redis]'``) or valkey-py.
"""

import math
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from .._config_checks import is_number
from .._public import public
from ..errors import AuthConfigError
from ._envelope import EnvelopeStorage, envelope_for
from ._leases import Leases
from ._per_loop import PerLoop
from ._protocol import check_key, check_replace, check_set
from ._redis_client import GivenClient, UrlClients, check_client, close, is_cluster, leave_open
from ._redis_values import RedisValues

__all__ = ["RedisStorage"]


@public("aiocognito.storage.redis")
class RedisStorage:
    """Stores each value under a key of its own in Redis 6 or later, or in Valkey.

    Works with a standalone server, with Sentinel and with a Cluster: no command names several keys. A
    read is one round trip, and ``replace`` is one Lua script, atomic on the server. A lock is a lease that
    is renewed while it is held; if its process dies, it is free after ``lock_lease``.

    Redis deletes what has expired. Configure ``maxmemory-policy noeviction``, and persistence (AOF): a
    record that the server loses is a signed-out user. A failover may lose the last writes: see
    ``wait_replicas``.

    Used as ``async with RedisStorage(…) as storage``, or closed by `aclose`.

    Args:
        client_or_url: ``redis://``, ``rediss://`` (TLS), ``valkey://``, ``valkeys://`` or ``unix://``; or a
            client of ``redis.asyncio`` or ``valkey.asyncio``: ``Redis``, ``Sentinel.master_for(…)``,
            ``RedisCluster``. A client that was given is left open, and belongs to one event loop. With a
            URL the storage makes a client for each event loop that uses it, with timeouts of 5 s, and
            closes it.
        prefix: What all keys begin with.
        encryption_key: 32 bytes, or several such keys (the first encrypts, all decrypt), or None to leave
            the values readable to every client of the server. See `~aiocognito.storage.EncryptedStorage`.
        lock_lease: Seconds that a lock outlives a process that died while it held it.
        wait_replicas: How many replicas must have a write before it returns (the command WAIT, for 100 ms).
            If fewer have it, a warning is logged. 0 (the default) does not wait. Not for a cluster.

    Raises:
        AuthConfigError: A ``ValueError`` that names the argument: the client decodes responses
            (``decode_responses=True``), is a blocking one, or ``wait_replicas`` is set for a cluster; the
            URL is malformed, or no client library is installed; the encryption key is not 32 bytes long.
    """

    __slots__ = ("_connections", "_leases", "_location", "_prefix", "_redis", "_values")

    def __init__(
        self,
        client_or_url: Any,
        *,
        prefix: str = "aiocognito:",
        encryption_key: bytes | Sequence[bytes] | None,
        lock_lease: float = 10.0,
        wait_replicas: int = 0,
    ) -> None:
        envelope = envelope_for(encryption_key)
        _check_options(prefix, lock_lease, wait_replicas)
        if isinstance(client_or_url, str):
            urls = UrlClients(client_or_url)
            self._location = urls.location
            self._connections = PerLoop(urls.connect, close)
        else:
            check_client(client_or_url, field="client_or_url")
            if wait_replicas and is_cluster(client_or_url):
                raise AuthConfigError(
                    "must be 0 with a cluster: its pipelines cannot wait", field="wait_replicas"
                )
            self._location = f"a given {type(client_or_url).__name__}"
            self._connections = PerLoop(GivenClient(client_or_url).connect, leave_open)
        self._prefix = prefix
        self._redis = RedisValues(self._connections, prefix, wait_replicas)
        self._values = EnvelopeStorage(self._redis, envelope)
        self._leases = Leases(self._redis.replace_lock, lock_lease)

    def __repr__(self) -> str:
        return f"<RedisStorage {self._location} prefix={self._prefix!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that were made from a URL on this event loop. The next use opens others."""
        await self._leases.aclose()
        await self._connections.aclose()

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key, or None if it is absent or expired (`Storage.get`)."""
        check_key(key)
        return await self._values.get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value in place of the one before (`Storage.set`)."""
        check_set(key, value, ttl)
        await self._values.set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        """Make a key absent (`Storage.delete`)."""
        check_key(key)
        await self._redis.delete(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected (`Storage.replace`)."""
        check_replace(key, value, expected, ttl)
        return await self._values.replace(key, value, expected=expected, ttl=ttl)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a lock between all tasks, processes and machines that use the server (`Storage.lock`).

        Tasks that share this object get it in order, others in no order. A lease is lost if the server
        loses it, or if this process stands still for longer than ``lock_lease``.
        """
        check_key(key)
        return self._leases.hold(key)


def _check_options(prefix: object, lock_lease: object, wait_replicas: object) -> None:
    if not isinstance(prefix, str):
        raise AuthConfigError(f"must be a str, not {type(prefix).__name__}", field="prefix")
    if not is_number(lock_lease) or not 0 < lock_lease < math.inf:
        raise AuthConfigError("must be a positive number of seconds", field="lock_lease")
    if not isinstance(wait_replicas, int) or isinstance(wait_replicas, bool) or wait_replicas < 0:
        raise AuthConfigError("must be 0 or the number of replicas to wait for", field="wait_replicas")
