"""Answering a pending sign-in: claims, wrong answers, expiry and interruptions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiocognito import MemoryStorage, SessionManager, errors, steps
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, begin, scripted_client, signed_in

RESPOND = "RespondToAuthChallenge"
TOTP: dict[str, Any] = {
    "ChallengeName": "SOFTWARE_TOKEN_MFA",
    "Session": "S" * 20,
    "ChallengeParameters": {"USER_ID_FOR_SRP": "ana-id"},
}


@pytest.mark.amplify("B70")
async def test_a_sign_in_is_continued_by_another_client_on_the_same_storage() -> None:
    clock = Clock()
    storage, service = MemoryStorage(clock=clock), ScriptedService(clock)
    async with (
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as here,
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as there,
    ):
        attach(here, service)
        attach(there, service)
        await begin(here.client("key"), service, TOTP)
        client = there.client("key")
        assert await client.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()
        service.answer(RESPOND, service.tokens())
        result = await client.confirm_sign_in("123456")
        assert result.is_signed_in
        assert result.next_step == steps.Done()
        assert service.calls[-1][1] == {
            "ChallengeName": "SOFTWARE_TOKEN_MFA",
            "ChallengeResponses": {"USERNAME": "ana-id", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
            "Session": "S" * 20,
            "ClientId": "client",
        }
        assert await here.client("key").get_sign_in_step() is None


@pytest.mark.amplify("B26")
async def test_a_wrong_code_keeps_the_sign_in_and_its_session() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        wrong = errors.service_error(RESPOND, "CodeMismatchException", "Invalid code", service_status=400)
        service.answer(RESPOND, wrong, wrong, service.tokens())
        for _ in range(2):
            with pytest.raises(errors.CodeMismatchException) as caught:
                await client.confirm_sign_in("000000")
            assert isinstance(caught.value, errors.RespondToAuthChallengeException)
            assert await client.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()
        assert (await client.confirm_sign_in("123456")).is_signed_in
        assert {call[1]["Session"] for call in service.calls} == {"S" * 20}


async def test_only_one_of_two_concurrent_answers_is_sent() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens())
        first = asyncio.create_task(client.confirm_sign_in("111111"))
        await service.arrived[RESPOND].wait()
        with pytest.raises(errors.SignInException, match="another answer"):
            await client.confirm_sign_in("222222")
        gate.set()
        assert (await first).is_signed_in
        assert service.operations() == [RESPOND]


async def test_of_two_answers_in_two_processes_one_is_sent() -> None:
    clock = Clock()
    storage, service = MemoryStorage(clock=clock), ScriptedService(clock)
    async with (
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as one,
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as two,
    ):
        attach(one, service)
        attach(two, service)
        await begin(one.client("key"), service, TOTP)
        service.answer(RESPOND, service.tokens())
        results = await asyncio.gather(
            one.client("key").confirm_sign_in("1"),
            two.client("key").confirm_sign_in("2"),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == ["SignInException", "SignInResult"]
        assert service.operations() == [RESPOND]


async def test_a_claim_ends_after_its_owner_died() -> None:
    async with scripted_client(config=_patient()) as (client, service, clock):
        await begin(client, service, TOTP)
        service.hold(RESPOND)
        lost = asyncio.create_task(client.confirm_sign_in("111111"))
        await service.arrived[RESPOND].wait()
        work = next(iter(client._session.context._tasks))
        del service._gates[RESPOND]
        # As if the process had been killed: the task ends without giving the claim back.
        session = client._session
        record = await session.context.storage.get(session.storage_key)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lost
        assert record is not None
        await session.context.storage.set(session.storage_key, record)
        service.answer(RESPOND, service.tokens())
        with pytest.raises(errors.SignInException, match="another answer"):
            await client.confirm_sign_in("222222")
        clock.advance(200)
        assert (await client.confirm_sign_in("222222")).is_signed_in


@pytest.mark.parametrize("fate", ["refused", "accepted"])
async def test_an_answer_whose_claim_has_ended_is_not_stored_and_does_not_release_the_next_claim(
    fate: str,
) -> None:
    async with scripted_client(config=_patient()) as (client, service, clock):
        await begin(client, service, TOTP)
        gates: list[asyncio.Event] = [asyncio.Event(), asyncio.Event()]
        arrived: list[asyncio.Event] = [asyncio.Event(), asyncio.Event()]
        late = errors.service_error(RESPOND, "CodeMismatchException", "no")
        answers = [late if fate == "refused" else service.tokens(refresh_token="late"), service.tokens()]

        def held(number: int) -> Any:
            async def answer(_: object) -> Any:
                arrived[number].set()
                await gates[number].wait()
                return answers[number]

            return answer

        service.answer(RESPOND, held(0), held(1))
        first = asyncio.create_task(client.confirm_sign_in("111111"))
        await arrived[0].wait()
        clock.advance(200)
        second = asyncio.create_task(client.confirm_sign_in("222222"))
        await arrived[1].wait()
        gates[0].set()
        with pytest.raises(errors.CodeMismatchException if fate == "refused" else errors.SignInException):
            await first
        with pytest.raises(errors.SignInException, match="another answer"):
            await client.confirm_sign_in("333333")
        gates[1].set()
        assert (await second).is_signed_in
        revoked = [sent["Token"] for operation, sent in service.calls if operation == "RevokeToken"]
        assert revoked == ([] if fate == "refused" else ["late"])


async def test_a_cancelled_answer_goes_on_and_is_stored() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens())
        caller = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        gate.set()
        await asyncio.gather(*client._session.context._tasks)
        assert (await client.get_current_user()).username == "ana"


async def test_a_sign_out_before_the_answer_came_stands_and_the_tokens_are_revoked() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens(refresh_token="late"))
        caller = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        await client.sign_out()
        gate.set()
        with pytest.raises(errors.SignInException, match="nothing was stored"):
            await caller
        assert (await client.fetch_auth_session()).tokens is None
        assert service.calls[-1] == ("RevokeToken", {"Token": "late", "ClientId": "client"})


async def test_tokens_that_come_too_late_are_dropped_even_if_they_cannot_be_revoked() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        gate = service.hold(RESPOND)
        service.answer(RESPOND, service.tokens())
        service.refuse("RevokeToken", "TooManyRequestsException")
        caller = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[RESPOND].wait()
        await client.sign_out()
        gate.set()
        with pytest.raises(errors.SignInException):
            await caller
        assert (await client.fetch_auth_session()).tokens is None


async def test_a_new_sign_in_replaces_a_pending_one() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        await begin(
            client,
            service,
            {
                "ChallengeName": "SMS_MFA",
                "Session": "T" * 20,
                "ChallengeParameters": {
                    "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
                    "CODE_DELIVERY_DESTINATION": "+*******0839",
                },
            },
        )
        step = await client.get_sign_in_step()
        assert isinstance(step, steps.ConfirmSignInWithSmsCode)
        assert step.code_delivery_details is not None
        assert step.code_delivery_details.destination == "+*******0839"
        service.answer(RESPOND, service.tokens())
        await client.confirm_sign_in("1")
        assert service.calls[-1][1]["Session"] == "T" * 20


async def test_a_pending_sign_in_expires_with_cognitos_session() -> None:
    async with scripted_client() as (client, service, clock):
        await begin(client, service, TOTP)
        clock.advance(179)
        assert await client.get_sign_in_step() is not None
        clock.advance(2)
        assert await client.get_sign_in_step() is None
        with pytest.raises(errors.SignInException, match="no sign-in is pending"):
            await client.confirm_sign_in("123456")
        assert service.calls == []


async def test_a_step_that_is_not_the_pending_one_sends_nothing() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        for step in (steps.ConfirmSignInWithSmsCode, "CONFIRM_SIGN_IN_WITH_SMS_CODE"):
            with pytest.raises(errors.SignInException, match="CONFIRM_SIGN_IN_WITH_TOTP_CODE"):
                await client.confirm_sign_in("1", step=step)
        assert service.calls == []
        service.answer(RESPOND, service.tokens())
        assert (await client.confirm_sign_in("1", step=steps.ConfirmSignInWithTotpCode)).is_signed_in


@pytest.mark.amplify("B36")
async def test_confirmation_has_metadata_of_its_own() -> None:
    async with scripted_client() as (client, service, _):
        service.answer("InitiateAuth", TOTP)
        await client.sign_in(
            "ana", "secret", auth_flow_type="USER_PASSWORD_AUTH", client_metadata={"first": "1"}
        )
        assert service.calls[-1][1]["ClientMetadata"] == {"first": "1"}
        service.answer(RESPOND, TOTP, service.tokens())
        await client.confirm_sign_in("1")
        assert "ClientMetadata" not in service.calls[-1][1]
        await client.confirm_sign_in("1", client_metadata={"second": "2"})
        assert service.calls[-1][1]["ClientMetadata"] == {"second": "2"}


@pytest.mark.amplify("B25")
async def test_an_unknown_challenge_is_a_step_that_cannot_be_answered() -> None:
    """Amplify raises; here the caller gets what came, and is told that nothing can be sent."""
    async with scripted_client() as (client, service, _):
        service.answer(
            "InitiateAuth",
            {"ChallengeName": "BLOOD_TEST", "Session": "S" * 20, "ChallengeParameters": {"arm": "left"}},
        )
        result = await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert result.next_step == steps.UnsupportedChallenge("BLOOD_TEST", {"arm": "left"})
        assert await client.get_sign_in_step() == result.next_step
        with pytest.raises(errors.SignInException, match="BLOOD_TEST"):
            await client.confirm_sign_in("ouch")


@pytest.mark.amplify("B30")
async def test_only_attributes_with_a_value_go_with_a_new_password() -> None:
    async with scripted_client() as (client, service, _):
        await begin(
            client,
            service,
            {
                "ChallengeName": "NEW_PASSWORD_REQUIRED",
                "Session": "S" * 20,
                "ChallengeParameters": {
                    "USER_ID_FOR_SRP": "uid",
                    "requiredAttributes": '["userAttributes.name","userAttributes.email"]',
                },
            },
        )
        assert await client.get_sign_in_step() == steps.ConfirmSignInWithNewPasswordRequired(
            ["name", "email"]
        )
        service.answer(RESPOND, service.tokens())
        await client.confirm_sign_in("new-password", user_attributes={"name": "Ana", "nickname": ""})
        assert service.calls[-1][1]["ChallengeResponses"] == {
            "USERNAME": "uid",
            "NEW_PASSWORD": "new-password",
            "userAttributes.name": "Ana",
        }


async def test_a_challenge_with_unreadable_parameters_is_refused_by_name() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(
            "InitiateAuth",
            {
                "ChallengeName": "NEW_PASSWORD_REQUIRED",
                "ChallengeParameters": {"requiredAttributes": "{not json"},
            },
        )
        with pytest.raises(errors.SignInException, match="requiredAttributes"):
            await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert await client.get_sign_in_step() is None


@pytest.mark.amplify("B23")
@pytest.mark.parametrize("code", ["PasswordResetRequiredException", "UserNotConfirmedException"])
async def test_a_reset_or_confirmation_needed_in_between_is_a_step(code: str) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        service.refuse(RESPOND, code)
        result = await client.confirm_sign_in("123456")
        assert not result.is_signed_in
        assert result.next_step == (
            steps.ResetPassword() if code.startswith("Password") else steps.ConfirmSignUp()
        )
        assert await client.get_sign_in_step() is None


@pytest.mark.parametrize("response", ["", None, {}])
async def test_an_empty_answer_is_refused_before_anything_is_sent(response: Any) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.confirm_sign_in(response)
        assert caught.value.code is errors.AuthValidationErrorCode.EmptyChallengeResponse
        assert service.calls == []


@pytest.mark.parametrize("response", [123456, {"id": "x"}])
async def test_an_answer_of_the_wrong_kind_is_refused_and_loses_nothing(response: Any) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        with pytest.raises(errors.AuthValidationError, match="challenge_response"):
            await client.confirm_sign_in(response)
        assert service.calls == []
        assert await client.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()


@pytest.mark.amplify("B27")
async def test_a_failed_sign_in_ends_the_pending_one() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        service._answers["InitiateAuth"].clear()
        service.refuse("InitiateAuth", "NotAuthorizedException", "Incorrect username or password.")
        with pytest.raises(errors.InitiateAuthException):
            await client.sign_in("ana", "wrong", auth_flow_type="USER_PASSWORD_AUTH")
        assert await client.get_sign_in_step() is None
        with pytest.raises(errors.SignInException):
            await client.confirm_sign_in("123456")


async def test_validation_errors_leave_a_pending_sign_in_alone() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, TOTP)
        with pytest.raises(errors.AuthValidationError):
            await client.sign_in("ana", "")
        assert await client.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()


@pytest.mark.amplify("B19")
async def test_a_signed_in_session_may_not_begin_a_sign_in_and_nothing_is_sent() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        with pytest.raises(errors.UserAlreadyAuthenticatedException):
            await client.sign_in("ben", "secret")
        assert service.calls == []


def _patient() -> Any:
    from attrs import evolve

    return evolve(CONFIG, auth_session_validity=900)
