"""Attackers and listeners: planted keys that poll, storms of listeners, and an end to closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aiocognito import (
    AuthClient,
    AuthEvent,
    AutoSignInOptions,
    FileStorage,
    MemoryStorage,
    SessionManager,
    Storage,
    errors,
)
from aiocognito import _hub as hub
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, challenge, scripted_client, signed_in

PASSWORD_AUTH: dict[str, Any] = {"auth_flow_type": "USER_PASSWORD_AUTH"}
REFRESH = "GetTokensFromRefreshToken"
ROUNDS = 5


@pytest.fixture(params=["memory", "files"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "memory":
        return MemoryStorage(clock=Clock())
    return FileStorage(tmp_path, encryption_key=None, clock=Clock())


@asynccontextmanager
async def manager(storage: Storage, script: ScriptedService) -> AsyncIterator[SessionManager]:
    async with SessionManager(CONFIG, storage=storage, clock=script.clock) as sessions:
        attach(sessions, script)
        yield sessions


Act = Callable[[AuthClient], Awaitable[object]]


async def _sign_in(auth: AuthClient) -> None:
    await auth.sign_in("ana", "secret", replace=True, **PASSWORD_AUTH)


async def _answer(auth: AuthClient) -> None:
    await auth.confirm_sign_in("123456")


async def _sign_up(auth: AuthClient) -> None:
    options = AutoSignInOptions(auth_flow_type="USER_PASSWORD_AUTH")
    await auth.sign_up("ana", "secret", auto_sign_in=options)


async def _confirm(auth: AuthClient) -> None:
    await auth.confirm_sign_up("ana", "123456")


async def _auto(auth: AuthClient) -> None:
    await auth.auto_sign_in(password="secret")


WAYS: dict[str, tuple[Act, ...]] = {
    "sign_in": (_sign_in,),
    "steps": (_sign_in, _answer, _answer),
    "sign-up": (_sign_up, _confirm, _auto),
    "step-up": (_sign_in, _sign_in),
}


class Attacker:
    """Polls with a key that was planted in the victim's browser.

    Args:
        key: The key.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.tries = 0
        self.won: list[str] = []

    async def attack(self, manager: SessionManager) -> None:
        auth = manager.client(self.key)
        self.tries += 1
        with suppress(errors.AuthError):
            if (await auth.fetch_auth_session(credentials=False)).tokens is not None:
                self.won.append("tokens")
            if await auth.get_sign_in_step() is not None:
                self.won.append("a step")
        for attempt in (_answer, _auto):
            with suppress(errors.AuthError):
                await attempt(auth)
                self.won.append(attempt.__name__)
        with suppress(errors.AuthError):
            await auth.rotate_session_key()
            if (await auth.fetch_auth_session(credentials=False)).tokens is not None:
                self.won.append("rotated")

    async def poll(self, manager: SessionManager) -> None:
        while True:
            await self.attack(manager)
            await asyncio.sleep(0)


async def _attack_at(attacker: Attacker, manager: SessionManager, event: AuthEvent) -> None:
    await attacker.attack(manager)


def _script(way: str) -> ScriptedService:
    script = ScriptedService(Clock())
    script.only("SignUp", {"UserConfirmed": False, "UserSub": "sub"})
    script.only("InitiateAuth", script.tokens())
    if way == "steps":
        totp = challenge("SOFTWARE_TOKEN_MFA")
        script.only("InitiateAuth", totp)
        script.only("RespondToAuthChallenge", totp, script.tokens())
    return script


@pytest.mark.parametrize("way", WAYS)
async def test_a_planted_key_that_polls_gets_into_no_session(way: str, storage: Storage) -> None:
    """The attacker polls in a separate process, and at every event of the service."""
    for _ in range(ROUNDS):
        script = _script(way)
        async with manager(storage, script) as theirs, manager(storage, script) as ours:
            victim = ours.client(ours.new_session_key())
            attacker = Attacker(victim.session_key)
            ours.hub.listen(partial(_attack_at, attacker, ours))
            polling = asyncio.ensure_future(attacker.poll(theirs))
            await asyncio.sleep(0)
            for act in WAYS[way]:
                await act(victim)
                await attacker.attack(theirs)
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling
            assert victim.session_key != attacker.key
            assert (await victim.fetch_auth_session(credentials=False)).tokens is not None
            assert attacker.tries > 2
            assert attacker.won == []


async def test_a_key_that_was_seen_before_a_change_of_password_opens_nothing(storage: Storage) -> None:
    script = _script("sign_in")
    async with manager(storage, script) as theirs, manager(storage, script) as ours:
        victim = ours.client(ours.new_session_key())
        await _sign_in(victim)
        attacker = Attacker(victim.session_key)
        await victim.update_password("secret", "Another-secret-7")
        await attacker.attack(theirs)
        await attacker.attack(ours)
        assert attacker.won == []
        assert (await victim.fetch_auth_session(credentials=False)).tokens is not None


# Listeners


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LISTENER_SECONDS", 0.02)
    monkeypatch.setattr(hub, "ABANDON_SECONDS", 0.02)


_background: list[asyncio.Future[None]] = []


async def _ask(client: AuthClient) -> None:
    with suppress(errors.AuthError):
        await client.fetch_auth_session(credentials=False)


async def _ask_in_tasks(client: AuthClient) -> None:
    _background.extend(asyncio.ensure_future(_ask(client)) for _ in range(3))


async def _sign_in_again(client: AuthClient) -> None:
    with suppress(errors.AuthError):
        await client.sign_in("ana", "secret", **PASSWORD_AUTH)


async def _sign_out(client: AuthClient) -> None:
    with suppress(errors.AuthError):
        await client.sign_out()


async def _close(client: AuthClient) -> None:
    await client.aclose()


async def _never(client: AuthClient) -> None:
    await asyncio.Event().wait()


async def _swallow(client: AuthClient) -> None:
    for _ in range(3):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.05)


async def _raise(client: AuthClient) -> None:
    raise LookupError("no")


async def _cancel(client: AuthClient) -> None:
    raise asyncio.CancelledError


LISTENERS = [_ask, _ask_in_tasks, _sign_in_again, _sign_out, _close, _never, _swallow, _raise, _cancel]


@pytest.mark.parametrize("reaction", LISTENERS, ids=lambda reaction: reaction.__name__.strip("_"))
@pytest.mark.parametrize("how", ["listen", "subscribe"])
async def test_a_listener_starts_no_storm_and_closing_ends(how: str, reaction: Act) -> None:
    async with scripted_client() as (client, script, clock):
        await signed_in(client, script)
        script.refuse("InitiateAuth", "UserLambdaValidationException", "no")
        script.refuse(REFRESH, "UserLambdaValidationException", "no")
        reading = asyncio.ensure_future(_react_to_all(client, reaction)) if how == "subscribe" else None
        if reading is None:
            client.hub.listen(partial(_react_to, client, reaction))
        await asyncio.sleep(0)
        clock.advance(4000)
        with suppress(errors.AuthError):
            await client.fetch_auth_session(credentials=False)
        async with asyncio.timeout(60):
            await client.aclose()
        assert script.operations().count(REFRESH) <= 1 + (reaction is _sign_out)
        if reading is not None:
            reading.cancel()
            await asyncio.wait({reading})
        await asyncio.sleep(0.1)  # what swallows its cancellation ends by itself


async def _react_to(client: AuthClient, reaction: Act, event: AuthEvent) -> None:
    await reaction(client)


async def _react_to_all(client: AuthClient, reaction: Act) -> None:
    async with client.hub.subscribe() as events:
        async for _ in events:
            with suppress(LookupError):
                await reaction(client)


async def test_closing_ends_while_tokens_cannot_be_stored_and_a_listener_closes_too() -> None:
    class Full(MemoryStorage):
        full = False

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.full:
                raise errors.StorageError("the disk is full")
            return await super().replace(key, value, **arguments)

    storage = Full(clock=Clock())
    async with scripted_client(storage=storage) as (client, script, clock):
        await signed_in(client, script)
        script.only(REFRESH, script.tokens(refresh_token="refresh-2"))
        clock.advance(3700)
        storage.full = True
        assert (await client.fetch_auth_session(credentials=False)).tokens is not None
        storage.full = False
        stored = asyncio.Event()

        async def close(event: AuthEvent) -> None:
            await client.aclose()
            stored.set()

        client.hub.listen(close, events={"tokenRefresh"})
        async with asyncio.timeout(60):
            await client.aclose()
            await stored.wait()
    assert b"refresh-2" in b"".join(entry.value for entry in storage._entries.values())
