"""CUSTOM_AUTH: the user pool's triggers ask, with and without a password first."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import errors, steps
from helpers.user_pool import VERIFIER, challenge, check_proof, pending, refusal, scripted_client

INITIATE, RESPOND = "InitiateAuth", "RespondToAuthChallenge"
RIDDLE = challenge("CUSTOM_CHALLENGE", {"USERNAME": "real", "riddle": "what walks on four legs"})


async def test_without_srp_the_triggers_ask_from_the_start() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, RIDDLE)
        result = await client.sign_in(
            "ana", auth_flow_type="CUSTOM_WITHOUT_SRP", client_metadata={"first": "1"}
        )
        assert result.next_step == steps.ConfirmSignInWithCustomChallenge(RIDDLE["ChallengeParameters"])
        assert result.to_dict()["nextStep"] == {
            "signInStep": "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE",
            "additionalInfo": RIDDLE["ChallengeParameters"],
        }
        assert service.calls == [
            (
                INITIATE,
                {
                    "AuthFlow": "CUSTOM_AUTH",
                    "AuthParameters": {"USERNAME": "ana"},
                    "ClientMetadata": {"first": "1"},
                    "ClientId": "client",
                },
            )
        ]


async def test_several_rounds_each_with_its_own_session_question_and_metadata() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, RIDDLE)
        await client.sign_in("ana", auth_flow_type="CUSTOM_WITHOUT_SRP", client_metadata={"first": "1"})
        service.calls.clear()
        service.answer(
            RESPOND,
            challenge("CUSTOM_CHALLENGE", {"riddle": "and on two"}, session="T" * 20),
            challenge("CUSTOM_CHALLENGE", {"riddle": "and on three"}, session="U" * 20),
            service.tokens(username="real"),
        )
        second = await client.confirm_sign_in("a child", client_metadata={"z": "1"})
        assert second.next_step == steps.ConfirmSignInWithCustomChallenge({"riddle": "and on two"})
        third = await client.confirm_sign_in("a grown-up")
        assert third.next_step == steps.ConfirmSignInWithCustomChallenge({"riddle": "and on three"})
        assert (await client.confirm_sign_in("an old man")).is_signed_in
        assert [sent["Session"][0] for _, sent in service.calls] == list("STU")
        assert [sent.get("ClientMetadata") for _, sent in service.calls] == [{"z": "1"}, None, None]
        assert [sent["ChallengeResponses"] for _, sent in service.calls] == [
            {"USERNAME": "real", "ANSWER": answer} for answer in ("a child", "a grown-up", "an old man")
        ]


async def test_a_wrong_answer_is_asked_again_as_a_new_challenge_until_the_sign_in_is_failed() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, RIDDLE)
        await client.sign_in("ana", auth_flow_type="CUSTOM_WITHOUT_SRP")
        service.answer(
            RESPOND,
            {**RIDDLE, "Session": "T" * 20},
            refusal(RESPOND, "NotAuthorizedException", "Incorrect username or password."),
        )
        assert not (await client.confirm_sign_in("a table")).is_signed_in
        stored = await pending(client)
        assert stored is not None
        assert stored.challenge.session == "T" * 20
        with pytest.raises(errors.NotAuthorizedException):
            await client.confirm_sign_in("a chair")
        assert await pending(client) is None


@pytest.mark.amplify("B33")
@pytest.mark.parametrize("password", ["secret", " "])
async def test_without_srp_a_password_is_refused(password: str) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.sign_in("ana", password, auth_flow_type="CUSTOM_WITHOUT_SRP")
        assert caught.value.code is errors.AuthValidationErrorCode.CustomAuthSignInPassword
        assert service.calls == []


@pytest.mark.amplify("B33")
async def test_an_empty_password_counts_as_missing() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, RIDDLE)
        assert not (await client.sign_in("ana", "", auth_flow_type="CUSTOM_WITHOUT_SRP")).is_signed_in


@pytest.mark.amplify("B34")
@pytest.mark.parametrize("name", ["PASSWORD_VERIFIER", "SRP_A", "CUSTOM_CHALLENGE"])
async def test_with_srp_the_password_comes_first_under_any_challenge_name(name: str) -> None:
    async with scripted_client() as (client, service, clock):
        service.answer(INITIATE, {**VERIFIER, "ChallengeName": name})
        service.answer(RESPOND, {**RIDDLE, "Session": "T" * 20}, service.tokens())
        result = await client.sign_in(
            "ana@example.com", "secret", auth_flow_type="CUSTOM_WITH_SRP", client_metadata={"k": "v"}
        )
        assert isinstance(result.next_step, steps.ConfirmSignInWithCustomChallenge)
        (_, first), (_, second) = service.calls
        assert int(first["AuthParameters"].pop("SRP_A"), 16)
        assert first == {
            "AuthFlow": "CUSTOM_AUTH",
            "AuthParameters": {"USERNAME": "ana@example.com", "CHALLENGE_NAME": "SRP_A"},
            "ClientMetadata": {"k": "v"},
            "ClientId": "client",
        }
        check_proof(second, clock, session="S" * 20)
        assert (await client.confirm_sign_in("a child")).is_signed_in


@pytest.mark.amplify("B34")
async def test_with_srp_another_challenge_than_the_password_cannot_be_proven() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, RIDDLE)
        with pytest.raises(errors.EmptyUserIdForSRPException):
            await client.sign_in("ana", "secret", auth_flow_type="CUSTOM_WITH_SRP")
        assert service.operations() == [INITIATE]


@pytest.mark.parametrize("password", [None, ""])
async def test_with_srp_a_password_is_needed(password: Any) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.sign_in("ana", password, auth_flow_type="CUSTOM_WITH_SRP")
        assert caught.value.code is errors.AuthValidationErrorCode.EmptySignInPassword
        assert service.calls == []


async def test_the_sign_in_details_name_amplifys_flow() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, service.tokens())
        await client.sign_in("ana", auth_flow_type="CUSTOM_WITHOUT_SRP")
        details = (await client.get_current_user()).sign_in_details
        assert details is not None
        assert details.to_dict() == {"loginId": "ana", "authFlowType": "CUSTOM_WITHOUT_SRP"}
