"""A table in memory behind the four calls that DynamoDbStorage makes, for tests without a server.

It evaluates the conditions that the storage sends. Whether DynamoDB understands them as it does is for the
servers in `tests/interop/dynamodb` to say.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]


def refusal(code: str, operation: str = "PutItem") -> ClientError:
    """Return the exception that botocore raises for an error of the service."""
    return ClientError({"Error": {"Code": code, "Message": "a secret token"}}, operation)


class Table:
    """The items of a table, and the next errors that its calls raise."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.calls: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.statuses: list[str] = []
        self.key = [{"AttributeName": "pk", "KeyType": "HASH"}]
        self.exists = False
        self.ttl: str | None = None
        self.repeats = False

    def session(self) -> Session:
        return Session(self)


class Session:
    """What an aiobotocore session is to the storage."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.options: list[Mapping[str, Any]] = []
        self.open = 0

    def create_client(self, service: str, **options: Any) -> Any:
        assert service == "dynamodb"
        self.options.append(options)
        return Client(self)


class Client:
    """An aiobotocore client of one table."""

    def __init__(self, session: Session) -> None:
        self.session, self.table = session, session.table

    async def __aenter__(self) -> Client:
        self.session.open += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self.session.open -= 1

    async def _called(self, operation: str) -> None:
        await asyncio.sleep(0)  # on the way
        self.table.calls.append(operation)
        failures = self.table.failures.get(operation)
        if failures:
            raise failures.pop(0)

    async def get_item(self, **members: Any) -> Item:
        assert members["ConsistentRead"]
        await self._called("get_item")
        item = self.table.items.get(members["Key"]["pk"]["S"])
        await asyncio.sleep(0)
        return {} if item is None else {"Item": dict(item)}

    async def put_item(self, **members: Any) -> Item:
        item = members["Item"]
        return await self._write("put_item", item["pk"]["S"], item, members)

    async def delete_item(self, **members: Any) -> Item:
        return await self._write("delete_item", members["Key"]["pk"]["S"], None, members)

    async def _write(self, operation: str, key: str, item: Item | None, condition: Mapping[str, Any]) -> Item:
        await self._called(operation)
        for _ in range(1 + self.table.repeats):  # a request whose answer was lost is sent again
            if not holds(condition, self.table.items.get(key, {})):
                raise refusal("ConditionalCheckFailedException")
            if item is None:
                self.table.items.pop(key, None)
            else:
                self.table.items[key] = dict(item)
        await asyncio.sleep(0)  # on the way back
        return {}

    async def create_table(self, **members: Any) -> Item:
        await self._called("create_table")
        if self.table.exists:
            raise refusal("ResourceInUseException", "CreateTable")
        assert members["BillingMode"] == "PAY_PER_REQUEST"
        assert members["AttributeDefinitions"] == [{"AttributeName": "pk", "AttributeType": "S"}]
        self.table.key, self.table.exists = members["KeySchema"], True
        return {}

    async def describe_table(self, **members: Any) -> Item:
        await self._called("describe_table")
        status = self.table.statuses.pop(0) if self.table.statuses else "ACTIVE"
        return {"Table": {"TableStatus": status, "KeySchema": self.table.key}}

    async def update_time_to_live(self, **members: Any) -> Item:
        specification = members["TimeToLiveSpecification"]
        await self._called("update_time_to_live")
        assert specification["Enabled"]
        self.table.ttl = specification["AttributeName"]
        return {}


def holds(request: Mapping[str, Any], item: Item) -> bool:
    """Evaluate the condition of a request for an item; an absent one is empty."""
    condition = request.get("ConditionExpression")
    if condition is None:
        return True
    names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
    used = set(re.findall(r"[#:]\w+", condition))
    assert used == set(names) | set(values), "DynamoDB refuses unused names and values"

    def attribute(name: str) -> Any:
        return _plain(item.get(names[name]))

    def compare(name: str, sign: str, value: str) -> bool:
        left, right = attribute(name), _plain(values[value])
        if left is None:
            return False
        return bool(left == right if sign == "=" else left > right if sign == ">" else left <= right)

    text = re.sub(r"attribute_not_exists\((#\w+)\)", r"(attribute('\1') is None)", condition)
    text = re.sub(r"(#\w+) (=|>|<=) (:\w+)", r"compare('\1', '\2', '\3')", text)
    text = text.replace(" AND ", " and ").replace(" OR ", " or ")
    return bool(eval(text, {"attribute": attribute, "compare": compare}))


def _plain(value: Any) -> Any:
    if value is None:
        return None
    ((kind, content),) = value.items()
    return float(content) if kind == "N" else content
