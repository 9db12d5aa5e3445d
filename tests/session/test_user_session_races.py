"""Every interleaving of ending a user's sessions with what makes, moves, renews and ends one of them.

One procedure stops at each of its storage calls, before and after the call takes effect. Another one then
runs to its end, or the first one fails or dies there. Afterwards each session that works is listed, and no
session survives that was there when `end_user` began.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors
from aiocognito._session import compare_and_set, user_index
from helpers.clock import Clock
from helpers.stepping import SteppingStorage, die, fail
from helpers.user_pool import CONFIG, ScriptedService, attach

ANA = "sub-of-ana"
# More calls than any of the procedures makes.
MANY = 60


class Process:
    """One process: a manager on the shared storage."""

    def __init__(self, world: World) -> None:
        self.storage = SteppingStorage(world.shared)
        self.sessions = SessionManager(
            CONFIG, storage=self.storage, clock=world.clock, fixed_keys=world.fixed_keys
        )
        self.script = ScriptedService(world.clock)
        for operation in ("InitiateAuth", "GetTokensFromRefreshToken"):
            self.script.answer(operation, lambda _: world.tokens(self.script))
        attach(self.sessions, self.script)


class World:
    """Two processes, and a session of Ana that was there before."""

    def __init__(self, *, fixed_keys: bool) -> None:
        self.clock, self.fixed_keys = Clock(), fixed_keys
        self.shared = MemoryStorage(clock=self.clock)
        self.serial = 0
        self.first, self.second = Process(self), Process(self)
        self.key = self.other_key = ""

    def tokens(self, script: ScriptedService) -> dict[str, Any]:
        self.serial += 1
        return script.tokens(refresh_token=f"refresh-{self.serial}", life=10_000)

    async def prepare(self) -> None:
        auth = await sign_in(self.first, self.first.sessions.new_session_key())
        other = await sign_in(self.first, self.first.sessions.new_session_key())
        self.key, self.other_key = auth.session_key, other.session_key

    async def entries(self) -> set[str]:
        index = await user_index.load(Process(self).sessions._context, ANA)
        return set() if index is None else set(index.entries)

    async def works(self, key: str) -> bool:
        """Return whether a key opens a session, in a process of its own."""
        found = await Process(self).sessions.client(key).fetch_auth_session(credentials=False)
        return found.tokens is not None

    async def check(self, *keys: str) -> None:
        """Check that sessions that work are listed, and that all of them can be ended."""
        process = Process(self)
        # Listing also ends what an earlier call has marked and not deleted.
        listed = {info.session_id for info in await process.sessions.list_user(ANA)}
        assert {process.sessions.client(key).session_id for key in keys if await self.works(key)} <= listed
        await process.sessions.end_user(ANA)
        assert [await self.works(key) for key in keys] == [False] * len(keys)
        for each in (self.first, self.second, process):
            await each.sessions.aclose()


@pytest.fixture(autouse=True)
def _attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no write be repeated until it gives up: each interleaving has one other writer."""
    pauses = 0

    async def sleep(_: float) -> None:
        nonlocal pauses
        pauses += 1
        assert pauses < 1000
        await asyncio.sleep(0)

    monkeypatch.setattr(compare_and_set, "_sleep", sleep)


Act = Callable[[Process, str], Awaitable[AuthClient]]


async def sign_in(process: Process, key: str, *, replace: bool = False) -> AuthClient:
    auth = process.sessions.client(key)
    await auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH", replace=replace)
    return auth


async def sign_in_anew(process: Process, key: str) -> AuthClient:
    return await sign_in(process, process.sessions.new_session_key())


async def step_up(process: Process, key: str) -> AuthClient:
    return await sign_in(process, key, replace=True)


async def rotate(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(key)
    await auth.rotate_session_key()
    return auth


async def change_password(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(key)
    await auth.update_password("secret", "another")
    return auth


async def refresh(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(key)
    await auth.fetch_auth_session(force_refresh=True, credentials=False)
    return auth


async def sign_out(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(key)
    await auth.sign_out()
    return auth


async def sign_out_everywhere(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(key)
    await auth.sign_out(global_sign_out=True)
    return auth


async def end_user(process: Process, key: str) -> AuthClient:
    await process.sessions.end_user(ANA)
    return process.sessions.client(key)


async def reset_password(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(process.sessions.new_session_key())
    await auth.confirm_reset_password("ana", "new", "123456")
    return process.sessions.client(key)


async def end_session(process: Process, key: str) -> AuthClient:
    auth = process.sessions.client(key)
    await process.sessions.end_session(ANA, auth.session_id)
    return auth


CHANGES = [sign_in_anew, step_up, rotate, change_password, refresh, sign_out]
ENDS = [end_user, reset_password, end_session, sign_out_everywhere]
fixed = pytest.mark.parametrize("fixed_keys", [False, True], ids=["keys change", "keys are fixed"])


async def stopped(
    fixed_keys: bool, act: Act, at: int, after: bool, do: Callable[[World], Awaitable[None]]
) -> tuple[World, AuthClient | None, bool]:
    """Run a procedure with something done at one of its calls.

    Returns:
        The world, the procedure's client if it did not raise, and whether it makes so many calls.
    """
    world = World(fixed_keys=fixed_keys)
    await world.prepare()
    world.first.storage.strike(at, lambda: do(world), after=after)
    auth = None
    with suppress(errors.AuthError):
        auth = await act(world.first, world.key if act in CHANGES or act is end_session else world.other_key)
    world.first.storage.is_counting = False
    return world, auth, at < len(world.first.storage.trace)


def is_meant(change: Act, end: Act, *, was_signed_in: bool) -> bool:
    """Return whether an end must also end the session that a change leaves behind."""
    if change in {sign_in_anew, step_up}:
        # A sign-in that Cognito had not been asked for yet comes after the end.
        return was_signed_in and end is not end_session
    return True


@fixed
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("change", CHANGES)
async def test_no_session_survives_an_end_that_comes_in_between(
    change: Act, end: Act, after: bool, fixed_keys: bool
) -> None:
    for at in range(MANY):
        signed_in: list[str] = []

        async def meanwhile(world: World, signed_in: list[str] = signed_in) -> None:
            signed_in += world.first.script.operations()[2:]  # without those that signed in before
            world.clock.advance(0.001)
            await end(world.second, world.key if end is end_session else world.other_key)

        world, auth, is_reached = await stopped(fixed_keys, change, at, after, meanwhile)
        if not is_reached:
            break
        if not (fixed_keys and change is step_up):
            assert not await world.works(world.key), f"the old key works ({at})"
        new = auth if auth is not None else world.first.sessions.client(world.key)
        if auth is not None and is_meant(change, end, was_signed_in="InitiateAuth" in signed_in):
            assert not await world.works(auth.session_key), f"the session survives ({at})"
        await world.check(world.key, world.other_key, new.session_key)
    assert 2 <= at < MANY - 1


@fixed
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("change", CHANGES)
async def test_no_session_survives_an_end_that_it_changes_during(
    change: Act, end: Act, after: bool, fixed_keys: bool
) -> None:
    for at in range(MANY):
        changed: list[AuthClient] = []

        async def meanwhile(world: World, changed: list[AuthClient] = changed) -> None:
            with suppress(errors.AuthError):
                changed.append(await change(world.second, world.key))

        world, ended, is_reached = await stopped(fixed_keys, end, at, after, meanwhile)
        if not is_reached:
            break
        assert ended is not None
        if not (fixed_keys and change is step_up):
            assert not await world.works(world.key), f"the old key works ({at})"
        for auth in changed:
            if is_meant(change, end, was_signed_in=False):
                assert not await world.works(auth.session_key), f"the session survives ({at})"
        await world.check(world.key, world.other_key, *(auth.session_key for auth in changed))
    assert 2 <= at < MANY - 1


@fixed
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("act", [*CHANGES, *ENDS])
async def test_a_process_that_dies_leaves_no_session_that_cannot_be_found(
    act: Act, after: bool, fixed_keys: bool
) -> None:
    for at in range(MANY):
        world = World(fixed_keys=fixed_keys)
        await world.prepare()
        key = world.key if act in CHANGES or act is end_session else world.other_key
        is_dead = asyncio.Event()

        async def die_here(is_dead: asyncio.Event = is_dead) -> None:
            is_dead.set()
            await die()

        before = asyncio.all_tasks()
        world.first.storage.strike(at, die_here, after=after)
        dying = asyncio.ensure_future(act(world.first, key))
        dead = asyncio.ensure_future(is_dead.wait())
        await asyncio.wait({dying, dead}, return_when=asyncio.FIRST_COMPLETED)
        dead.cancel()
        world.first.storage.is_counting = False
        if not is_dead.is_set():
            await dying
            break
        # Without the dead process, which does not go on.
        dead_process, world.first = world.first, Process(world)
        await world.check(world.key, world.other_key)
        for task in asyncio.all_tasks() - before:
            task.cancel()
        await asyncio.wait(asyncio.all_tasks() - before)
        await dead_process.sessions.aclose()
    assert 2 <= at < MANY - 1


@pytest.mark.parametrize("ended_at", range(12))
async def test_a_sign_in_that_was_ended_does_not_survive_the_death_of_its_process(ended_at: int) -> None:
    """The key of the session is fixed, so that the user has it although the sign-in did not return."""
    for at in range(ended_at + 1, MANY):
        world = World(fixed_keys=True)
        await world.prepare()
        key, listed, is_dead = world.first.sessions.new_session_key(), set[str](), asyncio.Event()

        async def end_here(world: World = world, listed: set[str] = listed, key: str = key) -> None:
            listed.update(await world.entries())
            await end_user(world.second, key)

        async def die_here(is_dead: asyncio.Event = is_dead) -> None:
            is_dead.set()
            await die()

        before = asyncio.all_tasks()
        world.first.storage.strike(ended_at, end_here, after=True)
        world.first.storage.strike(at, die_here, after=True)
        tasks = [asyncio.ensure_future(sign_in(world.first, key)), asyncio.ensure_future(is_dead.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        is_over, world.first.storage.is_counting = tasks[0].done(), False
        dead_process, world.first = world.first, Process(world)
        if world.first.sessions.client(key).session_id in listed:
            assert not await world.works(key), f"it survives ({at})"
        await world.check(key, world.key)
        for task in asyncio.all_tasks() - before:
            task.cancel()
        await asyncio.wait(asyncio.all_tasks() - before)
        for task in tasks:
            if not task.cancelled():
                task.exception()
        await dead_process.sessions.aclose()
        if is_over:
            break
    assert at < MANY - 1


@fixed
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("end", ENDS)
async def test_an_end_that_does_not_raise_has_ended_every_session(
    end: Act, after: bool, fixed_keys: bool
) -> None:
    raised = 0
    for at in range(MANY):
        world, ended, is_reached = await stopped(fixed_keys, end, at, after, lambda _: fail())
        if not is_reached:
            break
        raised += ended is None
        if ended is not None:
            assert not await world.works(world.key), f"it survives ({at})"
        await world.check(world.key, world.other_key)
    assert 2 <= at < MANY - 1
    assert raised or after


@fixed
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_storage_that_fails_once_leaves_no_session_that_cannot_be_found(
    change: Act, after: bool, fixed_keys: bool
) -> None:
    for at in range(MANY):
        world, auth, is_reached = await stopped(fixed_keys, change, at, after, lambda _: fail())
        if not is_reached:
            break
        keys = [world.key, world.other_key, *([auth.session_key] if auth is not None else [])]
        await world.check(*keys)
    assert 2 <= at < MANY - 1
