"""The contract of a storage for DynamoDbStorage; the fixture ``dynamodb_url`` is the URL of a server."""

import asyncio
import os
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from aiobotocore.session import AioSession

from aiocognito import _clocks as clocks
from aiocognito.errors import StorageError
from aiocognito.storage import Storage, _dynamodb_values
from aiocognito.storage.dynamodb import DynamoDbStorage
from helpers.clock import Clock

from .contract import StorageContract

KEY = bytes(range(32))


@cache
def aws_session() -> AioSession:
    """Return a session with credentials, which these servers do not check."""
    session = AioSession()
    session.set_credentials("test", "test")
    return session


class DynamoDbContract(StorageContract):
    encryption_key: bytes | None = KEY

    @pytest.fixture
    def table(self) -> str:
        return f"sessions-{uuid.uuid4().hex}"

    @pytest.fixture
    def clock(self) -> Iterator[Clock]:
        clock = Clock(1_700_000_000.0)
        previous = clocks.set_default(clock)
        yield clock
        clocks.set_default(previous)

    @pytest.fixture
    def storage(
        self, dynamodb_url: str, table: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> DynamoDbStorage:
        monkeypatch.setattr(_dynamodb_values, "_TABLE_PAUSE", 0.02)
        storage = self.make(dynamodb_url, table)
        asyncio.run(storage.create_table())
        return storage

    @pytest.fixture
    def sharing(self, dynamodb_url: str, table: str, storage: DynamoDbStorage) -> DynamoDbStorage:
        return self.make(dynamodb_url, table)

    def make(self, url: str, table: str) -> DynamoDbStorage:
        return DynamoDbStorage(
            table,
            encryption_key=self.encryption_key,
            region="us-east-1",
            endpoint_url=url,
            aws_session=aws_session(),
        )

    # What is different: an item has at most 400 KB.

    @pytest.mark.parametrize("value", [b"", b"\0", b"one", bytes(range(256)), os.urandom(390_000)], ids=len)
    async def test_value_comes_back(self, storage: Storage, sharing: Storage, value: bytes) -> None:
        """A value is read as it was written, up to the size of an item."""
        await super().test_value_comes_back(storage, sharing, value)

    async def test_replace_compares_large_values_to_their_end(self, storage: Storage) -> None:
        large = os.urandom(390_000)
        await storage.set("k", large)
        assert await storage.replace("k", b"new", expected=large[:-1] + bytes([large[-1] ^ 1])) is False
        assert await storage.replace("k", b"new", expected=large) is True

    async def test_value_that_does_not_fit_is_refused(self, storage: Storage) -> None:
        for call in (
            storage.set("k", bytes(410_000)),
            storage.replace("k", bytes(410_000), expected=None),
        ):
            with pytest.raises(StorageError, match="is too large: DynamoDB stores items of up to 400 KB"):
                await call
        assert await storage.get("k") is None

    async def test_table_may_be_created_again(self, storage: DynamoDbStorage) -> None:
        await storage.set("k", b"v")
        await storage.create_table()
        assert await storage.get("k") == b"v"

    async def test_items(self, storage: DynamoDbStorage, table: str) -> None:
        """What people see in the table, and what its TTL goes by."""
        await storage.set("client:session:abc", b"a secret token", ttl=100.5)
        await storage.set("forever", b"v")
        client: Any = await storage._clients.get()
        async with storage.lock("client:session:abc"):
            found = (await client.scan(TableName=table, ConsistentRead=True))["Items"]
        items = {item["pk"]["S"]: item for item in found}
        assert set(items) == {"value#client:session:abc", "value#forever", "lock#client:session:abc"}
        item = items["value#client:session:abc"]
        assert item["expires_at"] == {"N": "1700000101"}
        assert float(item["expires"]["N"]) == 1_700_000_100.5
        assert (b"secret" in item["value"]["B"]) is (self.encryption_key is None)
        assert set(items["value#forever"]) == {"pk", "value", "digest"}
        assert "expires_at" in items["lock#client:session:abc"]
        assert (await client.scan(TableName=table, ConsistentRead=True))["Count"] == 2
