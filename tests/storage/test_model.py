"""Any sequence of calls does to each storage what it does to a dictionary."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aiocognito.storage import EncryptedStorage, FileStorage, MemoryStorage, Storage
from aiocognito.storage.redis import RedisStorage
from helpers.clock import Clock
from helpers.redis_servers import Server, ServerClock, redis_server, valkey_server

T = TypeVar("T")

KEYS = ["a", "b", "c"]
keys = st.sampled_from(KEYS)
values = st.sampled_from([b"", b"1", b"22"])
optional_values = st.none() | values
ttls = st.none() | st.sampled_from([1, 2.5, 10])
who = st.booleans()


class Model(RuleBasedStateMachine):
    """Two storages over the same values, and a dictionary of what should be there."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(1000.0)
        self.runner = asyncio.Runner()
        self.model: dict[str, tuple[bytes, float | None]] = {}
        self.storages = self.make()

    def make(self) -> tuple[Storage, Storage]:
        raise NotImplementedError

    def teardown(self) -> None:
        self.runner.close()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    def present(self, key: str) -> bytes | None:
        value, deadline = self.model.get(key, (None, None))
        return value if deadline is None or self.clock.now < deadline else None

    def put(self, key: str, value: bytes, ttl: float | None) -> None:
        self.model[key] = value, None if ttl is None else self.clock.now + ttl

    @rule(key=keys, value=values, ttl=ttls, second=who)
    def set(self, key: str, value: bytes, ttl: float | None, second: bool) -> None:
        self.run(self.storages[second].set(key, value, ttl=ttl))
        self.put(key, value, ttl)

    @rule(key=keys, second=who)
    def delete(self, key: str, second: bool) -> None:
        self.run(self.storages[second].delete(key))
        self.model.pop(key, None)

    @rule(key=keys, value=optional_values, expected=optional_values, ttl=ttls, second=who)
    def replace(
        self, key: str, value: bytes | None, expected: bytes | None, ttl: float | None, second: bool
    ) -> None:
        matches = self.present(key) == expected
        assert self.run(self.storages[second].replace(key, value, expected=expected, ttl=ttl)) is matches
        if matches and value is None:
            self.model.pop(key, None)
        elif matches and value is not None:
            self.put(key, value, ttl)

    @rule(seconds=st.sampled_from([0.5, 1, 2, 8]))
    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(second=who)
    def lock(self, second: bool) -> None:
        async def enter() -> None:
            async with self.storages[second].lock("a"):
                pass

        self.run(enter())

    @invariant()
    def same_values(self) -> None:
        for storage in self.storages:
            assert [self.run(storage.get(key)) for key in KEYS] == [self.present(key) for key in KEYS]


class MemoryModel(Model):
    def make(self) -> tuple[Storage, Storage]:
        storage = MemoryStorage(clock=self.clock)
        return storage, storage

    @invariant()
    def nothing_expired_stays(self) -> None:
        storage: Any = self.storages[0]
        self.run(storage.get("another"))
        assert set(storage._entries) == {key for key in KEYS if self.present(key) is not None}
        assert len(storage._heap) == sum(e.expires < float("inf") for e in storage._entries.values())


class EncryptedModel(Model):
    def make(self) -> tuple[Storage, Storage]:
        inner = MemoryStorage(clock=self.clock)
        old, new = bytes(32), b"\x01" * 32
        return EncryptedStorage(inner, [old, new]), EncryptedStorage(inner, [new, old])


class FileModel(Model):
    encryption_key: bytes | None = None

    def make(self) -> tuple[Storage, Storage]:
        self.directory = tempfile.TemporaryDirectory()
        self.no_sync = mock.patch.object(os, "fsync")
        self.no_sync.start()
        first, second = (
            FileStorage(self.directory.name, encryption_key=self.encryption_key, clock=self.clock)
            for _ in range(2)
        )
        return first, second

    def teardown(self) -> None:
        super().teardown()
        self.no_sync.stop()
        left = {path.suffix for path in Path(self.directory.name).iterdir()}
        self.directory.cleanup()
        assert left <= {".value"}


class EncryptedFileModel(FileModel):
    encryption_key = bytes(32)


class Slowed:
    """A RedisStorage with lifetimes a thousand times as long: the server's own time passes, too."""

    def __init__(self, server: Server, encryption_key: bytes | None) -> None:
        self.storage = RedisStorage(server.url, encryption_key=encryption_key)
        self.get, self.delete, self.lock = self.storage.get, self.storage.delete, self.storage.lock

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self.storage.set(key, value, ttl=ttl and ttl * 1000)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        return await self.storage.replace(key, value, expected=expected, ttl=ttl and ttl * 1000)


class BothClocks(Clock):
    """The model's clock, and a thousand times as much time on the server."""

    def __init__(self, now: float, server: Server) -> None:
        super().__init__(now)
        self.server_clock = ServerClock(server)

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self.server_clock.advance(seconds * 1000)


class RedisModel(Model):
    binary: Callable[[], str] = staticmethod(redis_server)
    encryption_key: bytes | None = None

    def make(self) -> tuple[Storage, Storage]:
        self.server = Server(self.binary())
        self.server.__enter__()
        self.clock = BothClocks(1000.0, self.server)
        return Slowed(self.server, self.encryption_key), Slowed(self.server, self.encryption_key)

    def teardown(self) -> None:
        with self.server.client as client:
            left = {key for key in KEYS if client.exists(f"aiocognito:{key}")}
            assert left == {key for key in KEYS if self.present(key) is not None}
            assert client.dbsize() == len(left)
        super().teardown()
        self.server.__exit__(None, None, None)


class EncryptedValkeyModel(RedisModel):
    binary = staticmethod(valkey_server)
    encryption_key = bytes(32)


TestMemoryModel = MemoryModel.TestCase
TestEncryptedModel = EncryptedModel.TestCase
TestFileModel = FileModel.TestCase
TestEncryptedFileModel = EncryptedFileModel.TestCase
TestRedisModel = RedisModel.TestCase
TestEncryptedValkeyModel = EncryptedValkeyModel.TestCase

TestMemoryModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestEncryptedModel.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestFileModel.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)
TestEncryptedFileModel.settings = settings(max_examples=5, stateful_step_count=20, deadline=None)
TestRedisModel.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
TestEncryptedValkeyModel.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
