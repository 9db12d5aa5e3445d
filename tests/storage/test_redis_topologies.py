"""RedisStorage over a cluster of three nodes, and over Sentinel with a failover."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest
import redis.asyncio
import valkey.asyncio

from aiocognito.errors import AuthUsageError, StorageError
from aiocognito.storage.redis import RedisStorage
from helpers.redis_servers import Server, fail_over, redis_server, replicated, wait_for_replica

from .contract import KEYS, StorageContract, enter

pytestmark = pytest.mark.interop  # several servers, and seconds until they agree
KEY = bytes(range(32))
LONGEST = 120.0


# A cluster


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Server]]:
    """Three nodes that share the slots."""
    with ExitStack() as stack:
        servers = []
        for _ in range(3):
            server = Server(redis_server())
            server.options |= {"cluster-enabled": "yes", "cluster-node-timeout": "2000"}
            servers.append(stack.enter_context(server))
        clients: list[Any] = [stack.enter_context(server.client) for server in servers]
        ranges = ((0, 5460), (5461, 10922), (10923, 16383))
        for epoch, (client, slots) in enumerate(zip(clients, ranges, strict=True), 1):
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", *slots)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        deadline = time.monotonic() + LONGEST
        while not all(is_complete(client) for client in clients):
            assert time.monotonic() < deadline, "the nodes did not become a cluster"
            time.sleep(0.05)
        for client in clients:  # on a busy machine, a node may not answer the others for a while
            client.config_set("cluster-node-timeout", 600_000)
        yield servers


def is_complete(client: Any) -> bool:
    state = str(client.execute_command("CLUSTER", "INFO"))
    is_up = re.search(r"cluster_state\W+ok\b", state) is not None
    return is_up and str(client.execute_command("CLUSTER", "NODES")).count("master") == 3


class NodesClock:
    """Lets time pass on all nodes."""

    def __init__(self, nodes: list[Server]) -> None:
        self._nodes = nodes

    def advance(self, seconds: float) -> None:
        for node in self._nodes:
            with node.client as client:
                stored: Any = client.keys()
                for key in stored:
                    left: Any = client.pttl(key)
                    if left >= 0:
                        client.pexpire(key, left - round(seconds * 1000))


class ClusterContract(StorageContract):
    """The contract, but for the tests of several event loops: a client that was given is of one."""

    client: Any

    @pytest.fixture
    def clock(self, nodes: list[Server]) -> NodesClock:
        for node in nodes:
            with node.client as client:
                client.flushall()
        return NodesClock(nodes)

    @pytest.fixture
    def storage(self, nodes: list[Server], clock: NodesClock) -> RedisStorage:
        return closing(self.client("127.0.0.1", nodes[0].port))

    @pytest.fixture
    def sharing(self, nodes: list[Server], storage: RedisStorage) -> RedisStorage:
        return closing(self.client("127.0.0.1", nodes[1].port))

    def test_serves_one_event_loop_after_the_other(self, storage: Any) -> None:
        async def use() -> None:
            await storage.set("k", b"v")

        asyncio.run(use())
        with pytest.raises(AuthUsageError, match="belongs to another event loop"):
            asyncio.run(use())

    def test_counts_on_in_the_next_event_loop(self, storage: Any, sharing: Any) -> None:
        """Each loop needs clients of its own: see above."""
        assert storage._connections is not sharing._connections


def closing(client: Any) -> RedisStorage:
    """Return a storage whose client is closed with the loop, as the program that made it does."""
    storage = RedisStorage(client, encryption_key=KEY)
    storage._connections._close = close_client
    return storage


async def close_client(connection: Any) -> None:
    await connection.client.aclose()


class TestRedisCluster(ClusterContract):
    client = redis.asyncio.RedisCluster


class TestValkeyCluster(ClusterContract):
    client = valkey.asyncio.ValkeyCluster


async def test_keys_lie_on_all_nodes(nodes: list[Server]) -> None:
    async with redis.asyncio.RedisCluster("127.0.0.1", nodes[0].port) as client:
        storage = RedisStorage(client, encryption_key=None, prefix="spread:")
        for key in [*KEYS, *map(str, range(30))]:
            async with storage.lock(key):
                assert await storage.replace(key, b"v", expected=None)
                assert await storage.replace(key, b"w", expected=b"v")
        for node in nodes:
            with node.client as each:
                found: Any = each.keys("spread:*")
                assert found


async def test_client_of_one_node_gets_an_error_about_the_cluster(nodes: list[Server]) -> None:
    async with RedisStorage(nodes[0].url, encryption_key=None) as storage:
        outcomes = [storage.get(key) for key in map(str, range(100))]
        found = await asyncio.gather(*outcomes, return_exceptions=True)
        errors = [each for each in found if isinstance(each, StorageError)]
        assert 0 < len(errors) < 100
        with pytest.raises(StorageError, match="is one node of a cluster") as caught:
            raise errors[0]
        assert "RedisCluster" in str(caught.value.recovery_suggestion)


# Sentinel


@pytest.mark.parametrize("library", ["redis", "valkey"])
async def test_failover_keeps_what_replicas_have(library: str) -> None:
    async with AsyncExitStack() as stack:
        primary, replica, sentinel = stack.enter_context(replicated())
        second = stack.enter_context(replica.client)
        make: Any = redis.asyncio.Sentinel if library == "redis" else valkey.asyncio.Sentinel
        watch = make([("127.0.0.1", sentinel.port)])
        for each in watch.sentinels:
            stack.push_async_callback(each.aclose)
        client = watch.master_for("mymaster")
        stack.push_async_callback(client.aclose)
        storage = RedisStorage(client, encryption_key=KEY, wait_replicas=1)
        assert await storage.replace("k", b"v", expected=None)
        async with storage.lock("k"):
            pass
        # A write waits 100 ms for its replica, which a busy machine may need longer for.
        await asyncio.to_thread(wait_for_replica, primary)
        primary.kill()
        errors = 0
        deadline = time.monotonic() + LONGEST
        # The failover begins after the first error: a busy machine may need longer for the call.
        while True:
            try:
                # One that raised may have been done: its answer was lost with the primary.
                assert await storage.replace("k", b"w", expected=b"v") or await storage.get("k") == b"w"
                break
            except StorageError as error:
                assert error.retryable  # noqa: PT017 - how long it lasts is Sentinel's to say
                errors += 1
                await asyncio.to_thread(fail_over, sentinel)
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        assert errors, "the primary was dead for a while"
        assert info(second)["role"] == "master"
        assert await storage.get("k") == b"w"
        await enter(storage, "k")


def info(client: Any) -> Any:
    return client.info("replication")
