"""Bytes under keys in a DynamoDB table: one item for each value, and each read strongly consistent."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from ..errors import StorageError
from . import _dynamodb_errors as dynamodb_errors
from ._per_loop import PerLoop
from ._shared_reads import SharedReads
from ._uncancelled import finish

logger = logging.getLogger("aiocognito.storage")

PARTITION_KEY: Final = "pk"
# Whole seconds, for DynamoDB's TTL, which deletes an item within days. `expires` is exact, and decides.
TTL_ATTRIBUTE: Final = "expires_at"
# How long a call may take, with its retries, in seconds.
CALL_SECONDS: Final = 10.0
# DynamoDB's limit for an item, in bytes: 400 KB, names included.
_LARGEST: Final = 400 * 1024 - 200
_LONGEST_NAME: Final = 1000
# 31 December 9999. A later time of expiry is left out.
_LATEST: Final = 253_402_300_799.0
# Seconds between two looks at a table that is being created.
_TABLE_PAUSE: Final = 0.5
_REFUSED: Final = "ConditionalCheckFailedException"

_NAMES: Final = {"#pk": PARTITION_KEY, "#digest": "digest", "#expires": "expires"}
_IS_ABSENT: Final = "(attribute_not_exists(#pk) OR #expires <= :now)"
_IS_EXPECTED: Final = "(#digest = :expected AND (attribute_not_exists(#expires) OR #expires > :now))"
# A client sends a request again whose response was lost. No two envelopes are the same, so a value that is
# there already was stored by the first request.
_IS_STORED: Final = "#digest = :stored"

Item = dict[str, Any]


class DynamoDbValues:
    """`get`, `set`, `delete` and `replace` of `Storage` in a table.

    Args:
        clients: The aiobotocore client for each event loop.
        table: The table's name or ARN.
        clock: Returns the time in seconds since the epoch.
    """

    def __init__(self, clients: PerLoop[Any], table: str, clock: Callable[[], float]) -> None:
        self._clients = clients
        self._table = table
        self._clock = clock
        self._reads = SharedReads(self._get)

    async def get(self, key: str) -> bytes | None:
        """Return the value under a key (`Storage.get`)."""
        return await self._reads.get(key)

    async def _get(self, key: str) -> bytes | None:
        found = await self.call("get_item", Key=_key("value", key), ConsistentRead=True)
        item: Item = found.get("Item") or {}
        expires = item.get("expires", {}).get("N")
        if expires is not None and float(expires) <= self._clock():
            return None
        value = item.get("value", {}).get("B")
        return value if value is None else bytes(value)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value (`Storage.set`)."""
        await finish(self.call("put_item", Item=self._item("value", key, value, ttl)))

    async def delete(self, key: str) -> None:
        """Make a key absent (`Storage.delete`)."""
        await finish(self.call("delete_item", Key=_key("value", key)))

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Compare and set (`Storage.replace`)."""
        if value is None and expected is None:
            return await self.get(key) is None  # nothing to write
        return await finish(self._replace("value", key, value, expected, ttl))

    async def replace_lock(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """Compare and set the token of a lock, which no value's key can be."""
        return await self._replace("lock", key, value, expected, ttl)

    async def _replace(
        self, kind: str, key: str, value: bytes | None, expected: bytes | None, ttl: float | None
    ) -> bool:
        condition = _IS_ABSENT if expected is None else _IS_EXPECTED
        values: Item = {":now": _number(self._clock())}
        if expected is not None:
            values[":expected"] = {"B": _digest(expected)}
        if value is None:
            return await self._is_done("delete_item", condition, values, Key=_key(kind, key))
        values[":stored"] = {"B": _digest(value)}
        condition = f"{condition} OR {_IS_STORED}"
        return await self._is_done("put_item", condition, values, Item=self._item(kind, key, value, ttl))

    async def _is_done(self, operation: str, condition: str, values: Item, **members: Any) -> bool:
        """Send a conditional write, and return whether its condition was met."""
        used = {name: text for name, text in _NAMES.items() if name in condition}
        result = await self._outcome(
            operation,
            **members,
            ConditionExpression=condition,
            ExpressionAttributeNames=used,
            ExpressionAttributeValues=values,
        )
        if not isinstance(result, Exception):
            return True
        if dynamodb_errors.code_of(result) == _REFUSED:
            return False
        raise dynamodb_errors.storage_error(result, self._table)

    async def call(self, operation: str, **members: Any) -> Any:
        """Call an operation on the table.

        Raises:
            StorageError: The service or the connection failed.
        """
        result = await self._outcome(operation, **members)
        if isinstance(result, Exception):
            raise dynamodb_errors.storage_error(result, self._table)
        return result

    async def _outcome(self, operation: str, **members: Any) -> Any:
        """Return the response, or the exception of botocore or the connection."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                client = await self._clients.get()
                return await getattr(client, operation)(TableName=self._table, **members)
        except Exception as error:
            if not dynamodb_errors.is_failure(error):
                raise
            return error

    def _item(self, kind: str, key: str, value: bytes, ttl: float | None) -> Item:
        if len(value) > _LARGEST - _LONGEST_NAME:
            raise StorageError(
                f"a value of {len(value)} bytes is too large: DynamoDB stores items of up to 400 KB",
                retryable=False,
                recovery_suggestion="Use another storage, or a smaller value.",
            )
        item: Item = _key(kind, key) | {"value": {"B": value}, "digest": {"B": _digest(value)}}
        expires = math.inf if ttl is None else self._clock() + ttl
        if expires <= _LATEST:
            item |= {"expires": _number(expires), TTL_ATTRIBUTE: {"N": str(math.ceil(expires))}}
        return item

    # The table

    async def create_table(self) -> None:
        """Create the table if it does not exist, wait until it is active, and switch on its TTL.

        Raises:
            StorageError: The table could not be created, or a table of this name has another key.
        """
        schema = [{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}]
        result = await self._outcome(
            "create_table",
            KeySchema=schema,
            AttributeDefinitions=[{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        if isinstance(result, Exception) and dynamodb_errors.code_of(result) != "ResourceInUseException":
            raise dynamodb_errors.storage_error(result, self._table)
        table = await self._active_table()
        if table["KeySchema"] != schema:
            raise StorageError(
                f"DynamoDB table {self._table}: a table of this name with another primary key exists",
                retryable=False,
                recovery_suggestion="Choose another name; the table is left as it is.",
            )
        await self._enable_ttl()

    async def _active_table(self) -> Item:
        while True:
            found: Any = await self._outcome("describe_table")
            if not isinstance(found, Exception):
                table: Item = found["Table"]
                if table["TableStatus"] == "ACTIVE":
                    return table
            elif dynamodb_errors.code_of(found) != "ResourceNotFoundException":  # created just now
                raise dynamodb_errors.storage_error(found, self._table)
            await asyncio.sleep(_TABLE_PAUSE)

    async def _enable_ttl(self) -> None:
        specification = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        result = await self._outcome("update_time_to_live", TimeToLiveSpecification=specification)
        if not isinstance(result, Exception):
            return
        code = dynamodb_errors.code_of(result)
        if code == "UnknownOperationException":
            logger.warning("this service has no TTL: expired sessions stay in the table until deleted")
        elif code != "ValidationException":  # it is switched on already
            raise dynamodb_errors.storage_error(result, self._table)


def _key(kind: str, key: str) -> Item:
    """Return the primary key of an item: readable, unless the text is long or has lone surrogates."""
    encoded = key.encode("utf-8", "surrogatepass")
    is_plain = len(encoded) <= _LONGEST_NAME and not any("\ud800" <= each <= "\udfff" for each in key)
    name = f"{kind}#{key}" if is_plain else f"{kind}-sha256#{sha256(encoded).hexdigest()}"
    return {PARTITION_KEY: {"S": name}}


def _digest(value: bytes) -> bytes:
    """Return what conditions compare, so that a request holds a value once: its SHA-256 hash."""
    return sha256(value).digest()


def _number(seconds: float) -> Item:
    return {"N": f"{seconds:.6f}"}
