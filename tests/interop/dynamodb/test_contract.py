"""DynamoDbStorage over moto's server and dynalite: the contract of a storage, and wrong tables."""

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage.dynamodb import DynamoDbStorage
from storage.dynamodb_contract import DynamoDbContract, aws_session

pytestmark = pytest.mark.interop


class TestMoto(DynamoDbContract):
    @pytest.fixture
    def dynamodb_url(self, moto_url: str) -> str:
        return moto_url


class TestDynalite(DynamoDbContract):
    @pytest.fixture
    def dynamodb_url(self, dynalite_url: str) -> str:
        return dynalite_url


@pytest.fixture(params=["moto_url", "dynalite_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def storage_at(url: str, table: str) -> DynamoDbStorage:
    return DynamoDbStorage(
        table, encryption_key=None, region="us-east-1", endpoint_url=url, aws_session=aws_session()
    )


async def test_missing_table(url: str) -> None:
    """A missing table is an error that names it."""
    async with storage_at(url, "missing") as storage:
        for call in (storage.get("k"), storage.set("k", b"v"), storage.replace("k", b"v", expected=None)):
            with pytest.raises(
                StorageError, match="DynamoDB table missing: the table does not exist"
            ) as caught:
                await call
            assert "create_table()" in str(caught.value.recovery_suggestion)
            assert not caught.value.retryable


async def test_table_with_another_key(url: str) -> None:
    async with storage_at(url, "other-key") as storage:
        client = await storage._clients.get()
        await client.create_table(
            TableName="other-key",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with pytest.raises(StorageError, match="with another primary key exists"):
            await storage.create_table()
        with pytest.raises(StorageError, match="the table does not fit") as caught:
            await storage.get("k")
        assert "`pk`, of type S" in str(caught.value.recovery_suggestion)
