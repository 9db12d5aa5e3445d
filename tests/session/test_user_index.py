"""The index of a user's sessions, and the users of a name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import evolve

from aiocognito import MemoryStorage
from aiocognito._session import indexing, name_index, user_index
from aiocognito._session.context import ServiceContext
from aiocognito._session.index_record import load_names
from aiocognito._session.name_index import add_names, user_ids
from aiocognito._session.user_index import EMPTY_SECONDS, SignedIn
from aiocognito.errors import StorageError
from helpers.clock import Clock
from helpers.user_pool import scripted_manager, signed_in

USER = "user-id"


@asynccontextmanager
async def indexed(**arguments: Any) -> AsyncIterator[tuple[ServiceContext, Clock]]:
    async with scripted_manager(**arguments) as (manager, _, clock):
        yield manager._context, clock


async def entries(context: ServiceContext) -> list[str]:
    index = await user_index.load(context, USER)
    return [] if index is None else list(index.entries)


async def enter(context: ServiceContext, session_id: str, **arguments: Any) -> user_index.IndexPlace:
    place = await user_index.enter(context, USER, session_id, **arguments)
    assert place is not None
    return place


async def end(context: ServiceContext, ended_at: float | None) -> None:
    marked = await user_index.mark(context, USER, lambda *_: True, ended_at=ended_at)
    await user_index.unmark(context, USER, marked)


@pytest.mark.parametrize("is_everything", [False, True])
async def test_a_session_that_was_ended_and_forgotten_is_not_confirmed(is_everything: bool) -> None:
    async with indexed() as (context, clock):
        place = await enter(context, "a")
        assert await user_index.is_confirmed(context, place)
        await end(context, clock() if is_everything else None)
        assert await entries(context) == []
        assert not await user_index.is_confirmed(context, place)
        assert await entries(context) == []


async def test_an_entry_that_was_pruned_is_written_again_unless_the_sessions_were_ended() -> None:
    async with indexed() as (context, clock):
        place = await enter(context, "a")
        await user_index.leave(context, USER, "a")
        assert await user_index.is_confirmed(context, place)
        assert await entries(context) == ["a"]
        await user_index.leave(context, USER, "a")
        await end(context, clock())  # without an entry to mark
        assert not await user_index.is_confirmed(context, place)


async def test_a_sign_in_within_a_session_ends_with_it_and_goes_on_with_one_that_is_spared() -> None:
    async with indexed() as (context, clock):
        await enter(context, "a")
        signed_in = SignedIn(requested_at=clock(), within="a")
        clock.advance(1)
        await user_index.mark(context, USER, lambda *_: False, ended_at=clock())
        assert await user_index.enter(context, USER, "b", signed_in=signed_in) is not None
        await user_index.mark(context, USER, lambda *_: True, ended_at=clock())
        assert await user_index.enter(context, USER, "c", signed_in=signed_in) is None


async def test_a_renewed_entry_still_has_the_id_before_the_move() -> None:
    async with indexed() as (context, clock):
        await enter(context, "b", previous="a")
        clock.advance(100)
        await user_index.renew(context, USER, "b")
        index = await user_index.load(context, USER)
        assert index is not None
        assert (index.entries["b"].previous, index.entries["b"].at) == ("a", clock())


async def test_a_write_drops_entries_whose_records_have_expired() -> None:
    async with indexed() as (context, clock):
        for session_id in "abc":
            await enter(context, session_id)
            clock.advance(0.6 * context.index_seconds)
        assert await entries(context) == ["b", "c"]


async def test_an_index_without_entries_outlives_a_sign_in_and_no_more() -> None:
    async with indexed() as (context, clock):
        under_way = SignedIn(requested_at=clock() - 1, within="a")
        await end(context, clock())
        clock.advance(EMPTY_SECONDS - 1)
        assert await user_index.enter(context, USER, "b", signed_in=under_way) is None
        clock.advance(2)
        assert await user_index.load(context, USER) is None
        assert EMPTY_SECONDS >= 600


class Unanswered(MemoryStorage):
    """A storage whose writes fail once they are done, or before."""

    fails = "never"

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if self.fails == "before":
            raise StorageError("out of order")
        done = await super().replace(key, value, **arguments)
        if self.fails == "after":
            raise StorageError("no answer")
        return done


async def test_a_write_whose_answer_was_lost_counts() -> None:
    storage = Unanswered()
    async with indexed(storage=storage, clock=Clock(0)) as (context, _):
        storage.fails = "after"
        await enter(context, "a")
        await add_names(context, ["ana"], "ana", USER)
        storage.fails = "before"
        with pytest.raises(StorageError, match="out of order"):
            await user_index.enter(context, USER, "b")
        with pytest.raises(StorageError, match="out of order"):
            await add_names(context, ["ben"], "ben", USER)
        storage.fails = "never"
        assert await entries(context) == ["a"]
        assert (await user_ids(context, "ana"), await user_ids(context, "ben")) == ([USER], [])


async def test_a_name_leads_to_the_users_of_the_last_while() -> None:
    async with indexed() as (context, clock):
        for user_id in ("1", "2", "3"):
            await add_names(context, ["ana"], "ana", user_id)
            clock.advance(0.6 * context.index_seconds)
        assert await user_ids(context, "ANA") == []  # several, and the spelling of another
        assert await user_ids(context, "ana") == ["2", "3"]


async def test_a_user_with_a_new_username_is_found_by_it() -> None:
    async with indexed() as (context, _):
        for username in ("ana", "Ana"):
            await add_names(context, ["ana"], username, "1")
        await add_names(context, ["ana"], "ana", "2")
        assert (await user_ids(context, "Ana"), await user_ids(context, "ana")) == (["1"], ["2"])


async def test_both_the_entered_name_and_the_username_lead_to_the_user() -> None:
    async with scripted_manager() as (manager, service, _):
        service.only("InitiateAuth", service.tokens(username="ana"))
        auth = manager.client("key")
        await auth.sign_in("ana@example.com", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        for name in ("ana", "ana@example.com"):
            assert await user_ids(manager._context, name) == ["sub-of-ana"]


async def test_of_many_users_of_a_name_the_last_ones_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_index, "MAX_USERS", 2)
    async with indexed() as (context, _):
        for user_id in ("1", "2", "3"):
            await add_names(context, ["ana"], "ana", user_id)
        assert await user_ids(context, "ana") == ["2", "3"]


async def test_a_user_of_a_name_is_listed_once() -> None:
    async with indexed() as (context, clock):
        for _ in range(3):
            await add_names(context, ["ana"], "ana", "1")
            clock.advance(context.index_renewal_seconds + 1)
        raw = await context.storage.get(name_index.name_key(context, "ana"))
        assert raw is not None
        assert [user.user_id for user in load_names(raw) or ()] == ["1"]


@pytest.mark.parametrize(("since", "is_renewed"), [(0, False), (-1, True), (1, True)])
async def test_entries_are_renewed_in_time_and_after_the_clock_was_put_back(
    since: int, is_renewed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Unanswered()
    async with scripted_manager(storage=storage) as (manager, service, clock):
        auth, context = manager.client("key"), manager._context
        await signed_in(auth, service)
        clock.advance(1)
        record = (await auth._session.load()).record
        record = evolve(record, indexed_at=clock() - since * (context.index_renewal_seconds + 1))
        storage.fails = "before"
        assert await indexing.renewed(context, auth.session_id, record) == record
        assert ("could not be renewed" in caplog.text) is is_renewed
        storage.fails = "never"
        renewed = await indexing.renewed(context, auth.session_id, record)
        assert renewed == (evolve(record, indexed_at=clock()) if is_renewed else record)
