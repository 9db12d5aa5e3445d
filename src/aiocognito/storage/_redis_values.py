"""Bytes under keys in Redis: one key for each value, and no command over several keys."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from hashlib import sha1
from typing import Any, Final

from ..errors import StorageError
from . import _redis_errors as redis_errors
from ._per_loop import PerLoop
from ._redis_client import Connection
from ._shared_reads import SharedReads
from ._uncancelled import finish

logger = logging.getLogger("aiocognito.storage")

# Compare and set, for all versions from Redis 6 on. A client library may send a command again whose response
# was lost. No two envelopes are the same, so a value that is there already was stored by the first command.
_REPLACE: Final = b"""\
local found = redis.call('GET', KEYS[1])
local expected = false
if ARGV[1] == 'present' then expected = ARGV[2] end
if found ~= expected then
  if ARGV[3] == 'set' and found == ARGV[4] then return 1 end
  return 0
end
if ARGV[3] == 'delete' then redis.call('DEL', KEYS[1])
elseif ARGV[5] == '' then redis.call('SET', KEYS[1], ARGV[4])
else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
return 1
"""
_REPLACE_HASH: Final = sha1(_REPLACE, usedforsecurity=False).hexdigest()

# How long a call may take, with waiting for a connection, in seconds.
CALL_SECONDS: Final = 10.0
# How long a write waits for replicas, in milliseconds.
_REPLICA_MILLISECONDS: Final = 100
# The longest lifetime that is stored, in milliseconds: 30,000 years. Redis refuses what overflows 64 bits.
_LONGEST: Final = 10**15

Command = tuple[bytes | str | int, ...]


class RedisValues:
    """`get`, `set`, `delete` and `replace` of `Storage` over a client.

    Args:
        connections: The client for each event loop.
        prefix: What all keys begin with.
        wait_replicas: How many replicas a write waits for.
    """

    def __init__(self, connections: PerLoop[Connection], prefix: str, wait_replicas: int) -> None:
        self._connections = connections
        self._prefix = prefix.encode()
        self._replicas = wait_replicas
        self._reads = SharedReads(self._get)

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key (`Storage.get`)."""
        return await self._reads.get(key)

    async def _get(self, key: str) -> bytes | None:
        value = await self._call(("GET", self._value_key(key)))
        if value is None or isinstance(value, bytes):
            return value
        raise StorageError(
            "the Redis client returned text instead of bytes",
            retryable=False,
            recovery_suggestion="Make the client without decode_responses=True.",
        )

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value (`Storage.set`)."""
        lifetime: Command = () if ttl is None else ("PX", _milliseconds(ttl))
        await finish(self._write(("SET", self._value_key(key), value, *lifetime)))

    async def delete(self, key: str) -> None:
        """Make a key absent (`Storage.delete`)."""
        await finish(self._write(("DEL", self._value_key(key))))

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Compare and set (`Storage.replace`)."""
        arguments = _script_arguments(self._value_key(key), value, expected, ttl)
        return await finish(self._replace(arguments, self._write))

    async def replace_lock(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Compare and set the token of a lock, which no value's key can be."""
        arguments = _script_arguments(self._lock_key(key), value, expected, ttl)
        return await self._replace(arguments, self._call)

    def _value_key(self, key: str) -> bytes:
        # Escaped, so that no value lies under the key of a lock.
        escaped = f"={key}" if key.startswith(("lock:", "=")) else key
        return self._prefix + escaped.encode("utf-8", "surrogatepass")

    def _lock_key(self, key: str) -> bytes:
        return self._prefix + b"lock:" + key.encode("utf-8", "surrogatepass")

    async def _replace(self, arguments: Command, send: Callable[[Command], Awaitable[Any]]) -> bool:
        try:
            return bool(await send(("EVALSHA", _REPLACE_HASH, 1, *arguments)))
        except _NoScript:
            pass  # a new server, or its scripts were flushed
        return bool(await send(("EVAL", _REPLACE, 1, *arguments)))

    async def _write(self, command: Command) -> Any:
        """Send a command, and wait for replicas in the same round trip."""
        if not self._replicas:
            return await self._call(command)
        wait: Command = ("WAIT", self._replicas, _REPLICA_MILLISECONDS)
        result, reached = await self._run(lambda client: _in_pipeline(client, command, wait))
        if reached < self._replicas:
            logger.warning(
                "a session was stored on %d of %d replicas within %d ms: it is lost if the primary fails now",
                reached,
                self._replicas,
                _REPLICA_MILLISECONDS,
            )
        return result

    async def _call(self, command: Command) -> Any:
        return await self._run(lambda client: client.execute_command(*command))

    async def _run(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        """Call the client; once more if the server has become a replica, which has done nothing.

        Raises:
            StorageError: The server or the connection failed.
        """
        own = await self._connections.get()
        result = await _outcome(own, call)
        if isinstance(result, Exception) and redis_errors.is_readonly(result):
            await _disconnect_idle(own.client)
            result = await _outcome(own, call)
        if not isinstance(result, Exception):
            return result
        if redis_errors.is_named(result, "NoScriptError"):
            raise _NoScript
        raise redis_errors.storage_error(result)


class _NoScript(Exception):
    """The server does not have the script."""


async def _outcome(own: Connection, call: Callable[[Any], Awaitable[Any]]) -> Any:
    """Return the result of a call, or the exception of the library or the connection."""
    try:
        async with asyncio.timeout(CALL_SECONDS), own.slots:
            return await call(own.client)
    except Exception as error:
        if not redis_errors.is_failure(error):
            raise
        return error


async def _in_pipeline(client: Any, command: Command, wait: Command) -> tuple[Any, int]:
    pipeline = client.pipeline(transaction=False)
    pipeline.execute_command(*command)
    pipeline.execute_command(*wait)
    # Raised here: the library would put the command, with its value, into the text of its error.
    results = await pipeline.execute(raise_on_error=False)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results[0], results[1]


async def _disconnect_idle(client: Any) -> None:
    """Close idle connections, so that the next command resolves the primary's name again."""
    pool = getattr(client, "connection_pool", None)
    if pool is not None:
        await pool.disconnect(inuse_connections=False)


def _script_arguments(key: bytes, value: bytes | None, expected: bytes | None, ttl: float | None) -> Command:
    return (
        key,
        "absent" if expected is None else "present",
        expected or b"",
        "delete" if value is None else "set",
        value or b"",
        "" if ttl is None else _milliseconds(ttl),
    )


def _milliseconds(ttl: float) -> int:
    return _LONGEST if ttl * 1000 > _LONGEST else max(1, math.ceil(ttl * 1000))
