"""Sessions whose entry in the index was not looked at again after their record was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import evolve, frozen

from aiocognito import AuthClient, MemoryStorage
from aiocognito._session import user_index
from aiocognito._session.context import ServiceContext
from aiocognito._session.unsettled import settle
from aiocognito.errors import StorageError
from helpers.user_pool import ScriptedService, scripted_manager, signed_in

USER = "sub-of-ana"


@frozen
class Place:
    """A session that is unsettled, and what happens to it."""

    auth: AuthClient
    context: ServiceContext
    service: ScriptedService
    events: list[str]

    async def end(self) -> None:
        """End the user's sessions in the index alone, as a process does that ends in between."""
        marked = await user_index.mark(self.context, USER, lambda *_: True)
        await user_index.unmark(self.context, USER, marked)


@asynccontextmanager
async def unsettled(**arguments: Any) -> AsyncIterator[Place]:
    async with scripted_manager(**arguments) as (manager, service, _):
        auth = manager.client("key")
        await signed_in(auth, service)
        index = await user_index.load(manager._context, USER)
        assert index is not None
        await auth._session.update(lambda record: evolve(record, unsettled=index.epoch))
        events: list[str] = []
        manager.hub.listen(lambda event: events.append(event.name))
        yield Place(auth, manager._context, service, events)


async def test_a_session_that_was_ended_is_deleted_and_its_tokens_are_revoked() -> None:
    async with unsettled() as place:
        session = place.auth._session
        loaded = await session.load_at(session.address)
        await place.end()
        assert (await settle(session, loaded)).record.tokens is None
        assert place.events == ["signedOut"]
    assert place.service.operations() == ["RevokeToken"]


async def test_a_session_that_was_settled_meanwhile_stays() -> None:
    async with unsettled() as place:
        session = place.auth._session
        loaded = await session.load_at(session.address)
        await session.update(lambda record: evolve(record, unsettled=None))
        await place.end()
        assert (await settle(session, loaded)).record.tokens is not None
        assert place.events == []
    assert place.service.operations() == []


class FailingStorage(MemoryStorage):
    """A storage that cannot write records while `fails` is True."""

    fails = False

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if self.fails and ":session:" in key:
            raise StorageError("out of order")
        return await super().replace(key, value, **arguments)


async def test_a_session_that_goes_on_is_settled_once_the_storage_works() -> None:
    storage = FailingStorage()
    async with unsettled(storage=storage) as place:
        session = place.auth._session
        for storage.fails in (True, False):
            loaded = await session.load_at(session.address)
            assert loaded.record.unsettled is not None
            assert (await settle(session, loaded)).record.tokens is not None
        assert (await session.load_at(session.address)).record.unsettled is None
        assert place.events == []
