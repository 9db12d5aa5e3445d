"""Waiting for a record's lock: the waiter reads the record meanwhile, and leaves as soon as it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import islice
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from aiocognito._session import locks
from aiocognito._session.locks import enter_lock, pauses
from aiocognito.storage import MemoryStorage


class Counting(MemoryStorage):
    """Counts the reads of a record, and changes it at one of them, as another process would."""

    __slots__ = ("changes_at", "reads")

    def __init__(self, changes_at: int) -> None:
        super().__init__()
        self.changes_at, self.reads = changes_at, 0

    async def get(self, key: str) -> bytes | None:
        self.reads += 1
        if self.reads == self.changes_at:
            await self.set(key, b"new")
        return await super().get(key)


def session_on(storage: Any) -> Any:
    return SimpleNamespace(context=SimpleNamespace(storage=storage))


@asynccontextmanager
async def held(storage: MemoryStorage) -> AsyncGenerator[None]:
    async with storage.lock("k"):
        yield


def test_pauses_grow_to_a_bound_and_are_random() -> None:
    found = list(islice(pauses(), 30))
    assert 0.01 <= found[0] <= 0.02
    assert all(0.1 <= each <= 0.2 for each in found[8:])
    assert len(set(found)) == 30
    assert found != list(islice(pauses(), 30))


async def test_free_lock_is_entered_without_reading() -> None:
    storage = Counting(0)
    async with enter_lock(session_on(storage), "k", until=0.0, superseded=lambda raw: True) as entered:
        assert entered
    assert storage.reads == 0


async def test_waiter_leaves_when_the_record_has_changed_and_waits_for_the_lock_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "FREE_SECONDS", 0.0)
    monkeypatch.setattr(locks, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(locks, "LONGEST_PAUSE_SECONDS", 0.001)
    storage = Counting(5)
    await storage.set("k", b"old")
    async with held(storage):
        until = monotonic() + 60
        async with enter_lock(
            session_on(storage), "k", until=until, superseded=lambda raw: raw == b"new"
        ) as entered:
            assert not entered
        assert storage.reads == 5
    async with asyncio.timeout(30), storage.lock("k"):
        pass


async def test_waiter_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "FREE_SECONDS", 0.0)
    storage = Counting(0)
    async with (
        held(storage),
        enter_lock(session_on(storage), "k", until=0.0, superseded=lambda raw: False) as entered,
    ):
        assert not entered
    assert storage.reads == 0
