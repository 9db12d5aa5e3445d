"""Sending ConfirmDevice again: when, how often, with which arguments, and what is stored meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, MemoryStorage, errors
from aiocognito._responses import RememberedDevice
from aiocognito._session.record import SessionRecord
from aiocognito._session.record_json import dump, load
from aiocognito.errors import NetworkError, StorageError
from helpers.clock import Clock
from helpers.user_pool import (
    CONFIG,
    RecordingStorage,
    ScriptedService,
    begin,
    challenge,
    refusal,
    scripted_client,
    scripted_manager,
)

KEY, GROUP = "us-east-1_01234567-89ab-cdef-0123-456789abcdef", "-abcDEF12"
INITIATE, CONFIRM, REFRESH = "InitiateAuth", "ConfirmDevice", "GetTokensFromRefreshToken"
UPDATE, FORGET = "UpdateDeviceStatus", "ForgetDevice"
REMEMBERED, ASKS_USER = {"UserConfirmationNecessary": False}, {"UserConfirmationNecessary": True}
EXISTS = refusal(CONFIRM, "DeviceKeyExistsException")
THROTTLED = errors.service_error(CONFIRM, "TooManyRequestsException", "Rate exceeded", service_status=400)
PASSING = {
    "throttled": THROTTLED,
    "500": errors.service_error(CONFIRM, "InternalErrorException", "oops", service_status=500),
    "lost on the way": NetworkError("lost", request_sent=True),
    "unknown": refusal(CONFIRM, "SomethingNewException"),
}
TOKENS = pytest.mark.parametrize("token", ["browser", None], ids=["browser", "session alone"])
NOT_THIS_DEVICE = refusal(REFRESH, "NotAuthorizedException", "Invalid Refresh Token.")


async def sign_in(client: AuthClient, service: ScriptedService, *confirmations: Any, **tokens: Any) -> str:
    """Sign in on a new device, whose ConfirmDevice is answered as given; return the access token."""
    answer = service.tokens(**tokens)
    answer["AuthenticationResult"]["NewDeviceMetadata"] = {"DeviceKey": KEY, "DeviceGroupKey": GROUP}
    service.only(INITIATE, answer)
    service.only(CONFIRM, *confirmations)
    result = await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
    assert result.is_signed_in
    return str(answer["AuthenticationResult"]["AccessToken"])


async def is_signed_in(client: AuthClient) -> bool:
    return (await client.fetch_auth_session(credentials=False)).tokens is not None


async def record(client: AuthClient) -> SessionRecord:
    return (await client._session.load()).record


def sent(service: ScriptedService, operation: str = CONFIRM) -> list[dict[str, Any]]:
    return [parameters for name, parameters in service.calls if name == operation]


@TOKENS
@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING.keys())
async def test_a_confirmation_that_failed_is_sent_again_unchanged(failure: Exception, token: Any) -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key", device_token=token)
        access_token = await sign_in(client, service, failure, REMEMBERED)
        assert await client._session.devices.load() == {}, "written after success only"
        clock.advance(30)
        assert await is_signed_in(client)
        first, second = sent(service)
        assert first == second
        assert first["AccessToken"] == access_token
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert sent(service, REFRESH)[0]["DeviceKey"] == KEY
        assert len(sent(service)) == 2
        known = await client._session.devices.load()
        assert {device.device_key for device in known.values()} == ({KEY} if token else set())


async def test_calls_send_a_failed_confirmation_again_every_30_seconds_at_most() -> None:
    async with scripted_client() as (client, service, clock):
        await sign_in(client, service, THROTTLED)
        for _ in range(299):
            clock.advance(1)
            assert await is_signed_in(client)
        assert len(sent(service)) == 1 + 9


async def test_of_many_callers_one_sends_it() -> None:
    async with scripted_manager() as (sessions, service, clock):
        await sign_in(sessions.client("key"), service, THROTTLED, ASKS_USER)
        clock.advance(30)
        await asyncio.gather(*(is_signed_in(sessions.client("key")) for _ in range(20)))
        assert len(sent(service)) == 2


@TOKENS
async def test_a_device_that_exists_already_is_confirmed(token: Any) -> None:
    """The answer of an earlier attempt was lost."""
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key", device_token=token)
        await sign_in(client, service, PASSING["lost on the way"], EXISTS)
        clock.advance(30)
        assert await is_signed_in(client)
        assert (await record(client)).tokens.device_key == KEY  # type: ignore[union-attr]  # signed in
        assert bool(await client._session.devices.load()) is (token is not None)
        assert bool(sent(service, UPDATE)) is (token is None), "it may be remembered"


# Before tokens are renewed


@pytest.mark.parametrize("after", [1, 3600], ids=["forced", "expired"])
async def test_an_outstanding_confirmation_is_sent_before_the_first_refresh(after: float) -> None:
    async with scripted_client() as (client, service, clock):
        await sign_in(client, service, THROTTLED, ASKS_USER)
        clock.advance(after)
        service.answer(REFRESH, service.tokens())
        assert (await client.fetch_auth_session(force_refresh=True)).tokens is not None
        assert service.operations() == [INITIATE, CONFIRM, CONFIRM, REFRESH]
        assert sent(service, REFRESH)[0]["DeviceKey"] == KEY


async def test_a_refusal_to_renew_ends_no_session_whose_confirmation_may_still_succeed() -> None:
    async with scripted_client() as (client, service, clock):
        await sign_in(client, service, THROTTLED)
        service.answer(REFRESH, NOT_THIS_DEVICE)
        clock.advance(3700)
        for _ in range(2):
            with pytest.raises(errors.TooManyRequestsException) as caught:
                await client.fetch_auth_session()
            assert caught.value.retryable
        service.only(CONFIRM, EXISTS)
        service.only(REFRESH, service.tokens())
        assert await is_signed_in(client)


async def test_tokens_are_not_renewed_early_before_their_device_is_confirmed() -> None:
    async with scripted_client() as (client, service, clock):
        await sign_in(client, service, THROTTLED)
        clock.advance(3594)
        assert await is_signed_in(client)
        assert sent(service, REFRESH) == []


async def test_tokens_of_a_device_that_is_confirmed_late_are_renewed_early_as_usual() -> None:
    async with scripted_client() as (client, service, clock):
        await sign_in(client, service, THROTTLED, ASKS_USER)
        clock.advance(3541)
        assert await is_signed_in(client)
        service.answer(REFRESH, service.tokens())
        clock.advance(1)
        assert await is_signed_in(client)
        assert len(sent(service, REFRESH)) == 1


@pytest.mark.parametrize(
    "code", ["InvalidParameterException", "NotAuthorizedException", "InvalidUserPoolConfigurationException"]
)
async def test_a_refused_confirmation_is_sent_again_before_the_refresh_alone(
    code: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted_client() as (client, service, clock):
        with caplog.at_level(logging.WARNING, logger="aiocognito"):
            await sign_in(client, service, refusal(CONFIRM, code))
        assert code in caplog.text
        for _ in range(10):
            clock.advance(60)
            assert await is_signed_in(client)
        assert len(sent(service)) == 1
        clock.advance(3600)
        service.answer(REFRESH, service.tokens())
        assert await is_signed_in(client), "a pool that no longer tracks devices"
        assert len(sent(service)) == 2
        service.calls.clear()
        await client.fetch_auth_session(force_refresh=True)
        assert service.operations() == [REFRESH], "Cognito asks for no device"


# What is stored


@TOKENS
@pytest.mark.parametrize("tracking", [True, False], ids=["tracking", "tracking off"])
async def test_a_secret_is_stored_for_a_browser_alone_and_leaves_the_session_with_success(
    token: Any, tracking: bool
) -> None:
    clock = Clock()
    storage = RecordingStorage(clock=clock)
    config = evolve(CONFIG, device_tracking=tracking)
    async with scripted_manager(clock=clock, storage=storage, config=config) as (sessions, service, _):
        client = sessions.client("key", device_token=token)
        await sign_in(client, service, THROTTLED, REMEMBERED)
        has_secret = token is not None and tracking
        assert any(b"random_password" in value for value in storage.written) is has_secret
        pending = (await record(client)).device
        assert pending is not None
        assert (pending.random_password is not None) is has_secret
        assert load(dump(await record(client))) == await record(client)
        for hidden in (KEY, pending.salt, pending.verifier, pending.access_token):
            assert hidden
            assert hidden not in repr(await record(client))
        clock.advance(30)
        await is_signed_in(client)
        raw = await storage.get(client._session.storage_key)
        assert raw is not None
        assert b"random_password" not in raw
        assert pending.verifier is not None
        assert pending.verifier not in raw.decode()
        entry = await storage.get(sessions.client("k", device_token="browser")._session.devices.storage_key)  # type: ignore[arg-type]  # it has one
        assert (entry is not None) is has_secret
        if entry is not None:
            assert (pending.random_password or "?") in entry.decode()


async def test_a_confirmation_that_succeeds_at_once_leaves_nothing_in_the_session() -> None:
    async with scripted_client() as (client, service, _):
        await sign_in(client, service, ASKS_USER)
        assert (await record(client)).device is None


async def test_the_secret_goes_to_the_browser_that_signed_in() -> None:
    """Another client of the session, without a device token or with another, may send it again."""
    for other in (None, "another browser"):
        async with scripted_manager() as (sessions, service, clock):
            await sign_in(sessions.client("key", device_token="browser"), service, THROTTLED, ASKS_USER)
            clock.advance(30)
            assert await is_signed_in(sessions.client("key", device_token=other))
            known = await sessions.client("k", device_token="browser")._session.devices.load()
            assert {device.device_key for device in known.values()} == {KEY}
            assert "ana" in known
            elsewhere = sessions.client("k", device_token="another browser")
            assert await elsewhere._session.devices.load() == {}


async def test_a_session_under_a_new_key_goes_on_with_its_confirmation() -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client(sessions.new_session_key(), device_token="browser")
        await sign_in(client, service, THROTTLED, ASKS_USER)
        key = await client.rotate_session_key()
        clock.advance(30)
        assert await is_signed_in(sessions.client(key))
        assert "ana" in await client._session.devices.load()


async def test_a_storage_that_cannot_note_the_attempt_sends_nothing_and_costs_no_good_tokens() -> None:
    class Failing(MemoryStorage):
        fails = False

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.fails:
                raise StorageError("the disk is full")
            return await super().replace(key, value, **arguments)

    clock = Clock()
    storage = Failing(clock=clock)
    async with scripted_client(storage=storage, clock=clock) as (client, service, _):
        await sign_in(client, service, THROTTLED, ASKS_USER)
        clock.advance(30)
        storage.fails = True
        assert await is_signed_in(client)
        assert len(sent(service)) == 1
        storage.fails = False
        assert await is_signed_in(client)
        assert len(sent(service)) == 2


async def test_an_entry_that_cannot_be_written_is_written_after_the_next_attempt() -> None:
    class Failing(MemoryStorage):
        fails = False

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.fails and ":device:" in key:
                raise StorageError("the disk is full")
            return await super().replace(key, value, **arguments)

    clock = Clock()
    storage = Failing(clock=clock)
    async with scripted_client(storage=storage, clock=clock) as (client, service, _):
        await sign_in(client, service, THROTTLED, ASKS_USER, EXISTS)
        storage.fails = True
        clock.advance(30)
        assert await is_signed_in(client)
        storage.fails = False
        clock.advance(30)
        assert await is_signed_in(client)
        assert "ana" in await client._session.devices.load()
        assert (await record(client)).device is None


# A device for the session alone


@pytest.mark.parametrize("asks_user", [False, True])
async def test_a_device_for_the_session_alone_stands_in_for_no_second_factor(asks_user: bool) -> None:
    async with scripted_manager() as (sessions, service, _):
        client = sessions.client("key")
        access_token = await sign_in(client, service, {"UserConfirmationNecessary": asks_user})
        status = {"AccessToken": access_token, "DeviceKey": KEY, "DeviceRememberedStatus": "not_remembered"}
        assert sent(service, UPDATE) == ([] if asks_user else [status])
        device = (await record(client)).device
        assert device is not None
        assert (device.access_token, device.salt, device.verifier, device.random_password) == (None,) * 4


async def test_a_status_that_could_not_be_set_is_set_later_and_needs_no_second_confirmation() -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key")
        service.answer(UPDATE, refusal(UPDATE, "TooManyRequestsException"), {})
        await sign_in(client, service, REMEMBERED)
        for _ in range(3):
            clock.advance(30)
            assert await is_signed_in(client)
        assert service.operations() == [INITIATE, CONFIRM, UPDATE, UPDATE]


async def test_a_status_that_is_refused_is_not_set_again() -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key")
        service.answer(UPDATE, refusal(UPDATE, "InvalidParameterException"))
        await sign_in(client, service, REMEMBERED)
        clock.advance(30)
        assert await is_signed_in(client)
        assert len(sent(service, UPDATE)) == 1


async def test_a_device_that_is_confirmed_after_a_refusal_is_like_any_other() -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key")
        service.answer(UPDATE, refusal(UPDATE, "TooManyRequestsException"), {})
        await sign_in(client, service, refusal(CONFIRM, "InvalidParameterException"), REMEMBERED)
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        clock.advance(30)
        assert await is_signed_in(client)
        assert service.operations() == [INITIATE, CONFIRM, CONFIRM, UPDATE, REFRESH, UPDATE]


@pytest.mark.parametrize("confirmation", [ASKS_USER, THROTTLED], ids=["confirmed", "pending"])
async def test_a_device_of_the_session_alone_cannot_be_remembered_or_forgotten(confirmation: Any) -> None:
    async with scripted_manager() as (sessions, service, _):
        # The browser has a device of the same user, which is not the session's.
        other = RememberedDevice("us-east-1_other", GROUP, "secret")
        await sessions.client("k", device_token="browser")._session.devices.remember(other, "ana")
        await sign_in(sessions.client("key"), service, confirmation)
        for token in (None, "browser"):
            client = sessions.client("key", device_token=token)
            for call in (client.remember_device, client.forget_device):
                with pytest.raises(errors.DeviceMetadataNotFoundException):
                    await call()
        assert service.operations() == [INITIATE, CONFIRM]


async def test_a_step_without_the_device_token_keeps_the_device_that_the_first_step_named() -> None:
    async with scripted_manager() as (sessions, service, _):
        known = RememberedDevice(KEY, GROUP, "secret")
        first = sessions.client("key", device_token="browser")
        await first._session.devices.remember(known, "ana")
        await begin(first, service, challenge("SOFTWARE_TOKEN_MFA"), username="ana")
        service.only("RespondToAuthChallenge", service.tokens(access={"device_key": KEY}))
        then = sessions.client("key")
        assert (await then.confirm_sign_in("123456")).is_signed_in
        service.answer(REFRESH, service.tokens())
        await then.fetch_auth_session(force_refresh=True)
        assert sent(service, REFRESH)[0]["DeviceKey"] == KEY


async def test_a_browser_is_not_remembered_before_its_device_is_confirmed() -> None:
    async with scripted_client() as (client, service, _):
        await sign_in(client, service, THROTTLED)
        with pytest.raises(errors.DeviceMetadataNotFoundException):
            await client.remember_device()


# The session's end


@pytest.mark.parametrize("everywhere", [False, True], ids=["here", "everywhere"])
@TOKENS
async def test_signing_out_forgets_a_device_of_the_session_alone_before_the_tokens_are_revoked(
    token: Any, everywhere: bool
) -> None:
    async with scripted_manager() as (sessions, service, _):
        client = sessions.client("key", device_token=token)
        access_token = await sign_in(client, service, ASKS_USER)
        service.calls.clear()
        service.answer(FORGET, refusal(FORGET, "TooManyRequestsException"))
        result = await client.sign_out(global_sign_out=everywhere)
        assert result.revoked
        assert result.error is None, "a device that stays does not fail a sign-out"
        end = "GlobalSignOut" if everywhere else "RevokeToken"
        if token is not None:
            assert service.operations() == [end]
            return
        assert service.operations() == [FORGET, end]
        assert sent(service, FORGET) == [{"AccessToken": access_token, "DeviceKey": KEY}]


async def test_ending_a_session_forgets_its_device_too() -> None:
    async with scripted_manager() as (sessions, service, _):
        await sign_in(sessions.client("key"), service, ASKS_USER)
        await sessions.end("key")
        assert service.operations()[-2:] == [FORGET, "RevokeToken"]


async def test_expired_tokens_forget_no_device() -> None:
    async with scripted_manager() as (sessions, service, clock):
        await sign_in(sessions.client("key"), service, ASKS_USER)
        clock.advance(3700)
        await sessions.end("key")
        assert service.operations()[-1] == "RevokeToken"
        assert sent(service, FORGET) == []


@TOKENS
@pytest.mark.parametrize("end", ["sign_out", "delete_user"])
async def test_nothing_is_sent_after_the_end(token: Any, end: str) -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key", device_token=token)
        await sign_in(client, service, THROTTLED)
        await getattr(client, end)()
        clock.advance(30)
        assert not await is_signed_in(client)
        assert len(sent(service)) == 1


@pytest.mark.parametrize("end", ["sign_out", "delete_user"])
async def test_a_session_that_ends_meanwhile_leaves_no_secret_behind(end: str) -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key", device_token="browser")
        await sign_in(client, service, THROTTLED, ASKS_USER)
        clock.advance(30)
        gate = service.hold(CONFIRM)
        call = asyncio.create_task(is_signed_in(client))
        await service.arrived[CONFIRM].wait()
        await getattr(client, end)()
        gate.set()
        assert not await call
        assert await client._session.devices.load() == {}
        assert (await client._session.load()).raw is None


async def test_another_sign_in_meanwhile_does_not_touch_the_device() -> None:
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key", device_token="browser")
        await sign_in(client, service, THROTTLED, ASKS_USER)
        clock.advance(30)
        gate = service.hold(CONFIRM)
        call = asyncio.create_task(is_signed_in(client))
        await service.arrived[CONFIRM].wait()
        await client.sign_out()
        service.only(INITIATE, service.tokens(username="ben"))
        await client.sign_in("ben", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        gate.set()
        await call
        assert await client._session.devices.load() == {}
        assert (await record(client)).tokens.device_key is None  # type: ignore[union-attr]  # signed in


async def test_a_device_that_was_refused_is_not_forgotten() -> None:
    async with scripted_manager() as (sessions, service, _):
        await sign_in(sessions.client("key"), service, refusal(CONFIRM, "InvalidParameterException"))
        await sessions.end("key")
        assert service.operations() == [INITIATE, CONFIRM, "RevokeToken"]


async def test_a_cancelled_caller_loses_no_answer() -> None:
    async with scripted_client() as (client, service, clock):
        await sign_in(client, service, THROTTLED, ASKS_USER)
        clock.advance(30)
        gate = service.hold(CONFIRM)
        call = asyncio.create_task(is_signed_in(client))
        await service.arrived[CONFIRM].wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gate.set()
        await client._session.context.aclose()
        assert "ana" in await client._session.devices.load()


async def test_a_slow_refusal_does_not_undo_a_confirmation() -> None:
    """Two processes send it when one takes longer than 30 seconds; one of them is refused."""
    async with scripted_manager() as (sessions, service, clock):
        client = sessions.client("key")
        answers: list[asyncio.Future[Any]] = []

        async def held(_: Any) -> Any:
            answers.append(asyncio.get_running_loop().create_future())
            return await answers[-1]

        await sign_in(client, service, THROTTLED, held)
        calls = []
        for _ in range(2):
            clock.advance(30)
            service.arrived[CONFIRM] = asyncio.Event()
            calls.append(asyncio.create_task(is_signed_in(sessions.client("key"))))
            await service.arrived[CONFIRM].wait()
        await asyncio.sleep(0)
        answers[1].set_result(ASKS_USER)
        assert await calls[1]
        answers[0].set_exception(refusal(CONFIRM, "NotAuthorizedException"))
        assert await calls[0]
        device = (await record(client)).device
        assert device is not None
        assert device.is_settled


async def test_a_record_written_before_devices_were_stored_is_read() -> None:
    async with scripted_client() as (client, service, _):
        await sign_in(client, service, ASKS_USER)
        document = json.loads((await client._session.load()).raw or b"")
        assert "device" not in document
        assert load(json.dumps(document).encode()) == await record(client)
