"""`Session`: loading and storing records, expiry, and concurrent writers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors, steps
from aiocognito._session import compare_and_set
from aiocognito._session import context as shared_module
from aiocognito._session.marks import is_mark
from helpers.clock import Clock
from helpers.user_pool import (
    CONFIG,
    VERIFIER,
    RecordingStorage,
    begin,
    challenge,
    pending,
    scripted_client,
    scripted_manager,
    session_entries,
    signed_in,
)

RESPOND = "RespondToAuthChallenge"


class Contended(MemoryStorage):
    """Lets another writer be first, for a number of times."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.losses = 0

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if self.losses:
            self.losses -= 1
            return False
        return await super().replace(key, value, **arguments)


# What expires while the record goes on


async def test_a_pending_sign_in_and_a_planned_one_end_before_the_session_does() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service, life=7200)
        service.answer("SignUp", {"UserConfirmed": False, "UserSub": "sub"})
        await client.sign_up("ben", "secret", auto_sign_in=True)
        session = client._session
        document = json.loads(await session.context.storage.get(session.storage_key) or b"")
        document["pending"] = {
            "challenge": {"username": "ben", "name": "SMS_MFA"},
            "sign_in_details": {},
            "expires_at": clock() + 100,
        }
        await session.context.storage.set(session.storage_key, json.dumps(document).encode())
        clock.advance(99)
        assert await client.get_sign_in_step() is not None
        clock.advance(1)
        assert await client.get_sign_in_step() is None
        assert (await session.load()).record.auto_sign_in is not None
        clock.advance(80)
        assert (await session.load()).record.auto_sign_in is None
        assert (await client.get_current_user()).username == "ana"


async def test_an_answer_sent_in_time_counts_even_if_it_is_answered_too_late() -> None:
    """Cognito accepted the answer in time, so its tokens are stored."""
    async with scripted_client() as (client, service, clock):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        clock.advance(179)
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens())
        answer = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        clock.advance(20)
        gate.set()
        assert (await answer).is_signed_in
        assert (await client.get_current_user()).username == "ana"


async def test_an_answer_refused_too_late_leaves_nothing_pending() -> None:
    async with scripted_client() as (client, service, clock):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        clock.advance(179)
        gate = service.hold(RESPOND)
        service.refuse(RESPOND, "CodeMismatchException")
        answer = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        clock.advance(20)
        gate.set()
        with pytest.raises(errors.CodeMismatchException):
            await answer
        assert await client.get_sign_in_step() is None


# Malformed tokens


@pytest.mark.parametrize("member", ["AccessToken", "IdToken"])
async def test_tokens_that_cannot_be_decoded_are_not_stored(member: str) -> None:
    async with scripted_client() as (client, service, _):
        answer = service.tokens()
        answer["AuthenticationResult"][member] = "no token"
        service.answer("InitiateAuth", answer)
        heard: list[str] = []
        client.hub.listen(lambda event: heard.append(event.name))
        with pytest.raises(errors.InvalidJWTError):
            await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert (await client._session.load()).raw is None
        assert heard == []


async def test_a_response_with_malformed_tokens_leaves_no_claim() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        before = await pending(client)
        answer = service.tokens()
        answer["AuthenticationResult"]["AccessToken"] = "no token"
        service.answer(RESPOND, answer, service.tokens())
        with pytest.raises(errors.InvalidJWTError):
            await client.confirm_sign_in("123456")
        assert await pending(client) == before
        assert (await client.confirm_sign_in("123456")).is_signed_in


async def test_another_challenge_that_comes_too_late_is_dropped_as_well() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("SMS_MFA"))
        gate = service.hold(RESPOND)
        service.answer(RESPOND, challenge("SOFTWARE_TOKEN_MFA"))
        answer = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        await client.sign_out()
        gate.set()
        with pytest.raises(errors.SignInException, match="nothing was stored"):
            await answer
        assert await client.get_sign_in_step() is None
        assert service.operations() == [RESPOND]


async def test_signing_out_without_a_refresh_token_revokes_nothing() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens(refresh_token=None))
        answer = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        await client.sign_out()
        gate.set()
        with pytest.raises(errors.SignInException):
            await answer
        assert service.operations() == [RESPOND]


# Others who write


async def test_a_write_that_lost_is_tried_again() -> None:
    storage = Contended(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        storage.losses = 3
        await signed_in(client, service)
        storage.losses = 3
        assert (await client.sign_out()).revoked
        assert storage.losses == 0
        assert (await client.fetch_auth_session()).tokens is None


@pytest.mark.parametrize("way", ["sign_in", "sign_out", "rotate"])
async def test_a_record_that_keeps_changing_is_reported(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_and_set, "GIVE_UP_SECONDS", 0)
    storage = Contended(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        if way != "sign_in":
            await signed_in(client, service)
        storage.losses = 10**6
        ways: dict[str, Any] = {
            "sign_in": lambda: signed_in(client, service),
            "sign_out": client.sign_out,
            "rotate": client.rotate_session_key,
        }
        with pytest.raises(errors.StorageError, match="kept changing"):
            await ways[way]()
        assert 10**6 - storage.losses >= 2
        assert len(storage._entries) == (0 if way == "sign_in" else 1), "a copy is left behind"


async def test_a_storage_failure_while_an_answer_is_sent_does_not_hide_the_first_error() -> None:
    """The claim ends by itself then."""

    class Failing(MemoryStorage):
        failing = False

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.failing:
                raise errors.StorageError("read-only")
            return await super().replace(key, value, **arguments)

    storage = Failing(clock=Clock())
    config = evolve(CONFIG, auth_session_validity=900)
    async with scripted_client(storage=storage, config=config) as (client, service, clock):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        gate = service.hold(RESPOND)
        service.answer(RESPOND, errors.NetworkError("lost"), service.tokens())
        answer = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        storage.failing = True
        gate.set()
        with pytest.raises(errors.NetworkError):
            await answer
        storage.failing = False
        with pytest.raises(errors.SignInException, match="another answer"):
            await client.confirm_sign_in("123456")
        clock.advance(200)
        assert (await client.confirm_sign_in("123456")).is_signed_in


@pytest.mark.parametrize("meanwhile", ["signed out", "signed in anew"])
async def test_rotating_a_key_moves_the_latest_record(meanwhile: str) -> None:
    """The record changes between the copy under the new key and the mark in the old place."""

    class Rival(MemoryStorage):
        strike: Any = None

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            written = await super().replace(key, value, **arguments)
            if self.strike is not None:
                strike, self.strike = self.strike, None
                await strike()
            return written

    clock = Clock()
    storage = Rival(clock=clock)
    async with scripted_manager(storage=storage, clock=clock) as (sessions, service, _):
        await signed_in(sessions.client("old"), service)

        async def strike() -> None:
            await sessions.client("old").sign_out()
            if meanwhile == "signed in anew":
                await signed_in(sessions.client("old"), service, username="ben")

        storage.strike = strike
        auth = sessions.client("old")
        new_key = await auth.rotate_session_key()
        session = await sessions.client(new_key).fetch_auth_session()
        left = {key for key, entry in session_entries(storage).items() if not is_mark(entry.value)}
        if meanwhile == "signed out":
            assert session.tokens is None
            assert left == set()
        else:
            assert session.user_sub == "sub-of-ben"
            assert left == {auth._session.storage_key}


async def test_a_sign_in_between_two_steps_moves_with_its_key() -> None:
    async with scripted_manager() as (sessions, service, _):
        auth = sessions.client("old")
        await begin(auth, service, challenge("SOFTWARE_TOKEN_MFA"))
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens())
        answer = asyncio.create_task(auth.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        new_key = await auth.rotate_session_key()
        gate.set()
        assert (await answer).is_signed_in
        assert (await sessions.client(new_key).get_current_user()).username == "ana"
        assert (await sessions.client("old").fetch_auth_session()).tokens is None


# What is kept in memory


async def test_the_cache_of_decoded_sessions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_module, "CACHE_SIZE", 3)
    async with scripted_manager() as (sessions, service, _):
        for number in range(5):
            await signed_in(sessions.client(f"key-{number}"), service)
            await sessions.client(f"key-{number}").fetch_auth_session()
        kept = sessions._context.decoded
        assert list(kept) == [sessions.client(f"key-{number}").session_id for number in (2, 3, 4)]
        assert (await sessions.client("key-0").get_current_user()).username == "ana"


async def test_closing_a_client_creates_no_hub() -> None:
    async with scripted_manager() as (sessions, _, _):
        client = sessions.client("k")
        await client.aclose()
        assert client._session._hub is None


async def test_a_failure_of_work_without_a_waiting_caller_is_not_reported_by_asyncio() -> None:
    async with scripted_client() as (client, service, _):
        gate = service.hold("InitiateAuth")
        service.refuse("InitiateAuth", "NotAuthorizedException")
        caller = asyncio.create_task(client.sign_in("ana", "x", auth_flow_type="USER_PASSWORD_AUTH"))
        await service.arrived["InitiateAuth"].wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        gate.set()
        (task,) = client._session.context._tasks
        await asyncio.wait([task])
        assert isinstance(task.exception(), errors.NotAuthorizedException)


# What is never stored


async def test_only_the_secrets_that_the_next_step_needs_are_stored() -> None:
    storage = RecordingStorage(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        service.answer("InitiateAuth", VERIFIER)
        service.answer(
            RESPOND,
            challenge("NEW_PASSWORD_REQUIRED", session="T" * 20),
            challenge("SMS_MFA", session="U" * 20),
            service.tokens(),
        )
        await client.sign_in("ana", "S3cret-old", client_metadata={"k": "S3cret-metadata"})
        await client.confirm_sign_in("S3cret-new", user_attributes={"name": "S3cret-name"})
        await client.confirm_sign_in("987654")
        written = b"".join(storage.written)
        for secret in (b"S3cret", b"987654", b"SRP_B", b"SECRET_BLOCK"):
            assert secret not in written
        assert b'"session":"TTT' in written
        tokens = (await client.fetch_auth_session()).tokens
        assert tokens is not None
        assert tokens.access_token.token.encode() in storage.written[-1]
        assert b"UUU" not in storage.written[-1], "nothing is left of the sign-in"


async def test_two_clients_of_one_session_see_each_others_steps() -> None:
    async with scripted_manager() as (sessions, service, _):
        await begin(sessions.client("k"), service, challenge("SOFTWARE_TOKEN_MFA"))
        assert await sessions.client("k").get_sign_in_step() == steps.ConfirmSignInWithTotpCode()
        assert await sessions.client("l").get_sign_in_step() is None
        with pytest.raises(errors.SignInException):
            await sessions.client("l").confirm_sign_in("123456")
        service.answer(RESPOND, service.tokens())
        assert (await sessions.client("k").confirm_sign_in("123456")).is_signed_in
        assert (await sessions.client("k").get_current_user()).username == "ana"


async def test_a_closed_manager_takes_no_more_work() -> None:
    sessions = SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage())
    client: AuthClient = sessions.client("k")
    await sessions.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await client.sign_in("ana", "secret")
