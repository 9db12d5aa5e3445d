"""The requests of sign-up, and its results."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import errors, steps
from aiocognito._models import CodeDeliveryDetails
from helpers.user_pool import CONFIG, scripted_client

SENT = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
DELIVERY = CodeDeliveryDetails("a***@e***", "EMAIL", "email")


async def test_sign_up_sends_its_arguments() -> None:
    async with scripted_client() as (client, service, _):
        service.answer("SignUp", {"UserConfirmed": False, "UserSub": "sub", "CodeDeliveryDetails": SENT})
        result = await client.sign_up(
            "ana",
            "secret",
            user_attributes={"email": "ana@example.com"},
            validation_data={"captcha": "ok"},
            client_metadata={"k": "v"},
        )
        assert service.calls == [
            (
                "SignUp",
                {
                    "Username": "ana",
                    "Password": "secret",
                    "UserAttributes": [{"Name": "email", "Value": "ana@example.com"}],
                    "ValidationData": [{"Name": "captcha", "Value": "ok"}],
                    "ClientMetadata": {"k": "v"},
                    "ClientId": "client",
                },
            )
        ]
        assert (result.is_sign_up_complete, result.user_id) == (False, "sub")
        assert result.next_step == steps.ConfirmSignUp(DELIVERY)
        assert result.to_dict() == {
            "isSignUpComplete": False,
            "userId": "sub",
            "nextStep": {
                "signUpStep": "CONFIRM_SIGN_UP",
                "codeDeliveryDetails": {
                    "destination": "a***@e***",
                    "deliveryMedium": "EMAIL",
                    "attributeName": "email",
                },
            },
        }


@pytest.mark.amplify("B11")
async def test_a_user_confirmed_at_once_is_done() -> None:
    async with scripted_client() as (client, service, _):
        service.answer("SignUp", {"UserConfirmed": True, "UserSub": "sub"})
        result = await client.sign_up("ana", "secret")
        assert (result.is_sign_up_complete, result.next_step) == (True, steps.Done())
        assert result.to_dict()["nextStep"] == {"signUpStep": "DONE"}


@pytest.mark.amplify("B9")
@pytest.mark.parametrize("password", [None, ""])
async def test_without_a_password_none_is_sent(password: Any) -> None:
    async with scripted_client() as (client, service, _):
        service.answer("SignUp", {"UserConfirmed": False, "UserSub": "sub"})
        assert (await client.sign_up("ana", password)).next_step == steps.ConfirmSignUp(None)
        assert "Password" not in service.calls[0][1]


@pytest.mark.amplify("B9")
async def test_a_pool_that_needs_a_password_says_so_by_name() -> None:
    async with scripted_client() as (client, service, _):
        service.refuse(
            "SignUp",
            "InvalidParameterException",
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            "Member must not be null",
        )
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.sign_up("ana")
        assert caught.value.code is errors.AuthValidationErrorCode.EmptySignUpPassword
        assert isinstance(caught.value.__cause__, errors.SignUpException)
        service.refuse("SignUp", "InvalidParameterException", "Invalid email address format.")
        with pytest.raises(errors.InvalidParameterException):
            await client.sign_up("ana")


async def test_confirm_and_resend() -> None:
    """A code is sent again, and confirms the account."""
    async with scripted_client() as (client, service, _):
        service.answer("ResendConfirmationCode", {"CodeDeliveryDetails": SENT}, {})
        assert await client.resend_sign_up_code("ana", client_metadata={"k": "v"}) == DELIVERY
        assert await client.resend_sign_up_code("ana") == CodeDeliveryDetails()
        result = await client.confirm_sign_up("ana", "123456", force_alias_creation=True)
        assert (result.is_sign_up_complete, result.user_id, result.next_step) == (True, None, steps.Done())
        assert service.calls == [
            (
                "ResendConfirmationCode",
                {"Username": "ana", "ClientMetadata": {"k": "v"}, "ClientId": "client"},
            ),
            ("ResendConfirmationCode", {"Username": "ana", "ClientId": "client"}),
            (
                "ConfirmSignUp",
                {
                    "Username": "ana",
                    "ConfirmationCode": "123456",
                    "ForceAliasCreation": True,
                    "ClientId": "client",
                },
            ),
        ]


@pytest.mark.amplify("B18")
async def test_resending_without_a_username() -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.resend_sign_up_code("")
        assert caught.value.name == "EmptySignUpUsername"
        assert service.calls == []


async def test_a_missing_argument_is_refused_with_amplify_s_code() -> None:
    async with scripted_client() as (client, service, _):
        for call, name in (
            (client.sign_up(""), "EmptySignUpUsername"),
            (client.confirm_sign_up("", "1"), "EmptyConfirmSignUpUsername"),
            (client.confirm_sign_up("ana", ""), "EmptyConfirmSignUpCode"),
        ):
            with pytest.raises(errors.AuthValidationError) as caught:
                await call
            assert caught.value.name == name
        for attributes in ({"birthdate": 1990}, {1: "x"}, ["email"]):
            with pytest.raises(errors.AuthValidationError, match="user_attributes"):
                await client.sign_up("ana", "secret", user_attributes=attributes)  # type: ignore[arg-type]  # wrong on purpose
        assert service.calls == []


@pytest.mark.amplify("B75")
async def test_a_client_secret_is_proven_wherever_a_username_is_sent() -> None:
    """The known answer was computed with OpenSSL: base64(hmac-sha256("s3cret", "anaclient"))."""
    from attrs import evolve

    config = evolve(CONFIG, user_pool_client_secret="s3cret")
    async with scripted_client(config=config) as (client, service, _):
        service.answer("InitiateAuth", {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20})
        service.answer("RespondToAuthChallenge", service.tokens())
        service.answer("GetTokensFromRefreshToken", service.tokens())
        await client.sign_up("ana", "secret")
        await client.confirm_sign_up("ana", "1")
        await client.resend_sign_up_code("ana")
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        await client.confirm_sign_in("1")
        await client.fetch_auth_session(force_refresh=True)
        await client.sign_out()
        proof = "OeDtTijqC5udZKfO+eYsxIH0hvssg5zgMR1YyX1xW2o="
        sent = dict(service.calls)
        for operation in ("SignUp", "ConfirmSignUp", "ResendConfirmationCode"):
            assert sent[operation]["SecretHash"] == proof
        assert sent["InitiateAuth"]["AuthParameters"]["SECRET_HASH"] == proof
        assert sent["RespondToAuthChallenge"]["ChallengeResponses"]["SECRET_HASH"] == proof
        for operation in ("GetTokensFromRefreshToken", "RevokeToken"):
            assert sent[operation]["ClientSecret"] == "s3cret"
