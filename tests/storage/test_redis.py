"""RedisStorage over one real server: the contract, and what only Redis does."""

import asyncio
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis.asyncio
import valkey.asyncio
from anyio import Event
from blockbuster import BlockBuster

from aiocognito.errors import AuthUsageError, StorageError
from aiocognito.storage import _leases, _redis_values
from aiocognito.storage._redis_values import RedisValues
from aiocognito.storage.redis import RedisStorage
from helpers.redis_servers import Server, ServerClock, redis_server, valkey_server, wait_for_replica
from helpers.tcp_proxy import TcpProxy

from .cancelled import SlowServer, cancel_a_write
from .contract import StorageContract, enter, is_free, is_held

KEY, OTHER_KEY = bytes(range(32)), b"\x01" * 32
CALLS: dict[str, Callable[[RedisStorage], Any]] = {
    "get": lambda s: s.get("k"),
    "set": lambda s: s.set("k", b"v"),
    "delete": lambda s: s.delete("k"),
    "replace": lambda s: s.replace("k", b"v", expected=None),
    "lock": lambda s: enter(s, "k"),
}


# The contract


@pytest.fixture(scope="module", params=[redis_server, valkey_server], ids=["redis", "valkey"])
def shared_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param()) as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Server:
    with shared_server.client as client:
        client.flushall()
    return shared_server


@pytest.fixture
def clock(server: Server) -> ServerClock:
    return ServerClock(server)


class RedisContract(StorageContract):
    encryption_key: bytes | tuple[bytes, ...] | None

    @pytest.fixture
    def storage(self, server: Server) -> RedisStorage:
        return RedisStorage(server.url, encryption_key=self.encryption_key)

    @pytest.fixture
    def sharing(self, server: Server) -> RedisStorage:
        return RedisStorage(server.url, encryption_key=self.encryption_key)


class TestPlainRedis(RedisContract):
    encryption_key = None


class TestEncryptedRedis(RedisContract):
    encryption_key = (KEY, OTHER_KEY)


@pytest.fixture
def storage(local_redis: Server) -> RedisStorage:
    return RedisStorage(local_redis.url, encryption_key=KEY)


def commands(server: Server) -> dict[str, int]:
    """Count the commands that the server was sent since the test began, but for those of connecting."""
    with server.client as client:
        found: Any = client.info("commandstats")
    connecting = ("client", "hello", "select", "info", "config", "ping", "flushall", "script", "command")
    names = {name.removeprefix("cmdstat_"): stats["calls"] for name, stats in found.items()}
    return {name: calls for name, calls in names.items() if not name.startswith(connecting)}


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a test that waits in vain is ended by its runner."""
    while not condition():  # noqa: ASYNC110 - a server's state has no event
        await asyncio.sleep(0.005)


# Keys and commands


def now(client: Any) -> int:
    """Return the server's time in milliseconds."""
    seconds, microseconds = client.time()
    return int(seconds * 1000 + microseconds // 1000)


def expiry(client: Any, key: str) -> int:
    """Return the time at which a key expires, in milliseconds."""
    return int(client.pexpiretime(key))


async def test_each_value_is_one_key_under_the_prefix(local_redis: Server) -> None:
    storage = RedisStorage(local_redis.url, prefix="shop:", encryption_key=KEY)
    with local_redis.client as client:
        began = now(client)
    async with storage.lock("client:session:abc"):
        await storage.set("client:session:abc", b"a secret token", ttl=100)
        await storage.set("another", b"v")
        with local_redis.client as client:
            keys: Any = client.keys()
            assert set(keys) == {b"shop:client:session:abc", b"shop:another", b"shop:lock:client:session:abc"}
            values: list[Any] = [client.get(key) for key in keys]
            assert b"secret" not in b"".join(values)
            assert began + 100_000 <= expiry(client, "shop:client:session:abc") <= now(client) + 100_000
            assert client.pttl("shop:another") == -1
            assert began + 10_000 <= expiry(client, "shop:lock:client:session:abc") <= now(client) + 10_000
    with local_redis.client as client:
        assert set(client.keys()) == {b"shop:client:session:abc", b"shop:another"}


@pytest.mark.parametrize("key", ["lock:k", "=lock:k", "=k", "k"])
async def test_no_value_lies_under_the_key_of_a_lock(storage: RedisStorage, key: str) -> None:
    async with storage.lock("k"):
        await storage.set(key, b"v")
        await storage.set("other" + key, b"w")
        assert await storage.get(key) == b"v"
        assert await is_held(storage, "k")
    assert await storage.get(key) == b"v"
    assert await is_free(storage, "k")


async def test_read_is_one_command_and_a_write_of_what_was_read_two(
    storage: RedisStorage, local_redis: Server
) -> None:
    await storage.replace("k", b"v", expected=None)
    before = commands(local_redis)
    assert await storage.get("k") == b"v"
    assert commands(local_redis) == before | {"get": before["get"] + 1}
    assert await storage.replace("k", b"w", expected=b"v")
    after = commands(local_redis)
    assert after["evalsha"] == before["evalsha"] + 1
    assert after["eval"] == before["eval"]


async def test_storages_with_other_prefixes_share_nothing(local_redis: Server) -> None:
    one, two = (RedisStorage(local_redis.url, prefix=prefix, encryption_key=None) for prefix in ("a:", "b:"))
    async with one.lock("k"):
        await one.set("k", b"v")
        assert await two.get("k") is None
        assert await is_free(two, "k")


async def test_script_is_sent_again_to_a_server_that_has_lost_it(
    storage: RedisStorage, local_redis: Server
) -> None:
    assert await storage.replace("k", b"v", expected=None)
    with local_redis.client as client:
        client.script_flush()
    assert await storage.replace("k", b"w", expected=b"v")
    assert await storage.get("k") == b"w"


async def test_command_that_the_library_repeats_is_done_once(
    storage: RedisStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost on the way, and the client library sends the script again."""
    connection = await storage._connections.get()
    send = connection.client.execute_command

    async def twice(*command: Any) -> Any:
        await send(*command)
        return await send(*command)

    for encryption_key in (KEY, None):
        repeated = RedisStorage("redis://localhost", encryption_key=encryption_key)
        monkeypatch.setattr(connection.client, "execute_command", twice)
        monkeypatch.setattr(repeated._redis, "_connections", storage._connections)
        assert await repeated.replace("k", b"v", expected=None)
        assert await repeated.replace("k", b"w", expected=b"v")
        assert not await repeated.replace("k", b"w", expected=b"v")
        async with repeated.lock("k"):
            assert await repeated.get("k") == b"w"
        await repeated.delete("k")
        monkeypatch.undo()


# What cannot be read


@pytest.mark.parametrize(
    ("written", "read", "message", "recovery"),
    [
        (KEY, None, "is encrypted, and no encryption key is configured", "Pass the encryption key"),
        (KEY, OTHER_KEY, "no encryption key opens", "Configure the key that encrypted it"),
        (None, KEY, "no encryption key opens", "Configure the key that encrypted it"),
    ],
)
async def test_value_of_other_keys_is_an_error_and_stays(
    local_redis: Server, written: bytes | None, read: bytes | None, message: str, recovery: str
) -> None:
    first, second = (RedisStorage(local_redis.url, encryption_key=key) for key in (written, read))
    await first.set("k", b"v")
    for call in (second.get("k"), second.replace("k", b"w", expected=None)):
        with pytest.raises(StorageError, match=message) as caught:
            await call
        assert not caught.value.retryable
        assert recovery in str(caught.value.recovery_suggestion)
    assert await first.get("k") == b"v"
    await second.set("k", b"w")
    assert await second.get("k") == b"w"


@pytest.mark.parametrize("encryption_key", [None, KEY])
@pytest.mark.parametrize("planted", [b"", b"\0", b'{"access_token": "x"}', b"\x07" * 60])
async def test_foreign_value_is_an_error_and_stays(
    local_redis: Server, planted: bytes, encryption_key: bytes | None
) -> None:
    storage = RedisStorage(local_redis.url, encryption_key=encryption_key)
    with local_redis.client as client:
        client.set("aiocognito:k", planted)
        with pytest.raises(StorageError):
            await storage.get("k")
        assert client.get("aiocognito:k") == planted


async def test_value_of_one_key_is_not_taken_for_anothers(storage: RedisStorage, local_redis: Server) -> None:
    await storage.set("attacker", b"v")
    with local_redis.client as client:
        client.copy("aiocognito:attacker", "aiocognito:victim")
    with pytest.raises(StorageError, match="no encryption key opens"):
        await storage.get("victim")


# Locks


async def test_lease_is_renewed_while_the_lock_is_held(
    storage: RedisStorage, local_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_leases, "RENEWALS_PER_LEASE", 1000)
    with local_redis.client as client:
        async with storage.lock("k"):
            client.pexpire("aiocognito:lock:k", 60_000)
            await until(lambda: 0 < client.pttl("aiocognito:lock:k") <= 10_000)
        assert client.keys() == []
    assert await is_free(storage, "k")


@pytest.mark.parametrize("taken", [None, b"another's token"])
async def test_lost_lease_is_reported_and_not_acquired_again(
    storage: RedisStorage,
    local_redis: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    taken: bytes | None,
) -> None:
    monkeypatch.setattr(_leases, "RENEWALS_PER_LEASE", 1000)
    with local_redis.client as client:
        async with storage.lock("k"):
            client.delete("aiocognito:lock:k")
            if taken:
                client.set("aiocognito:lock:k", taken)
            await until(lambda: "lease of a lock was lost" in caplog.text)
        assert client.get("aiocognito:lock:k") == taken


async def test_lock_of_a_process_that_died_is_free_after_its_lease(
    storage: RedisStorage, local_redis: Server
) -> None:
    with local_redis.client as client:
        client.set("aiocognito:lock:k", b"the token of a dead process", px=60_000)
        assert await is_held(storage, "k")
        waiting = asyncio.create_task(enter(storage, "k"))
        ServerClock(local_redis).advance(60)
        assert await waiting == "entered"


async def test_tasks_of_one_process_poll_as_one(
    storage: RedisStorage, local_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls = 0

    async def pause(seconds: float) -> None:
        nonlocal polls
        polls += 1
        await asyncio.sleep(0)

    with local_redis.client as client:
        client.set("aiocognito:lock:k", b"another's token")
        tasks = [asyncio.create_task(enter(storage, "k")) for _ in range(500)]
        monkeypatch.setattr(_leases, "_sleep", pause)
        await until(lambda: polls >= 10)
        assert commands(local_redis)["evalsha"] <= polls + 2
        client.delete("aiocognito:lock:k")
        assert await asyncio.gather(*tasks) == ["entered"] * 500


async def test_pauses_between_polls_grow_and_are_random(
    storage: RedisStorage, local_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(_leases, "_sleep", pause)
    with local_redis.client as client:
        client.set("aiocognito:lock:k", b"another's token")
        task = asyncio.create_task(enter(storage, "k"))
        await until(lambda: len(pauses) >= 20)
        client.delete("aiocognito:lock:k")
        await task
    assert 0.01 <= pauses[0] <= 0.02
    assert all(0.1 <= each <= 0.2 for each in pauses[8:])
    assert len(set(pauses)) == len(pauses)


async def test_lock_is_released_although_its_holder_is_cancelled_again_and_again(
    storage: RedisStorage, local_redis: Server
) -> None:
    entered = Event()

    async def hold() -> None:
        async with storage.lock("k"):
            entered.set()
            await Event().wait()

    task = asyncio.create_task(hold())
    await entered.wait()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()
    with local_redis.client as client:
        assert client.keys() == []


async def test_release_that_fails_hides_nothing_of_what_happened_inside() -> None:
    with Server(redis_server()) as server:
        storage = RedisStorage(server.url, encryption_key=None)

        async def fail() -> None:
            async with storage.lock("k"):
                server.kill()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        await storage.aclose()


# Clients


@pytest.mark.parametrize("library", [redis.asyncio.Redis, valkey.asyncio.Valkey])
async def test_given_client_serves_and_is_left_open(running_redis: Server, library: Any) -> None:
    client = library(unix_socket_path=str(running_redis.socket))
    async with RedisStorage(client, encryption_key=KEY) as storage:
        assert await storage.replace("given", b"v", expected=None)
        assert await storage.replace("given", None, expected=b"v")
        async with storage.lock("given"):
            pass
    assert await client.ping()
    await client.aclose()


def test_given_client_is_of_one_event_loop(local_redis: Server) -> None:
    client = library_client(local_redis)
    storage = RedisStorage(client, encryption_key=None)

    async def use() -> None:
        await storage.set("k", b"v")
        await client.aclose()

    asyncio.run(use())
    with pytest.raises(AuthUsageError, match="belongs to another event loop") as caught:
        asyncio.run(storage.get("k"))
    assert isinstance(caught.value, RuntimeError)
    assert "URL" in str(caught.value.recovery_suggestion)


def library_client(server: Server, **options: Any) -> redis.asyncio.Redis:
    return redis.asyncio.Redis(unix_socket_path=str(server.socket), **options)


async def test_closed_storage_leaves_no_connection_and_opens_others_when_it_is_used(
    local_redis: Server,
) -> None:
    def connected() -> int:
        with local_redis.client as client:
            listed: Any = client.client_list()
            return sum(each["name"] == "ours" for each in listed)

    async with RedisStorage(f"{local_redis.url}?client_name=ours", encryption_key=None) as storage:
        await asyncio.gather(*(storage.get("k") for _ in range(100)))
        assert 0 < connected() <= 32
    await until(lambda: connected() == 0)
    assert await storage.get("k") is None
    assert connected() == 1
    await storage.aclose()
    await storage.aclose()
    await until(lambda: connected() == 0)


async def test_pool_of_a_given_client_is_not_exhausted(local_redis: Server) -> None:
    pool = redis_pool(local_redis, max_connections=3)
    async with redis_client(pool) as client:
        storage = RedisStorage(client, encryption_key=None)
        assert await asyncio.gather(*(storage.get("k") for _ in range(50))) == [None] * 50


def redis_pool(server: Server, **options: Any) -> redis.asyncio.ConnectionPool:
    return redis.asyncio.ConnectionPool.from_url(f"unix://{server.socket}", **options)


def redis_client(pool: redis.asyncio.ConnectionPool) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_pool(pool)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
async def test_both_schemes_open_either_server(local_redis: Server, scheme: str) -> None:
    url = local_redis.url.replace("redis://", f"{scheme}://")
    async with RedisStorage(url, encryption_key=None) as storage:
        await storage.set("k", b"v")
        assert (
            repr(storage) == f"<RedisStorage {scheme}://127.0.0.1:{local_redis.port}/0 prefix='aiocognito:'>"
        )
    async with RedisStorage(f"unix://{local_redis.socket}", encryption_key=None) as local:
        assert await local.get("k") == b"v"
        assert repr(local) == f"<RedisStorage unix://{local_redis.socket} prefix='aiocognito:'>"


async def test_no_call_blocks_the_loop(storage: RedisStorage) -> None:
    await storage.get("k")  # redis-py looks at files when it connects
    buster = BlockBuster("aiocognito")
    buster.activate()
    try:
        async with storage.lock("k"):
            await storage.set("k", b"v", ttl=1000)
            await storage.replace("k", b"w", expected=b"v")
            assert await storage.get("k") == b"w"
            await storage.delete("k")
        await storage.aclose()
    finally:
        buster.deactivate()


# A server that fails


@pytest.mark.parametrize("call", CALLS)
async def test_server_that_is_gone_is_an_error_and_serves_again_when_it_is_back(call: str) -> None:
    with Server(redis_server()) as server:
        url = server.url.replace("redis://", "redis://user:sesame@")
        storage = RedisStorage(server.url, encryption_key=KEY)
        await CALLS[call](storage)
        server.kill()
        for unreachable in (storage, RedisStorage(url, encryption_key=KEY)):
            with pytest.raises(StorageError, match="Redis cannot be reached") as caught:
                await CALLS[call](unreachable)
            assert caught.value.retryable
            assert "rediss://" in str(caught.value.recovery_suggestion)
            assert "sesame" not in "".join(traceback.format_exception(caught.value))
            assert caught.value.__context__ is None
        server.start()
        await CALLS[call](storage)
        await storage.aclose()


@pytest.mark.parametrize("call", CALLS)
async def test_server_that_does_not_answer_is_an_error_in_time(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(_redis_values, "CALL_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = redis.asyncio.Redis(port=silent.getsockname()[1])  # without timeouts of its own
        storage = RedisStorage(client, encryption_key=None)
        with pytest.raises(StorageError, match="did not answer in time") as caught:
            await CALLS[call](storage)
        assert caught.value.retryable
        assert "not paused" in str(caught.value.recovery_suggestion)
        await client.aclose()


async def test_read_can_be_cancelled_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        storage = RedisStorage(f"redis://127.0.0.1:{silent.getsockname()[1]}", encryption_key=None)
        task = asyncio.create_task(storage.get("k"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await storage.aclose()


async def test_write_to_a_replica_is_tried_once_more(local_redis: Server) -> None:
    """After a failover by DNS, old connections lead to a server that is a replica now."""
    with Server(redis_server()) as new, local_redis.client as demoted:
        async with TcpProxy(local_redis.port) as name, RedisStorage(name.url, encryption_key=None) as storage:
            await storage.set("k", b"v")
            demoted.replicaof("127.0.0.1", new.port)
            try:
                name.target = new.port
                assert await storage.replace("j", b"w", expected=None)
                with new.client as client:
                    assert client.exists("aiocognito:j")
                name.target = local_redis.port
                name.cut()
                with pytest.raises(StorageError, match="is a read-only replica") as caught:
                    await storage.set("j", b"x")
                assert caught.value.retryable
                assert "primary" in str(caught.value.recovery_suggestion)
            finally:
                demoted.replicaof("no", "one")


async def test_write_waits_for_replicas_in_its_own_round_trip(
    local_redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    storage = RedisStorage(local_redis.url, encryption_key=None, wait_replicas=1)
    with Server(redis_server()) as replica, replica.client as second, local_redis.client as client:
        second.replicaof("127.0.0.1", local_redis.port)
        await until(lambda: second.info("replication")["master_link_status"] == "up")
        await until(lambda: client.info("replication")["connected_slaves"] == 1)
        with caplog.at_level(logging.WARNING):
            client.config_resetstat()
            for write in (
                storage.set("k", b"v"),
                storage.replace("k", b"w", expected=b"v"),
                storage.delete("k"),
            ):
                await write
            async with storage.lock("k"):
                pass
        assert commands(local_redis)["wait"] == 4  # three writes, and the script that was sent again
        await asyncio.to_thread(wait_for_replica, local_redis)
        assert second.get("aiocognito:k") is None
    await until(lambda: info(local_redis)["connected_slaves"] == 0)
    caplog.clear()
    await storage.set("k", b"v")
    assert "stored on 0 of 1 replicas" in caplog.text
    assert await storage.get("k") == b"v"
    await storage.aclose()


def info(server: Server) -> Any:
    with server.client as client:
        return client.info("replication")


def test_no_value_lies_under_the_key_of_a_lock_or_of_another_value() -> None:
    unconnected: Any = None
    values = RedisValues(unconnected, "app:", 0)
    keys = ["a", "=a", "lock:a", "=lock:a", "==lock:a", "lock:=a"]
    places = [values._value_key(key) for key in keys] + [values._lock_key(key) for key in keys]
    assert len(set(places)) == 2 * len(keys)


class SlowClient(SlowServer):
    """The connections of a storage, and their client, of a slow server."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = asyncio.Semaphore(1)
        self.client = self

    async def get(self) -> Any:
        return self

    async def execute_command(self, *command: Any) -> Any:
        await self.respond(command[0])
        return "text" if command[0] == "GET" else 1

    def check(self) -> None:
        assert self.slots.locked()


@pytest.mark.parametrize(("write", "command"), [("set", "SET"), ("delete", "DEL"), ("replace", "EVALSHA")])
async def test_a_write_that_is_cancelled_ends_when_its_command_does(write: str, command: str) -> None:
    client: Any = SlowClient()
    values = RedisValues(client, "app:", 0)
    await cancel_a_write(write, values, client, client.check)
    assert client.done == [command]
    with pytest.raises(StorageError, match="text instead of bytes"):
        await values.get("k")
