"""DynamoDbStorage over a table in memory: the contract, and what it says when AWS refuses."""

import asyncio
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    SSLError,
)

from aiocognito import _clocks as clocks
from aiocognito.errors import AuthConfigError, StorageError
from aiocognito.storage import Storage, _dynamodb_values
from aiocognito.storage.dynamodb import DynamoDbStorage
from helpers.clock import Clock
from helpers.dynamodb_table import Table, refusal
from helpers.stub_server import stub_server

from .cancelled import WRITES, SlowServer, cancel_a_write
from .contract import StorageContract, enter

KEY = bytes(range(32))
CALLS: dict[str, Callable[[DynamoDbStorage], Any]] = {
    "get": lambda s: s.get("k"),
    "set": lambda s: s.set("k", b"a secret token"),
    "delete": lambda s: s.delete("k"),
    "replace": lambda s: s.replace("k", b"a secret token", expected=None),
    "lock": lambda s: enter(s, "k"),
    "create_table": lambda s: s.create_table(),
}
OPERATIONS = {
    "get": "get_item",
    "set": "put_item",
    "delete": "delete_item",
    "replace": "put_item",
    "lock": "put_item",
    "create_table": "create_table",
}


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock(1_700_000_000.0)
    previous = clocks.set_default(clock)
    yield clock
    clocks.set_default(previous)


@pytest.fixture
def table(clock: Clock) -> Table:
    return Table()


def storage_of(table: Table, encryption_key: bytes | None = KEY) -> DynamoDbStorage:
    return DynamoDbStorage("sessions", encryption_key=encryption_key, aws_session=table.session())


class MemoryTableContract(StorageContract):
    encryption_key: bytes | None
    repeats = False

    @pytest.fixture
    def clock(self, clock: Clock) -> Clock:
        return clock

    @pytest.fixture
    def storage(self, table: Table) -> DynamoDbStorage:
        table.repeats = self.repeats
        return storage_of(table, self.encryption_key)

    @pytest.fixture
    def sharing(self, table: Table, storage: DynamoDbStorage) -> DynamoDbStorage:
        return storage_of(table, self.encryption_key)

    @pytest.mark.parametrize("value", [b"", b"one", bytes(range(256)), bytes(390_000)], ids=len)
    async def test_value_comes_back(self, storage: Storage, sharing: Storage, value: bytes) -> None:
        """A value is read as it was written, up to the size of an item."""
        await super().test_value_comes_back(storage, sharing, value)

    async def test_replace_compares_large_values_to_their_end(self, storage: Storage) -> None:
        await storage.set("k", bytes(390_000))
        assert await storage.replace("k", b"new", expected=bytes(389_999) + b"1") is False
        assert await storage.replace("k", b"new", expected=bytes(390_000)) is True


class TestPlainTable(MemoryTableContract):
    encryption_key = None


class TestEncryptedTable(MemoryTableContract):
    encryption_key = KEY


@pytest.fixture
def storage(table: Table) -> DynamoDbStorage:
    return storage_of(table)


async def test_read_is_one_request_and_unchanged_values_are_not_written(
    storage: DynamoDbStorage, table: Table
) -> None:
    await storage.set("k", b"v")
    table.calls.clear()
    assert await storage.get("k") == b"v"
    assert table.calls == ["get_item"]
    assert await storage.replace("j", None, expected=None)
    assert not await storage.replace("k", None, expected=None)
    assert set(table.calls) == {"get_item"}


@pytest.mark.parametrize("encryption_key", [KEY, None])
async def test_request_that_the_client_repeats_is_done_once(table: Table, encryption_key: Any) -> None:
    table.repeats = True
    storage = storage_of(table, encryption_key)
    assert await storage.replace("k", b"v", expected=None)
    assert await storage.replace("k", b"w", expected=b"v")
    assert await storage.get("k") == b"w"
    assert not await storage.replace("k", b"w", expected=b"v")


async def test_value_that_is_too_large_is_refused(storage: DynamoDbStorage, table: Table) -> None:
    for call in (storage.set("k", bytes(410_000)), storage.replace("k", bytes(410_000), expected=None)):
        with pytest.raises(StorageError, match="bytes is too large: DynamoDB stores") as caught:
            await call
        assert not caught.value.retryable
    assert table.items == {}


@pytest.mark.parametrize("url", ["localhost:8000", "http://ana:hunter2@localhost", "http://h/?hunter2", 8000])
def test_endpoint_that_is_not_the_url_of_a_service_is_refused(url: Any) -> None:
    with pytest.raises(AuthConfigError, match="endpoint_url") as caught:
        DynamoDbStorage("sessions", encryption_key=None, endpoint_url=url)
    assert "hunter2" not in str(caught.value)
    DynamoDbStorage("sessions", encryption_key=None, endpoint_url="http://dynamodb:8000")


async def test_no_value_lies_in_the_item_of_a_lock(storage: DynamoDbStorage) -> None:
    async with storage.lock("k"):
        for key in ("lock#k", "value#k", "-sha256#k"):
            await storage.set(key, b"v")
            assert await storage.get(key) == b"v"


async def test_each_event_loop_has_a_client_which_is_closed(table: Table) -> None:
    session = table.session()
    storage = DynamoDbStorage(
        "sessions", encryption_key=None, region="eu-west-1", endpoint_url="http://h", aws_session=session
    )
    async with storage:
        await asyncio.gather(*(storage.get("k") for _ in range(20)))
        assert (len(session.options), session.open) == (1, 1)
    assert session.open == 0
    assert await storage.get("k") is None
    assert (len(session.options), session.open) == (2, 1)
    await storage.aclose()
    assert session.open == 0
    options = session.options[0]
    assert (options["region_name"], options["endpoint_url"]) == ("eu-west-1", "http://h")
    assert (options["config"].connect_timeout, options["config"].read_timeout) == (3.0, 5.0)


def test_client_is_closed_with_its_loop(table: Table) -> None:
    session = table.session()
    storage = DynamoDbStorage("sessions", encryption_key=None, aws_session=session)
    for count in (1, 2):
        asyncio.run(storage.get("k"))
        assert (len(session.options), session.open) == (count, 0)


@pytest.mark.parametrize("name", ["", "ab", "a table", "x" * 256, "sessions\n", None, b"sessions"])
def test_name_that_no_table_has_is_refused(name: Any) -> None:
    with pytest.raises(AuthConfigError, match="table: must be a table's name of 3 to 255") as caught:
        DynamoDbStorage(name, encryption_key=None)
    assert isinstance(caught.value, ValueError)


def test_name_or_arn_and_key() -> None:
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/sessions"
    assert repr(DynamoDbStorage(arn, encryption_key=KEY)) == f"<DynamoDbStorage {arn!r}>"
    with pytest.raises(AuthConfigError, match="encryption_key: a key must be 32 bytes long"):
        DynamoDbStorage("sessions", encryption_key=b"short")
    with pytest.raises(TypeError, match="encryption_key"):
        DynamoDbStorage("sessions")  # type: ignore[call-arg]  # the key is required at run time, too


# The table


async def test_table_is_created_and_waited_for(
    storage: DynamoDbStorage, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_dynamodb_values, "_TABLE_PAUSE", 0)
    table.statuses = ["CREATING", "CREATING", "ACTIVE"]
    table.failures["describe_table"] = [refusal("ResourceNotFoundException")]
    await storage.create_table()
    assert table.calls == ["create_table", *["describe_table"] * 4, "update_time_to_live"]
    assert table.ttl == "expires_at"
    table.failures["update_time_to_live"] = [refusal("ValidationException")]  # it is on already
    await storage.create_table()


async def test_table_with_another_key_is_left_as_it_is(storage: DynamoDbStorage, table: Table) -> None:
    table.exists, table.key = True, [{"AttributeName": "id", "KeyType": "HASH"}]
    with pytest.raises(StorageError, match="a table of this name with another primary key exists") as caught:
        await storage.create_table()
    assert not caught.value.retryable
    assert table.ttl is None


async def test_service_without_ttl_is_reported(
    storage: DynamoDbStorage, table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    table.failures["update_time_to_live"] = [refusal("UnknownOperationException")]
    await storage.create_table()
    assert "this service has no TTL" in caplog.text


@pytest.mark.parametrize("operation", ["create_table", "describe_table", "update_time_to_live"])
async def test_table_that_may_not_be_created(storage: DynamoDbStorage, table: Table, operation: str) -> None:
    table.failures[operation] = [refusal("AccessDeniedException")]
    with pytest.raises(StorageError, match="access was denied") as caught:
        await storage.create_table()
    assert "dynamodb:UpdateTimeToLive" in str(caught.value.recovery_suggestion)


# Errors


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("error", "message", "recovery", "retryable"),
    [
        (refusal("ResourceNotFoundException"), "the table does not exist", "create_table()", False),
        (refusal("AccessDeniedException"), "access was denied", "dynamodb:GetItem", False),
        (refusal("ProvisionedThroughputExceededException"), "were throttled", "on-demand", True),
        (refusal("ThrottlingException"), "were throttled", "on-demand", True),
        (refusal("RequestLimitExceeded"), "were throttled", "on-demand", True),
        (
            refusal("UnrecognizedClientException"),
            "AWS credentials are missing or not valid",
            "AWS_ACCESS_KEY_ID",
            False,
        ),
        (refusal("ExpiredTokenException"), "AWS credentials are missing or not valid", "clock", False),
        (refusal("ValidationException"), "the table does not fit", "`pk`", False),
        (refusal("InternalServerError"), "the service failed", "Try again later", True),
        (refusal("NewException"), r"was refused \(NewException\)", "versions of aiobotocore", False),
        (NoCredentialsError(), "AWS credentials are missing or not valid", "aws_session", False),
        (NoRegionError(), "the region is not known", "region=", False),
        (EndpointConnectionError(endpoint_url="http://h"), "cannot be reached", "endpoint", True),
        (ConnectTimeoutError(endpoint_url="http://h"), "cannot be reached", "network", True),
        (HTTPClientError(error="x"), "cannot be reached", "network", True),
        (SSLError(endpoint_url="http://h", error="x"), "was not secured", "AWS_CA_BUNDLE", False),
        (ConnectionResetError(), "cannot be reached", "network", True),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else None,
)
async def test_errors_say_what_to_do(
    storage: DynamoDbStorage,
    table: Table,
    call: str,
    error: Exception,
    message: str,
    recovery: str,
    retryable: bool,
) -> None:
    table.failures[OPERATIONS[call]] = [error]
    with pytest.raises(StorageError, match=f"DynamoDB table sessions: .*{message}") as caught:
        await CALLS[call](storage)
    assert recovery in str(caught.value.recovery_suggestion)
    assert caught.value.retryable is retryable
    assert caught.value.__context__ is None
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_mistake_in_a_program_is_not_taken_for_a_failure(
    storage: DynamoDbStorage, table: Table
) -> None:
    table.failures["get_item"] = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await storage.get("k")


@pytest.mark.parametrize("call", ["get", "set", "delete", "replace", "lock"])
async def test_service_that_does_not_answer_is_an_error_in_time(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    async with stub_server() as stub:
        stub.reply(fate="hang")
        storage = real_storage(stub.url)
        await storage._clients.get()
        monkeypatch.setattr(_dynamodb_values, "CALL_SECONDS", 0.05)
        with pytest.raises(StorageError, match="cannot be reached") as caught:
            await CALLS[call](storage)
        assert caught.value.retryable
        stub.release()
        await storage.aclose()


async def test_real_client_signs_and_reads_consistently() -> None:
    async with stub_server() as stub:
        stub.reply(json={})
        async with real_storage(stub.url) as storage:
            assert await storage.get("k") is None
            stub.reply(400, {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"})
            with pytest.raises(StorageError, match="the table does not exist"):
                await storage.set("k", b"v")
        first = stub.requests[0]
        assert first.members == {
            "TableName": "sessions",
            "Key": {"pk": {"S": "value#k"}},
            "ConsistentRead": True,
        }
        assert first.headers["Authorization"].startswith("AWS4-HMAC-SHA256")


def real_storage(url: str) -> DynamoDbStorage:
    session = AioSession()
    session.set_credentials("test", "test")
    return DynamoDbStorage(
        "sessions", encryption_key=None, region="eu-west-1", endpoint_url=url, aws_session=session
    )


@pytest.mark.parametrize("missing", ["region", "credentials"])
def test_environment_without_what_is_needed(missing: str) -> None:
    script = (
        "import asyncio\n"
        "from aiocognito.errors import StorageError\n"
        "from aiocognito.storage.dynamodb import DynamoDbStorage\n"
        "try:\n"
        "    asyncio.run(DynamoDbStorage('sessions', encryption_key=None).get('k'))\n"
        "except StorageError as error:\n"
        "    print(error, error.recovery_suggestion)\n"
    )
    environment = {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", "PATH": ""}
    environment["PYTHONPATH"] = ":".join(sys.path)
    if missing == "credentials":
        environment["AWS_DEFAULT_REGION"] = "eu-west-1"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    expected = {"region": "Pass region=", "credentials": "Give the process a role"}
    assert expected[missing] in done.stdout, done.stderr


def test_import_loads_no_aiobotocore() -> None:
    script = "import sys, aiocognito.storage.dynamodb\nprint({'aiobotocore', 'botocore'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


class SlowClient(SlowServer):
    """An AWS client of a slow server."""

    async def get(self) -> Any:
        return self

    def __getattr__(self, operation: str) -> Any:
        async def call(**_: Any) -> dict[str, Any]:
            await self.respond(operation)
            return {}

        return call


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_that_is_cancelled_ends_when_its_request_does(write: str) -> None:
    client: Any = SlowClient()
    values = _dynamodb_values.DynamoDbValues(client, "sessions", Clock())
    await cancel_a_write(write, values, client, lambda: None)
    assert client.done == [OPERATIONS[write]]
