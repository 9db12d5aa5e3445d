"""Renewing tokens: single flight, compare-and-set, and which refusals end a session."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, AuthEvent, MemoryStorage, SessionManager, errors
from aiocognito._early_renewal import EARLY_RETRY_SECONDS
from aiocognito._gateways.flights import Closed
from aiocognito._session import session as session_module
from aiocognito._session.record_json import load
from aiocognito.errors import NetworkError, service_error
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, jwt, scripted_client, signed_in

REFRESH = "GetTokensFromRefreshToken"


def listen(client: AuthClient) -> list[str]:
    names: list[str] = []
    client.hub.listen(lambda event: names.append(event.name))
    return names


async def stored(client: AuthClient) -> dict[str, Any] | None:
    session = client._session
    raw = await session.context.storage.get(session.storage_key)
    return None if raw is None else json.loads(raw)


async def test_good_tokens_are_returned_without_a_request() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        first = await client.token_provider.get_tokens()
        clock.advance(3600 - 61)
        second = await client.token_provider.get_tokens()
        assert first is not None
        assert first is second, "the record was decoded once"
        assert service.calls == []


@pytest.mark.amplify("B44")
@pytest.mark.parametrize(
    ("left", "expired"), [(3600, False), (5.001, False), (5, False), (4.999, True), (-1, True)]
)
async def test_tokens_with_under_five_seconds_left_count_as_expired(left: float, expired: bool) -> None:
    async with scripted_client(config=_config(refresh_ahead=0.0)) as (client, service, clock):
        await signed_in(client, service)
        service.answer(REFRESH, service.tokens())
        clock.advance(3600 - left)
        assert await client.token_provider.get_tokens() is not None
        assert service.operations() == ([REFRESH] if expired else [])


@pytest.mark.amplify("B44")
async def test_expiry_counts_in_cognitos_clock_and_either_token_counts() -> None:
    """Our clock is 100 s behind Cognito's: a token that says now + 100 is over now."""
    async with scripted_client(config=_config(refresh_ahead=0.0)) as (client, service, clock):
        ahead = clock() + 100
        tokens = service.tokens(access={"iat": ahead, "exp": ahead + 600})
        tokens["AuthenticationResult"]["IdToken"] = jwt(sub="s", exp=ahead + 300)
        service.answer("InitiateAuth", tokens)
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        service.answer(REFRESH, service.tokens())
        service.calls.clear()
        clock.advance(294)
        await client.token_provider.get_tokens()
        assert service.operations() == []
        clock.advance(2)
        await client.token_provider.get_tokens()
        assert service.operations() == [REFRESH], "the id token was over before the access token"


@pytest.mark.amplify("B45")
async def test_a_refused_refresh_token_ends_the_session_without_an_exception() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        heard = listen(client)
        service.refuse(REFRESH, "NotAuthorizedException", "Refresh Token has been revoked")
        clock.advance(4000)
        session = await client.fetch_auth_session()
        assert session.tokens is None
        assert await stored(client) is None
        assert heard == ["tokenRefresh_failure"]
        with pytest.raises(errors.UserUnAuthenticatedException):
            await client.get_current_user()
        assert service.operations() == [REFRESH], "an ended session asks no more"


@pytest.mark.amplify("B46")
@pytest.mark.parametrize(
    "code",
    [
        "RefreshTokenReuseException",
        "TokenRevokedException",
        "UserNotFoundException",
        "PasswordResetRequiredException",
        "UserNotConfirmedException",
    ],
)
async def test_other_ending_codes_end_the_session_and_are_raised(code: str) -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        heard = listen(client)
        service.refuse(REFRESH, code)
        clock.advance(4000)
        with pytest.raises(errors.GetTokensFromRefreshTokenException) as caught:
            await client.fetch_auth_session()
        assert caught.value.name == code
        assert await stored(client) is None
        assert heard == ["tokenRefresh_failure"]


@pytest.mark.amplify("B47")
@pytest.mark.parametrize(
    "failure",
    [
        service_error(REFRESH, "TooManyRequestsException", "Rate exceeded", service_status=400),
        service_error(REFRESH, "InternalErrorException", "oops", service_status=500),
        service_error(REFRESH, "UnknownError", "<html>", service_status=502),
        service_error(REFRESH, "InvalidParameterException", "what?", service_status=400),
        NetworkError("cut off", request_sent=True),
        NetworkError("unreachable"),
    ],
    ids=lambda failure: failure.name + str(failure.service_status),
)
async def test_throttling_failures_and_lost_connections_keep_the_session(failure: Exception) -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        before = await stored(client)
        events: list[AuthEvent] = []
        client.hub.listen(events.append)
        service.answer(REFRESH, failure, service.tokens())
        clock.advance(4000)
        with pytest.raises(type(failure)) as caught:
            await client.fetch_auth_session()
        assert caught.value is failure
        assert await stored(client) == before
        assert [(event.name, event.data) for event in events] == [
            ("tokenRefresh_failure", {"error": failure})
        ]
        assert (await client.fetch_auth_session()).tokens is not None


@pytest.mark.amplify("B48")
async def test_a_rotated_refresh_token_replaces_the_old_one_and_none_keeps_it() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"), service.tokens(refresh_token=None))
        for sent in ("refresh-1", "refresh-2", "refresh-2"):
            await client.fetch_auth_session(force_refresh=True)
            assert service.calls[-1][1]["RefreshToken"] == sent


@pytest.mark.amplify("B49")
async def test_expired_tokens_without_a_refresh_token() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service, refresh_token=None)
        clock.advance(3600 - 30)
        assert (await client.fetch_auth_session()).tokens is not None, "nothing to renew early with"
        clock.advance(60)
        with pytest.raises(errors.TokenRefreshException):
            await client.fetch_auth_session()
        assert service.calls == []
        assert await stored(client) is not None


@pytest.mark.amplify("B50")
async def test_a_refresh_without_an_id_token_removes_the_old_one() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(REFRESH, service.tokens(id_token=False))
        tokens = (await client.fetch_auth_session(force_refresh=True)).tokens
        assert tokens is not None
        assert tokens.id_token is None
        user = await client.get_current_user()
        assert (user.username, user.user_id) == ("ana", "sub-of-ana"), "the access token alone suffices"


@pytest.mark.amplify("B51", "B72")
async def test_a_thousand_callers_cause_one_request_and_one_event() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        heard = listen(client)
        gate = service.hold(REFRESH)
        service.answer(REFRESH, service.tokens())
        clock.advance(4000)
        tasks = [asyncio.create_task(client.token_provider.get_tokens()) for _ in range(1000)]
        await service.arrived[REFRESH].wait()
        gate.set()
        answers = await asyncio.gather(*tasks)
        assert len({id(tokens) for tokens in answers}) == 1
        assert answers[0] is not None
        assert service.operations() == [REFRESH]
        assert heard == ["tokenRefresh"]


async def test_cancelling_the_first_caller_fails_no_other_caller() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        gate = service.hold(REFRESH)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"))
        clock.advance(4000)
        leader = asyncio.create_task(client.token_provider.get_tokens())
        await service.arrived[REFRESH].wait()
        followers = [asyncio.create_task(client.token_provider.get_tokens()) for _ in range(10)]
        await asyncio.sleep(0)
        leader.cancel()
        followers[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        gate.set()
        answers = await asyncio.gather(*followers[1:])
        assert all(tokens is not None for tokens in answers)
        assert service.operations() == [REFRESH]


async def test_a_caller_cancelled_between_request_and_answer_loses_no_rotated_token() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        gate = service.hold(REFRESH)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"))
        clock.advance(4000)
        caller = asyncio.create_task(client.token_provider.get_tokens())
        await service.arrived[REFRESH].wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        gate.set()
        await client.aclose()
        record = await stored(client)
        assert record is not None
        assert record["tokens"]["refresh_token"] == "refresh-2"


@pytest.mark.amplify("B71")
async def test_a_sign_out_during_a_refresh_stays_a_sign_out() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        heard = listen(client)
        gate = service.hold(REFRESH)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"))
        clock.advance(4000)
        caller = asyncio.create_task(client.token_provider.get_tokens())
        await service.arrived[REFRESH].wait()
        await client.sign_out()
        gate.set()
        assert await caller is None
        assert await stored(client) is None
        assert (await client.fetch_auth_session()).tokens is None
        assert heard == ["signedOut"]


async def test_a_session_that_ended_before_it_was_its_turn_is_not_renewed() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        clock.advance(4000)
        session = client._session
        async with session.context.storage.lock(session.storage_key):
            caller = asyncio.create_task(client.token_provider.get_tokens())
            await asyncio.sleep(0)
            await session.forget()
        assert await caller is None
        assert service.calls == []


async def test_a_refresh_that_is_cancelled_with_its_loop_leaves_no_caller_waiting() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        service.hold(REFRESH)
        clock.advance(4000)
        callers = [asyncio.create_task(client.token_provider.get_tokens()) for _ in range(3)]
        await service.arrived[REFRESH].wait()
        context = client._session.context
        running = context.refreshes.running(client.session_id)
        assert running is not None
        running.cancel()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Closed] * 3, "not cancelled themselves"
        assert len(context.refreshes) == 0
        assert await stored(client) is not None


@pytest.mark.amplify("B71")
async def test_a_new_sign_in_during_a_refresh_stands() -> None:
    """The lease of the refresh is worth nothing: compare-and-set keeps the truth."""
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        gate = service.hold(REFRESH)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"))
        clock.advance(4000)
        caller = asyncio.create_task(client.token_provider.get_tokens())
        await service.arrived[REFRESH].wait()
        await client.sign_out()
        await signed_in(client, service, username="ben", refresh_token="bens")
        gate.set()
        tokens = await caller
        assert tokens is not None
        assert tokens.access_token.payload["username"] == "ben"
        record = await stored(client)
        assert record is not None
        assert record["tokens"]["refresh_token"] == "bens"


async def test_a_refused_refresh_does_not_end_a_session_begun_meanwhile() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        gate = service.hold(REFRESH)
        service.refuse(REFRESH, "NotAuthorizedException", "Refresh Token has expired")
        clock.advance(4000)
        caller = asyncio.create_task(client.token_provider.get_tokens())
        await service.arrived[REFRESH].wait()
        await client.sign_out()
        await signed_in(client, service, username="ben", refresh_token="bens")
        gate.set()
        assert await caller is None
        assert (await client.get_current_user()).username == "ben"


async def test_tokens_are_renewed_early_and_the_old_ones_serve_if_that_fails() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        heard = listen(client)
        service.refuse(REFRESH, "TooManyRequestsException")
        clock.advance(3600 - 60 + 1)
        old = await client.token_provider.get_tokens()
        assert old is not None
        assert heard == ["tokenRefresh_failure"]
        assert await client.token_provider.get_tokens() == old
        assert service.operations() == [REFRESH], "not tried again at once"
        clock.advance(6)
        assert await client.token_provider.get_tokens() == old
        assert service.operations() == [REFRESH] * 2
        clock.advance(49)
        with pytest.raises(errors.TooManyRequestsException):
            await client.token_provider.get_tokens()


async def test_it_is_not_tried_again_at_once_even_if_the_cache_is_lost_or_the_record_changes() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        service.refuse(REFRESH, "TooManyRequestsException")
        clock.advance(3600 - 60 + 1)
        old = await client.token_provider.get_tokens()
        client._session.context.decoded.clear()  # as when very many sessions are in use
        assert await client.token_provider.get_tokens() == old
        await client._session.update(lambda record: evolve(record, by_redirect=True))
        assert await client.token_provider.get_tokens() == old
        assert service.operations() == [REFRESH]
        with pytest.raises(errors.TooManyRequestsException):
            await client.fetch_auth_session(force_refresh=True)
        service.only(REFRESH, service.tokens())
        clock.advance(EARLY_RETRY_SECONDS)
        assert await client.token_provider.get_tokens() != old


async def test_a_backoff_does_not_extend_the_use_of_expired_tokens() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        service.refuse(REFRESH, "TooManyRequestsException")
        clock.advance(3600 - 5 - 2)
        await client.token_provider.get_tokens()
        clock.advance(3)
        with pytest.raises(errors.TooManyRequestsException):
            await client.token_provider.get_tokens()


async def test_tokens_that_live_for_less_than_refresh_ahead_are_not_renewed_at_every_call() -> None:
    async with scripted_client(config=_config(refresh_ahead=86_400.0)) as (client, service, clock):
        await signed_in(client, service)
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session()
        assert service.calls == []
        clock.advance(1801)
        await client.fetch_auth_session()
        assert service.operations() == [REFRESH]


async def test_a_forced_refresh_that_fails_is_raised_even_if_the_tokens_are_good() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.refuse(REFRESH, "TooManyRequestsException")
        with pytest.raises(errors.TooManyRequestsException):
            await client.fetch_auth_session(force_refresh=True)
        assert (await client.fetch_auth_session()).tokens is not None


async def test_client_metadata_goes_with_the_refresh() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True, client_metadata={"shop": "7"})
        assert service.calls[-1][1]["ClientMetadata"] == {"shop": "7"}


@pytest.mark.amplify("B53")
async def test_a_record_that_opens_and_cannot_be_parsed_counts_as_signed_out() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        session = client._session
        record = await stored(client)
        assert record is not None
        record["tokens"]["access_token"] = "no token"
        for junk in (b"{", b"[]", b"null", b'{"version": 1}', json.dumps(record).encode()):
            await session.context.storage.set(session.storage_key, junk)
            assert (await client.fetch_auth_session()).tokens is None
        assert service.calls == []


async def test_a_write_of_another_process_is_seen_at_the_next_call() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    service = ScriptedService(clock)
    async with (
        AuthClient(CONFIG, storage=storage, clock=clock) as here,
        AuthClient(CONFIG, storage=storage, clock=clock) as there,
    ):
        attach(here, service)
        attach(there, service)
        await signed_in(here, service)
        assert await there.token_provider.get_tokens() is not None
        await there.sign_out()
        assert await here.token_provider.get_tokens() is None


async def test_two_managers_on_one_storage_refresh_once_between_them() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    service = ScriptedService(clock)
    gate = service.hold(REFRESH)
    async with (
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as one,
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as two,
    ):
        attach(one, service)
        attach(two, service)
        await signed_in(one.client("key"), service)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"))
        clock.advance(4000)
        tasks = [
            asyncio.create_task(manager.client("key").fetch_auth_session(force_refresh=force))
            for manager in (one, two)
            for force in (False, True)
        ]
        await service.arrived[REFRESH].wait()
        gate.set()
        sessions = await asyncio.gather(*tasks)
        assert service.operations() == [REFRESH]
        assert len({s.tokens.access_token.token for s in sessions if s.tokens}) == 1


async def test_a_listener_may_ask_for_tokens() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        seen: list[object] = []

        async def listener(event: AuthEvent) -> None:
            seen.append((await client.fetch_auth_session()).tokens)

        client.hub.listen(listener, events={"tokenRefresh"})
        service.answer(REFRESH, service.tokens())
        clock.advance(4000)
        session = await client.fetch_auth_session()
        assert seen == [session.tokens]


async def test_a_storage_that_fails_is_not_read_as_signed_out() -> None:
    class Broken(MemoryStorage):
        broken = False

        async def get(self, key: str) -> bytes | None:
            if self.broken:
                raise errors.StorageError("the disk is on fire")
            return await super().get(key)

    storage = Broken(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        await signed_in(client, service)
        storage.broken = True
        for call in (client.fetch_auth_session, client.get_current_user, client.fetch_user_attributes):
            with pytest.raises(errors.StorageError):
                await call()
        with pytest.raises(errors.StorageError):
            await client.sign_in("ana", "secret")
        assert service.calls == []


@pytest.mark.parametrize("meanwhile", [False, True], ids=["undisturbed", "changed while it waited"])
async def test_a_refresh_decodes_the_record_once_and_twice_after_waiting(
    meanwhile: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        service.answer(REFRESH, service.tokens(refresh_token="refresh-2"))
        clock.advance(4000)
        decoded: list[bytes] = []

        def counting(data: bytes) -> Any:
            decoded.append(data)
            return load(data)

        session = client._session
        if meanwhile:
            async with session.context.storage.lock(session.storage_key):
                monkeypatch.setattr(session_module, "load", counting)
                caller = asyncio.create_task(client.token_provider.get_tokens())
                await asyncio.sleep(0)
                raw = await session.context.storage.get(session.storage_key)
                assert raw is not None
                await session.context.storage.set(session.storage_key, raw[:-1] + b',"other":1}')
            assert await caller is not None
        else:
            monkeypatch.setattr(session_module, "load", counting)
            assert await client.token_provider.get_tokens() is not None
        assert len(decoded) == (2 if meanwhile else 1)
        assert service.operations() == [REFRESH]


def _config(**changes: Any) -> Any:
    from attrs import evolve

    return evolve(CONFIG, **changes)
