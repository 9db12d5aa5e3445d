"""How long a session lives, what its key opens, and which hubs receive its events."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from typing import Any

import pytest

from aiocognito import AuthClient, AuthEvent, Hub, MemoryStorage, SessionManager, errors
from aiocognito._responses import RememberedDevice
from aiocognito._session import keys
from aiocognito._session.marks import is_mark
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, session_entries, signed_in

DAY = 86_400.0


class CountingStorage(MemoryStorage):
    writes = 0

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        self.writes += 1
        return await super().replace(key, value, **arguments)


class Service:
    """A manager on a counting storage, with its script and clock."""

    def __init__(self, **arguments: Any) -> None:
        self.clock = Clock()
        self.storage = CountingStorage(clock=self.clock)
        self.sessions = SessionManager(
            CONFIG, fixed_keys=True, storage=self.storage, clock=self.clock, **arguments
        )
        self.script = ScriptedService(self.clock)
        attach(self.sessions, self.script)

    async def sign_in(self, key: str, **tokens: Any) -> AuthClient:
        client = self.sessions.client(key)
        await signed_in(client, self.script, life=400 * DAY, **tokens)
        return client


async def is_signed_in(service: Service, key: str) -> bool:
    return (await service.sessions.client(key).fetch_auth_session()).tokens is not None


async def test_a_session_lives_thirty_days_after_its_last_use() -> None:
    service = Service()
    await service.sign_in("key")
    for _ in range(4):
        service.clock.advance(20 * DAY)
        assert await is_signed_in(service, "key")
    service.clock.advance(30 * DAY + 1)
    assert not await is_signed_in(service, "key")


async def test_a_lifetime_is_extended_at_most_once_a_day() -> None:
    service = Service()
    await service.sign_in("key")
    service.storage.writes = 0
    for _ in range(23):
        service.clock.advance(3600)
        assert await is_signed_in(service, "key")
    assert service.storage.writes == 0
    service.clock.advance(3601)
    for _ in range(3):
        assert await is_signed_in(service, "key")
    assert service.storage.writes == 1


async def test_a_short_lifetime_is_counted_anew_often_enough() -> None:
    service = Service(session_ttl=timedelta(hours=1))
    await service.sign_in("key")
    for _ in range(10):
        service.clock.advance(50 * 60)
        assert await is_signed_in(service, "key")
    service.clock.advance(3601)
    assert not await is_signed_in(service, "key")


async def test_no_session_outlives_its_greatest_age() -> None:
    service = Service(max_session_age=timedelta(days=7))
    await service.sign_in("key")
    for _ in range(6):
        service.clock.advance(DAY)
        assert await is_signed_in(service, "key")
    service.clock.advance(DAY + 1)
    assert not await is_signed_in(service, "key")
    await service.sign_in("key")
    assert await is_signed_in(service, "key"), "a new sign-in begins a new session"


async def test_the_greatest_age_counts_even_if_the_storage_keeps_the_record() -> None:
    clock = Clock()
    service = Service(max_session_age=timedelta(days=1))
    service.storage = CountingStorage(clock=clock)
    service.sessions._context.storage = service.storage
    await service.sign_in("key")
    service.clock.advance(DAY + 1)
    assert not await is_signed_in(service, "key")


async def test_nothing_that_expired_stays_in_memory() -> None:
    service = Service()
    for number in range(50):
        service.script._answers["InitiateAuth"].clear()
        service.script.answer("InitiateAuth", {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20})
        client = service.sessions.client(f"key-{number}")
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
    service.clock.advance(181)
    await service.sign_in("another")
    assert len(session_entries(service.storage)) == 1


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), 3600])
def test_lifetimes_must_be_positive(lifetime: Any) -> None:
    for name in ("session_ttl", "max_session_age"):
        with pytest.raises(errors.AuthConfigError, match=name):
            SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage(), **{name: lifetime})


async def test_storages_see_only_the_hash_of_a_session_key() -> None:
    service = Service()
    client = await service.sign_in("a very secret key")
    (key,) = session_entries(service.storage)
    assert key == f"client:session:{client.session_id}"
    assert client.session_id == keys.digest("a very secret key")
    assert len(client.session_id) == 43
    assert "secret key" not in repr(client)


async def test_a_key_planted_before_the_sign_in_opens_nothing_after_a_rotation() -> None:
    service = Service()
    planted = "planted by an attacker"
    client = await service.sign_in(planted)
    old_id = client.session_id
    new_key = await client.rotate_session_key()
    assert client.session_key == new_key != planted
    assert client.session_id == keys.digest(new_key) != old_id
    assert not await is_signed_in(service, planted)
    assert await is_signed_in(service, new_key)
    assert (await client.get_current_user()).username == "ana"
    entries = session_entries(service.storage).values()
    assert sorted(is_mark(entry.value) for entry in entries) == [False, True], (
        "nothing is left under the old key"
    )


async def test_rotation_waits_for_a_refresh_and_moves_its_tokens() -> None:
    service = Service()
    client = await service.sign_in("old")
    gate = service.script.hold("GetTokensFromRefreshToken")
    service.script.answer("GetTokensFromRefreshToken", service.script.tokens(refresh_token="refresh-2"))
    refresh = asyncio.create_task(client.fetch_auth_session(force_refresh=True))
    await service.script.arrived["GetTokensFromRefreshToken"].wait()
    rotation = asyncio.create_task(service.sessions.client("old").rotate_session_key())
    await asyncio.sleep(0)
    gate.set()
    await refresh
    new_key = await rotation
    service.script.calls.clear()
    await service.sessions.client(new_key).sign_out()
    assert service.script.calls == [("RevokeToken", {"Token": "refresh-2", "ClientId": "client"})]


async def test_rotation_keeps_a_pending_sign_in_and_needs_no_session() -> None:
    service = Service()
    service.script.answer("InitiateAuth", {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20})
    client = service.sessions.client("old")
    assert await client.rotate_session_key() != "old"
    await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
    await client.rotate_session_key()
    assert await client.get_sign_in_step() is not None


async def test_two_sessions_never_mix() -> None:
    service = Service()
    await service.sign_in("ana's", username="ana")
    await service.sign_in("ben's", username="ben")
    await service.sessions.end("ana's")
    assert not await is_signed_in(service, "ana's")
    assert (await service.sessions.client("ben's").get_current_user()).username == "ben"
    assert service.script.operations() == ["RevokeToken"]


async def test_hubs_receive_the_events_of_their_sessions() -> None:
    service = Service()
    received: list[str | None] = []
    service.sessions.hub.listen(lambda event: received.append(event.session_id))
    ana, ben = service.sessions.client("ana's"), service.sessions.client("ben's")
    anas: list[AuthEvent] = []
    ana.hub.listen(anas.append)
    await signed_in(service.sessions.client("ana's"), service.script, username="ana")
    await signed_in(ben, service.script, username="ben")
    assert [event.data["username"] for event in anas] == ["ana"]
    assert received == [ana.session_id, ben.session_id]
    new_key = await ana.rotate_session_key()
    await service.sessions.end(new_key)
    assert [event.name for event in anas] == ["signedIn", "signedOut"]
    await ana.aclose()
    await signed_in(service.sessions.client(new_key), service.script, username="ana")
    assert len(anas) == 2, "what listens at a client's hub ends with the client"


async def test_a_hub_without_references_leaves_nothing_behind() -> None:
    service = Service()
    client = service.sessions.client("key")
    client.hub.listen(print)
    assert service.sessions._context._hubs
    del client
    gc.collect()
    assert not service.sessions._context._hubs


async def test_the_hub_of_a_single_client_may_be_given_and_is_left_open() -> None:
    hub, heard = Hub(), []
    hub.listen(lambda event: heard.append(event.name))
    async with AuthClient(CONFIG, hub=hub) as client:
        assert client.hub is hub
        await client.sign_out()
    await hub.emit(AuthEvent("signedIn"))
    assert heard == ["signedOut", "signedIn"]


@pytest.mark.parametrize("key", ["", "x" * 513, None, 7, b"bytes", "half a pair \ud800"])
def test_session_keys_and_device_tokens_are_text_of_some_length(key: Any) -> None:
    sessions = SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage())
    with pytest.raises(errors.AuthValidationError, match="session_key"):
        sessions.client(key)
    if key is not None:
        with pytest.raises(errors.AuthValidationError, match="device_token"):
            sessions.client("key", device_token=key)


def test_new_keys_are_256_random_bits() -> None:
    sessions = SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage())
    made = {sessions.new_session_key() for _ in range(100)} | {
        sessions.new_device_token() for _ in range(100)
    }
    assert len(made) == 200
    assert {len(key) for key in made} == {43}
    sessions.client(made.pop())


async def test_another_event_loop_is_refused() -> None:
    service = Service()
    await service.sign_in("key")
    client = service.sessions.client("key")

    def elsewhere() -> str:
        try:
            asyncio.run(client.fetch_auth_session())
        except RuntimeError as error:
            return str(error)
        return "no error"

    assert "another event loop" in await asyncio.to_thread(elsewhere)


async def test_a_closed_client_raises_an_error_that_names_it() -> None:
    client = AuthClient(CONFIG)
    await client.sign_out()
    await client.aclose()
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await client.fetch_auth_session()


@pytest.mark.amplify("B52")
async def test_a_record_is_found_by_its_key_alone() -> None:
    """Amplify files tokens under a username, or under the word "username" if it forgot which."""
    service = Service()
    client = await service.sign_in("key", username="ana")
    (key,) = session_entries(service.storage)
    assert key == f"client:session:{client.session_id}"
    assert "ana" not in key
    assert "username" not in key


@pytest.mark.amplify("B54")
async def test_ending_a_session_leaves_devices_and_other_users_sessions() -> None:
    service = Service()
    device = RememberedDevice("us-east-1_key", "-group", "password")
    for name in ("ana", "ben"):
        client = service.sessions.client(f"{name}'s", device_token="browser")
        await client._session.devices.remember(device, name)
        await signed_in(client, service.script, life=400 * DAY, username=name)
    await service.sessions.client("ana's", device_token="browser").sign_out()
    assert not await is_signed_in(service, "ana's")
    assert await is_signed_in(service, "ben's")
    kept = await service.sessions.client("new", device_token="browser")._session.devices.load()
    assert set(kept) == {"ana", "ben"}
