"""Errors of redis-py and valkey-py as `StorageError`, with what to do next.

The classes are recognized by their names, so that neither library has to be imported. The original is
not chained: its text, or what it refers to, may repeat a command, and so a value or the password.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from attrs import frozen

from ..errors import StorageError

# The user name and the password of a URL, up to the last @: a password may have one.
_USER_INFO: Final = re.compile(r"\S*@")
_ROOTS: Final = {"RedisError", "RedisClusterException", "ValkeyError", "ValkeyClusterException"}
# EOFError: the server closed the connection within a response (asyncio.IncompleteReadError).
_SYSTEM_ERRORS: Final = (OSError, EOFError)


@frozen
class _Advice:
    """What an error means.

    Attributes:
        classes: Names of its classes.
        texts: Parts of its text, in lower case; one of them, or one of the classes, is there.
        message: What went wrong.
        recovery: What to do next.
        retryable: Whether the same call may succeed later.
    """

    classes: frozenset[str]
    texts: tuple[str, ...]
    message: str
    recovery: str
    retryable: bool

    def is_about(self, classes: Collection[str], text: str) -> bool:
        """Return whether an error of these classes, with this text, is meant."""
        return not self.classes.isdisjoint(classes) or any(part in text for part in self.texts)


def _advice(classes: str, texts: tuple[str, ...], message: str, recovery: str, *, retryable: bool) -> _Advice:
    return _Advice(frozenset(classes.split()), texts, message, recovery, retryable)


# The first one that fits counts.
_ADVICE: Final = (
    _advice(
        "AuthenticationError AuthenticationWrongNumberOfArgsError",
        ("wrongpass", "noauth", "invalid password", "authentication required", "without any password"),
        "refused the user name or the password",
        "Check the user name and the password in the URL or in the client; characters such as / # @ of a"
        " password are percent-encoded in a URL.",
        retryable=False,
    ),
    _advice(
        "NoPermissionError AuthorizationError",
        ("noperm", "no permissions"),
        "does not allow this user a command or a key",
        "Allow the user GET, SET, DEL, EVAL and EVALSHA (and WAIT with wait_replicas) on keys that begin with"
        " the prefix, for example: ACL SETUSER name ~aiocognito:* +get +set +del +eval +evalsha +wait",
        retryable=False,
    ),
    _advice(
        "SSLError",
        ("[ssl", "certificate"),
        "could not be reached over TLS",
        "Use rediss:// only for a server that expects TLS, and name its certificate authority with"
        " ?ssl_ca_certs=/path/to/ca.pem in the URL or in the client.",
        retryable=False,
    ),
    _advice(
        "MaxConnectionsError",
        ("too many connections", "max number of clients"),
        "has no free connection",
        "Raise max_connections of the client, or maxclients of the server, and try again.",
        retryable=True,
    ),
    _advice(
        "ReadOnlyError",
        # The last one: the server became a replica while a write waited for its own replicas.
        ("readonly", "previous master is now a slave", "unblocked"),
        "is a read-only replica",
        "Connect to the primary: by Sentinel, or by the primary's own address. After a failover try again.",
        retryable=True,
    ),
    _advice(
        "",
        ("noreplicas",),
        "refuses writes because too few replicas are connected to it",
        "Check the replicas, and min-replicas-to-write of the server, and try again.",
        retryable=True,
    ),
    _advice(
        "",
        ("busy redis", "busy valkey", "busy running a script"),
        "is busy with a long script",
        "Look for a program that runs long scripts on this server, and try again.",
        retryable=True,
    ),
    _advice(
        "BusyLoadingError",
        ("loading",),
        "is still loading its data",
        "Try again in a moment.",
        retryable=True,
    ),
    _advice(
        "",
        ("cluster support disabled", "cluster mode is not enabled"),
        "is not a cluster",
        "Pass its URL, or a redis.asyncio.Redis, instead of a cluster client.",
        retryable=False,
    ),
    _advice(
        "ClusterError RedisClusterException ValkeyClusterException",
        ("clusterdown", "masterdown", "tryagain", "cluster"),
        "is a cluster that cannot serve this key now",
        "Check `redis-cli cluster info`, and try again. The session is kept.",
        retryable=True,
    ),
    _advice(
        "MovedError AskError",
        ("moved",),
        "is one node of a cluster",
        "Pass a redis.asyncio.RedisCluster as the client instead of a URL or a client of a single node.",
        retryable=False,
    ),
    _advice(
        "MasterNotFoundError",
        ("no master found",),
        "has no primary that Sentinel knows",
        "Check the service name and the Sentinels' addresses, and try again after a failover.",
        retryable=True,
    ),
    _advice(
        "OutOfMemoryError",
        ("oom command", "maxmemory"),
        "has no memory left",
        "Raise maxmemory, and set maxmemory-policy to noeviction: an evicted session is a signed-out user.",
        retryable=True,
    ),
    _advice(
        "",
        ("misconf",),
        "refuses writes because it cannot save its data",
        "Look at the server's log and at its disk, and try again.",
        retryable=True,
    ),
    _advice(
        "",
        ("wrongtype",),
        "holds another program's data under the key",
        "Choose a prefix of its own for aiocognito: RedisStorage(…, prefix=…).",
        retryable=False,
    ),
    _advice(
        "",
        ("unknown command",),
        "does not know a command",
        "RedisStorage needs Redis 6 or later, or Valkey, with GET, SET, DEL, EVAL and EVALSHA under their own"
        " names.",
        retryable=False,
    ),
    _advice(
        "",
        ("db index",),
        "does not have the database of the URL",
        "Check the number at the end of the URL, such as /0.",
        retryable=False,
    ),
    _advice(
        "TimeoutError",
        ("timeout", "timed out"),
        "did not answer in time",
        "Check that the server is up and not paused, and that it expects TLS if it is addressed by rediss://."
        " The session is kept.",
        retryable=True,
    ),
    _advice(
        "ConnectionError OSError EOFError",
        (),
        "cannot be reached",
        "Check the URL, that the server is up, and that a server that expects TLS is addressed by rediss://."
        " The session is kept.",
        retryable=True,
    ),
)
_OTHER: Final = _advice(
    "",
    (),
    "refused a command",
    "Look at the server's log. RedisStorage needs Redis 6 or later, or Valkey.",
    retryable=False,
)


def is_failure(error: Exception) -> bool:
    """Return whether an exception is one of the client library, or of the connection."""
    return isinstance(error, _SYSTEM_ERRORS) or not _ROOTS.isdisjoint(_class_names(error))


def is_named(error: Exception, name: str) -> bool:
    """Return whether an exception is of a class with this name."""
    return name in _class_names(error)


def is_readonly(error: Exception) -> bool:
    """Return whether the server refused a write, because it is a replica since a failover."""
    # In a script, Redis 6 puts it into the text of another error.
    text = str(error)
    return is_named(error, "ReadOnlyError") or "READONLY" in text or "previous master is now a slave" in text


def storage_error(error: Exception) -> StorageError:
    """Return the error to raise for one of the client library.

    Only its first line is repeated, up to the arguments of a command and without the user name and the
    password of a URL.
    """
    classes, text = _class_names(error), str(error)
    for advice in _ADVICE:
        if advice.is_about(classes, text.lower()):
            break
    else:
        advice = _OTHER
    return StorageError(
        f"Redis {advice.message}{_detail(error, classes)}",
        retryable=advice.retryable,
        recovery_suggestion=advice.recovery,
    )


def _detail(error: Exception, classes: Collection[str]) -> str:
    text = str(error).partition("\n")[0].partition(", with args")[0]
    if not text or "AuthenticationError" in classes:
        return f" ({type(error).__name__})"
    return f": {_USER_INFO.sub('…@', text)[:200]}"


def _class_names(error: Exception) -> set[str]:
    return {each.__name__ for each in type(error).__mro__}
