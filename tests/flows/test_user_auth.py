"""USER_AUTH: the user chooses a first factor, or begins with the preferred one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from aiocognito import _srp as srp
from aiocognito import errors, steps
from aiocognito._config import PasswordlessConfig, WebAuthnConfig
from aiocognito._models import CodeDeliveryDetails
from helpers.user_pool import CONFIG, VERIFIER, challenge, refusal, scripted_client

INITIATE, RESPOND = "InitiateAuth", "RespondToAuthChallenge"
EMAIL = {"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "a***@e***"}
OPTIONS = {"challenge": "Y2hhbGxlbmdl", "rpId": "example.com"}
PASSKEY = challenge("WEB_AUTHN", {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(OPTIONS)})


@pytest.mark.amplify("B31")
async def test_without_a_preference_the_user_chooses() -> None:
    async with scripted_client() as (client, service, _):
        factors = ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]
        service.answer(INITIATE, challenge("SELECT_CHALLENGE", AvailableChallenges=factors))
        result = await client.sign_in("ana", auth_flow_type="USER_AUTH", client_metadata={"k": "v"})
        assert result.to_dict() == {
            "isSignedIn": False,
            "nextStep": {
                "signInStep": "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
                "availableChallenges": factors,
            },
        }
        assert service.calls == [
            (
                INITIATE,
                {
                    "AuthFlow": "USER_AUTH",
                    "AuthParameters": {"USERNAME": "ana"},
                    "ClientMetadata": {"k": "v"},
                    "ClientId": "client",
                },
            )
        ]


@pytest.mark.amplify("B31")
async def test_a_password_without_that_preference_is_not_sent() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, challenge("EMAIL_OTP", EMAIL))
        for preferred in (None, "", "EMAIL_OTP"):
            await client.sign_in("ana", "secret", auth_flow_type="USER_AUTH", preferred_challenge=preferred)
        assert [sent["AuthParameters"] for _, sent in service.calls] == [
            {"USERNAME": "ana"},
            {"USERNAME": "ana"},
            {"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
        ]


@pytest.mark.amplify("B31")
async def test_a_preferred_password_goes_with_the_request() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, service.tokens())
        result = await client.sign_in(
            "ana", "secret", auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD"
        )
        assert result.is_signed_in
        assert service.calls[0][1]["AuthParameters"] == {
            "USERNAME": "ana",
            "PREFERRED_CHALLENGE": "PASSWORD",
            "PASSWORD": "secret",
        }


@pytest.mark.amplify("B31")
async def test_a_preferred_password_proof_is_the_srp_procedure() -> None:
    async with scripted_client() as (client, service, clock):
        service.answer(INITIATE, VERIFIER)
        service.answer(RESPOND, challenge("EMAIL_OTP", EMAIL, session="T" * 20))
        result = await client.sign_in(
            "ana@example.com", "secret", auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD_SRP"
        )
        assert result.next_step == steps.ConfirmSignInWithEmailCode(CodeDeliveryDetails("a***@e***", "EMAIL"))
        (_, first), (_, second) = service.calls
        assert int(first["AuthParameters"].pop("SRP_A"), 16)
        assert first == {
            "AuthFlow": "USER_AUTH",
            "AuthParameters": {"USERNAME": "ana@example.com", "PREFERRED_CHALLENGE": "PASSWORD_SRP"},
            "ClientId": "client",
        }
        assert second["ChallengeName"] == "PASSWORD_VERIFIER"
        assert second["Session"] == "S" * 20
        assert second["ChallengeResponses"]["USERNAME"] == "ana-id"
        assert second["ChallengeResponses"]["TIMESTAMP"] == srp.timestamp(clock())


async def test_a_preference_that_is_not_available_is_a_choice_not_an_error() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, challenge("SELECT_CHALLENGE", AvailableChallenges=["PASSWORD"]))
        result = await client.sign_in(
            "ana", "secret", auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD_SRP"
        )
        assert result.next_step == steps.ContinueSignInWithFirstFactorSelection(["PASSWORD"])


@pytest.mark.parametrize("preferred", ["PASSWORD", "PASSWORD_SRP"])
async def test_a_preferred_password_is_needed(preferred: str) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge=preferred)
        assert caught.value.code is errors.AuthValidationErrorCode.EmptySignInPassword
        assert service.calls == []


@pytest.mark.parametrize("preferred", [7, ["EMAIL_OTP"]])
async def test_a_preference_is_text(preferred: Any) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError, match="preferred_challenge"):
            await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge=preferred)
        assert service.calls == []


# What the configuration says of the backend


@pytest.mark.amplify("B32")
@pytest.mark.parametrize("preferred", ["EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"])
async def test_a_factor_that_the_backend_lacks_is_refused(preferred: str) -> None:
    config = evolve(CONFIG, passwordless=PasswordlessConfig())
    async with scripted_client(config=config) as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge=preferred)
        assert caught.value.code is errors.AuthValidationErrorCode.InvalidPreferredChallenge
        assert service.calls == []


@pytest.mark.amplify("B32")
@pytest.mark.parametrize("preferred", ["EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "PASSWORD", "NEW_FACTOR"])
async def test_without_a_passwordless_block_or_with_the_factor_in_it_nothing_is_refused(
    preferred: str,
) -> None:
    everything = PasswordlessConfig(
        email_otp_enabled=True, sms_otp_enabled=True, web_authn=WebAuthnConfig(relying_party_id="example.com")
    )
    for config in (CONFIG, evolve(CONFIG, passwordless=everything)):
        async with scripted_client(config=config) as (client, service, _):
            service.answer(INITIATE, challenge("SELECT_CHALLENGE", AvailableChallenges=[]))
            await client.sign_in("ana", "secret", auth_flow_type="USER_AUTH", preferred_challenge=preferred)
            assert service.calls[0][1]["AuthParameters"]["PREFERRED_CHALLENGE"] == preferred


@pytest.mark.amplify("B31")
async def test_the_configuration_may_prefer_one_and_the_call_another() -> None:
    passwordless = PasswordlessConfig(
        email_otp_enabled=True, sms_otp_enabled=True, preferred_challenge="EMAIL_OTP"
    )
    async with scripted_client(config=evolve(CONFIG, passwordless=passwordless)) as (client, service, _):
        service.answer(INITIATE, challenge("EMAIL_OTP", EMAIL))
        await client.sign_in("ana", auth_flow_type="USER_AUTH")
        await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="SMS_OTP")
        preferred = [sent["AuthParameters"]["PREFERRED_CHALLENGE"] for _, sent in service.calls]
        assert preferred == ["EMAIL_OTP", "SMS_OTP"]


@pytest.mark.amplify("B31")
async def test_the_configured_preference_is_for_this_flow_only() -> None:
    passwordless = PasswordlessConfig(email_otp_enabled=True, preferred_challenge="EMAIL_OTP")
    async with scripted_client(config=evolve(CONFIG, passwordless=passwordless)) as (client, service, _):
        service.answer(INITIATE, service.tokens())
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert "PREFERRED_CHALLENGE" not in service.calls[0][1]["AuthParameters"]


# From the choice to the tokens


async def test_a_one_time_code_from_the_choice_to_the_tokens() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, challenge("SELECT_CHALLENGE", AvailableChallenges=["EMAIL_OTP"]))
        await client.sign_in("ana", auth_flow_type="USER_AUTH")
        service.answer(
            RESPOND,
            challenge("EMAIL_OTP", EMAIL, session="T" * 20),
            refusal(RESPOND, "CodeMismatchException", "Invalid code or auth state for the user."),
            service.tokens(),
        )
        await client.confirm_sign_in("EMAIL_OTP")
        with pytest.raises(errors.CodeMismatchException):
            await client.confirm_sign_in("00000000")
        assert (await client.confirm_sign_in("12345678")).is_signed_in
        assert [sent.get("Session", "-")[0] for _, sent in service.calls] == list("-STT")
        details = (await client.get_current_user()).sign_in_details
        assert details is not None
        assert details.auth_flow_type == "USER_AUTH"


@pytest.mark.parametrize("credential", [{"id": "a", "response": {"userHandle": "b"}}, None])
async def test_a_passkey_takes_the_browsers_credential_as_a_mapping_or_as_text(credential: Any) -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, PASSKEY)
        result = await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        assert result.next_step == steps.ConfirmSignInWithWebAuthn(OPTIONS)
        assert await client.get_sign_in_step() == result.next_step
        service.answer(RESPOND, service.tokens())
        text = ' {"id": "a", "response": {"userHandle": "b"}}'
        assert (await client.confirm_sign_in(credential or text)).is_signed_in
        sent = service.calls[-1][1]
        assert sent["ChallengeName"] == "WEB_AUTHN"
        assert json.loads(sent["ChallengeResponses"]["CREDENTIAL"]) == json.loads(text)


async def test_6_6_a_passkey_asked_for_twice_is_an_error() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, PASSKEY)
        await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        service.answer(RESPOND, PASSKEY)
        with pytest.raises(errors.SignInException, match="passkey again"):
            await client.confirm_sign_in({"id": "a"})


async def test_6_6_a_passkey_may_be_followed_by_another_challenge() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, PASSKEY)
        await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        service.answer(RESPOND, challenge("SOFTWARE_TOKEN_MFA", session="T" * 20))
        assert (await client.confirm_sign_in({"id": "a"})).next_step == steps.ConfirmSignInWithTotpCode()


async def test_a_user_without_the_passkey_may_choose_another_factor_or_request_new_options() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, PASSKEY)
        await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        again = {"challenge": "YW5vdGhlcg", "rpId": "example.com"}
        service.answer(
            RESPOND,
            challenge("WEB_AUTHN", {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(again)}, session="T" * 20),
            challenge("EMAIL_OTP", EMAIL, session="U" * 20),
        )
        result = await client.confirm_sign_in("WEB_AUTHN")
        assert result.next_step == steps.ConfirmSignInWithWebAuthn(again)
        result = await client.confirm_sign_in("EMAIL_OTP")
        assert isinstance(result.next_step, steps.ConfirmSignInWithEmailCode)
        assert [sent.get("Session", "-")[0] for _, sent in service.calls] == list("-ST")
