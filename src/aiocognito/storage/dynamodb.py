"""Sessions in Amazon DynamoDB, shared by the processes of many machines. It needs no extra."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from .. import _clocks as clocks
from .._config_checks import check_object, check_url
from .._public import public
from ..errors import AuthConfigError
from ._dynamodb_client import Endpoint, close
from ._dynamodb_values import DynamoDbValues
from ._envelope import EnvelopeStorage, envelope_for
from ._leases import Leases
from ._per_loop import PerLoop
from ._protocol import check_key, check_replace, check_set

__all__ = ["DynamoDbStorage"]

# A name (3 to 255 characters) or an ARN.
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}|arn:[A-Za-z0-9_.:/-]{1,1019}", re.ASCII)
# Seconds that a lock outlives a process that died while it held it.
_LEASE = 10.0


@public("aiocognito.storage.dynamodb")
class DynamoDbStorage:
    """Stores each value in an item of its own in a DynamoDB table, over aiobotocore.

    Reads are strongly consistent, and read one item without a lock. ``replace`` is a conditional write.
    A lock is an item with a lease that is renewed while it is held; if its process dies, it is free after
    10 s. Leases and lifetimes are compared by the clocks of the machines, which should agree to a second.
    What has expired is absent at once, and deleted by the table's TTL within days.

    The process needs dynamodb:GetItem, PutItem and DeleteItem on the table. Used as
    ``async with DynamoDbStorage(…) as storage``, or closed by `aclose`. It serves event loops one after
    another, with a client for each.

    Args:
        table: The name or the ARN of the table. Its partition key is ``pk``, a string; `create_table`
            creates it.
        encryption_key: 32 bytes, or several such keys (the first encrypts, all decrypt), or None to leave
            the values readable to all who can read the table. See `aiocognito.EncryptedStorage`.
        region: The region of the table; by default the environment's.
        endpoint_url: The URL of the service, without credentials and query; AWS's by default.
        aws_session: An ``aiobotocore.session.AioSession`` with credentials; by default one with those of
            the environment.

    Raises:
        AuthConfigError: A ``ValueError`` that names the argument: the table has no valid name,
            ``endpoint_url`` is not the URL of a service, or the encryption key is not 32 bytes long.
    """

    __slots__ = ("_clients", "_leases", "_table", "_table_values", "_values")

    def __init__(
        self,
        table: str,
        *,
        encryption_key: bytes | Sequence[bytes] | None,
        region: str | None = None,
        endpoint_url: str | None = None,
        aws_session: Any = None,
    ) -> None:
        envelope = envelope_for(encryption_key)
        if not isinstance(table, str) or not _TABLE.fullmatch(table):
            raise AuthConfigError(
                "must be a table's name of 3 to 255 letters, digits, _ . or -, or its ARN", field="table"
            )
        if aws_session is not None:
            check_object("aws_session", aws_session, ("create_client",), "aiobotocore.session.get_session()")
        if endpoint_url is not None:
            check_url("endpoint_url", endpoint_url, allow_http=True)
        self._table = table
        self._clients: PerLoop[Any] = PerLoop(Endpoint(region, endpoint_url, aws_session).connect, close)
        self._table_values = DynamoDbValues(self._clients, table, clocks.resolve(None))
        self._values = EnvelopeStorage(self._table_values, envelope)
        self._leases = Leases(self._table_values.replace_lock, _LEASE)

    def __repr__(self) -> str:
        return f"<DynamoDbStorage {self._table!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client of this event loop. The next use makes another."""
        await self._leases.aclose()
        await self._clients.aclose()

    async def create_table(self) -> None:
        """Create the table, with on-demand capacity, unless it exists, and switch on its TTL.

        Waits until the table is active, which takes some seconds. Cancel it, or use ``asyncio.timeout``,
        to stop waiting. Calls CreateTable, DescribeTable and UpdateTimeToLive.

        Raises:
            StorageError: The table could not be created, or one of this name has another primary key.
        """
        await self._table_values.create_table()

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
        await self._table_values.delete(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Store a value if the present one is as expected (`Storage.replace`)."""
        check_replace(key, value, expected, ttl)
        return await self._values.replace(key, value, expected=expected, ttl=ttl)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a lock between all tasks, processes and machines that use the table (`Storage.lock`).

        Tasks that share this object get it in order, others in no order. It is a lease, which is lost if
        this process stands still for longer than 10 s.
        """
        check_key(key)
        return self._leases.hold(key)
