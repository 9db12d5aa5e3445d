"""The requests of each flow, in order, and its results."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import AuthEvent, SessionManager, UserContext, errors, steps
from aiocognito import _srp as srp
from helpers.clock import Clock
from helpers.user_pool import CONFIG, VERIFIER, jwt, scripted_client

INITIATE, RESPOND = "InitiateAuth", "RespondToAuthChallenge"


def without(member: str, **changes: str) -> dict[str, Any]:
    parameters = {**VERIFIER["ChallengeParameters"], **changes}
    del parameters[member]
    return {**VERIFIER, "ChallengeParameters": parameters}


@pytest.mark.amplify("B20", "B21", "B22")
async def test_srp_is_the_default_and_goes_by_the_name_cognito_gives() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, VERIFIER)
        service.answer(RESPOND, service.tokens())
        result = await client.sign_in("ana@example.com", "secret", client_metadata={"k": "v"})
        assert result.is_signed_in
        (_, first), (_, second) = service.calls
        a = first["AuthParameters"].pop("SRP_A")
        assert first == {
            "AuthFlow": "USER_SRP_AUTH",
            "AuthParameters": {"USERNAME": "ana@example.com"},
            "ClientMetadata": {"k": "v"},
            "ClientId": "client",
        }, "no DEVICE_KEY, and the password is nowhere"
        assert a == a.lower().lstrip("0")
        int(a, 16)
        signature = second["ChallengeResponses"].pop("PASSWORD_CLAIM_SIGNATURE")
        assert len(signature) == 44
        assert second == {
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeResponses": {
                "USERNAME": "ana-id",
                "PASSWORD_CLAIM_SECRET_BLOCK": "c2VjcmV0",
                "TIMESTAMP": srp.timestamp(Clock()()),
            },
            "Session": "S" * 20,
            "ClientMetadata": {"k": "v"},
            "ClientId": "client",
        }
        record = (await client._session.load()).record
        assert record.tokens is not None
        assert record.tokens.username == "ana"


@pytest.mark.amplify("B22")
async def test_a_password_sign_in_that_succeeds_at_once_goes_by_the_name_typed() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, service.tokens())
        await client.sign_in("ana@example.com", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert service.calls == [
            (
                INITIATE,
                {
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "AuthParameters": {"USERNAME": "ana@example.com", "PASSWORD": "secret"},
                    "ClientId": "client",
                },
            )
        ]
        record = (await client._session.load()).record
        assert record.tokens is not None
        assert record.tokens.username == "ana@example.com"


@pytest.mark.amplify("B37")
async def test_signed_in_is_emitted_once_after_the_tokens_are_stored() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, VERIFIER)
        service.answer(RESPOND, service.tokens())
        told: list[tuple[AuthEvent, bool]] = []

        async def listener(event: AuthEvent) -> None:
            told.append((event, (await client.fetch_auth_session()).tokens is not None))

        client.hub.listen(listener)
        await client.sign_in("ana@example.com", "secret")
        ((event, stored),) = told
        assert stored
        assert event.name == "signedIn"
        assert event.session_id == client.session_id
        assert event.data == {
            "username": "ana",
            "userId": "sub-of-ana",
            "signInDetails": {"loginId": "ana@example.com", "authFlowType": "USER_SRP_AUTH"},
        }


@pytest.mark.amplify("B23")
@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("PasswordResetRequiredException", steps.ResetPassword()),
        ("UserNotConfirmedException", steps.ConfirmSignUp()),
    ],
)
async def test_a_reset_or_a_confirmation_needed_is_a_step(flow: Any, code: str, step: object) -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, VERIFIER)
        service.refuse(RESPOND if flow == "USER_SRP_AUTH" else INITIATE, code)
        result = await client.sign_in("ana", "secret", auth_flow_type=flow)
        assert (result.is_signed_in, result.next_step) == (False, step)
        assert await client.get_sign_in_step() is None


@pytest.mark.amplify("B24")
@pytest.mark.parametrize(
    ("name", "parameters", "step"),
    [
        ("SOFTWARE_TOKEN_MFA", {}, steps.ConfirmSignInWithTotpCode()),
        (
            "NEW_PASSWORD_REQUIRED",
            {"requiredAttributes": '["userAttributes.name"]'},
            steps.ConfirmSignInWithNewPasswordRequired(["name"]),
        ),
        ("NEW_PASSWORD_REQUIRED", {}, steps.ConfirmSignInWithNewPasswordRequired([])),
    ],
)
async def test_a_challenge_behind_the_password_becomes_its_step(
    name: str, parameters: dict[str, str], step: object
) -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, VERIFIER)
        service.answer(
            RESPOND, {"ChallengeName": name, "ChallengeParameters": parameters, "Session": "T" * 20}
        )
        result = await client.sign_in("ana@example.com", "secret")
        assert (result.is_signed_in, result.next_step) == (False, step)
        pending = (await client._session.load()).record.pending
        assert pending is not None
        assert pending.challenge.username == "ana", "the name that Cognito gave, not the alias"


async def test_an_answer_without_the_verifier_challenge_is_taken_as_it_comes() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20})
        assert (await client.sign_in("ana", "secret")).next_step == steps.ConfirmSignInWithTotpCode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (without("USER_ID_FOR_SRP"), errors.EmptyUserIdForSRPException),
        (without("SRP_B"), errors.SignInException),
        (without("SALT"), errors.SignInException),
        (without("SECRET_BLOCK", SRP_B="not hexadecimal"), errors.SignInException),
        ({**VERIFIER, "ChallengeParameters": VERIFIER["ChallengeParameters"] | {"SRP_B": "0"}}, srp.SrpError),
        ({}, errors.SignInException),
        ({"AuthenticationResult": {"IdToken": "x"}}, errors.InvalidTokens),
        ({"AuthenticationResult": {"AccessToken": "no token"}}, errors.InvalidJWTError),
    ],
)
async def test_an_unusable_answer_of_the_service_is_an_error_and_stores_nothing(
    answer: dict[str, Any], error: type[Exception]
) -> None:
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, answer)
        service.answer(RESPOND, service.tokens())
        with pytest.raises(error) as caught:
            await client.sign_in("ana", "secret")
        assert isinstance(caught.value, errors.AuthError)
        assert service.operations() == [INITIATE]
        assert (await client._session.load()).raw is None


@pytest.mark.parametrize(
    ("username", "password", "flow", "code"),
    [
        ("", "secret", "USER_SRP_AUTH", "EmptySignInUsername"),
        (None, "secret", "USER_SRP_AUTH", "EmptySignInUsername"),
        ("ana", "", "USER_SRP_AUTH", "EmptySignInPassword"),
        ("ana", None, "USER_PASSWORD_AUTH", "EmptySignInPassword"),
        ("ana", "secret", "SING_IN", "InvalidArgument"),
        (7, "secret", "USER_SRP_AUTH", "InvalidArgument"),
        ("ana", b"secret", "USER_SRP_AUTH", "InvalidArgument"),
    ],
)
async def test_a_missing_or_invalid_argument_is_refused_before_anything_is_sent(
    username: Any, password: Any, flow: Any, code: str
) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.sign_in(username, password, auth_flow_type=flow)
        assert caught.value.code == code
        assert service.calls == []


async def test_an_ended_session_is_replaced_and_one_that_cannot_be_renewed_does_not_block() -> None:
    for failure in (
        errors.service_error("GetTokensFromRefreshToken", "NotAuthorizedException", "over"),
        errors.NetworkError("unreachable"),
    ):
        async with scripted_client() as (client, service, clock):
            service.answer(INITIATE, service.tokens())
            await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
            clock.advance(4000)
            service.answer("GetTokensFromRefreshToken", failure)
            service._answers[INITIATE].clear()
            service.answer(INITIATE, service.tokens(username="ben"))
            result = await client.sign_in("ben", "secret", auth_flow_type="USER_PASSWORD_AUTH")
            assert result.is_signed_in
            assert (await client.get_current_user()).username == "ben"


async def test_a_session_that_could_be_renewed_just_now_blocks() -> None:
    async with scripted_client() as (client, service, clock):
        service.answer(INITIATE, service.tokens())
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        clock.advance(4000)
        service.answer("GetTokensFromRefreshToken", service.tokens())
        with pytest.raises(errors.UserAlreadyAuthenticatedException):
            await client.sign_in("ben", "secret")


@pytest.mark.amplify("B75")
async def test_the_end_users_context_goes_with_every_operation_that_accepts_it() -> None:
    context = UserContext(ip_address="192.0.2.7", encoded_data="fingerprint")
    async with scripted_client(user_context=context) as (client, service, _):
        service.answer(INITIATE, VERIFIER)
        service.answer(
            RESPOND, {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20}, service.tokens()
        )
        await client.sign_up("ana", "secret")
        await client.confirm_sign_up("ana", "1")
        await client.resend_sign_up_code("ana")
        await client.sign_in("ana", "secret")
        await client.confirm_sign_in("1")
        assert len(service.calls) == 6
        for operation, sent in service.calls:
            assert sent["UserContextData"] == {
                "IpAddress": "192.0.2.7",
                "EncodedData": "fingerprint",
            }, operation


async def test_borrowed_tokens_are_enough_for_methods_of_a_signed_in_user() -> None:
    from aiocognito._models import AuthTokens

    class Provider:
        async def get_tokens(self, **_: object) -> AuthTokens | None:
            from aiocognito import decode_jwt

            return AuthTokens(decode_jwt(jwt(sub="s", username="bot")))

    async with scripted_client(token_provider=Provider()) as (client, service, _):
        service.answer("GetUser", {"UserAttributes": [{"Name": "email", "Value": "a@example.com"}]})
        assert (await client.get_current_user()).username == "bot"
        assert await client.fetch_user_attributes() == {"email": "a@example.com"}
        assert (await client.fetch_auth_session()).user_sub == "s"
        service.calls.clear()
        for call in (
            client.sign_in("ana", "secret"),
            client.confirm_sign_in("1"),
            client.get_sign_in_step(),
            client.sign_out(),
            client.rotate_session_key(),
        ):
            with pytest.raises(errors.AuthTokenConfigException):
                await call
        assert service.calls == []


async def test_a_configuration_without_a_user_pool_raises() -> None:
    from attrs import evolve

    from aiocognito import AuthClient, AuthConfig, MemoryStorage

    for config in (AuthConfig(), evolve(CONFIG, user_pool_client_id=None)):
        async with AuthClient(config) as client:
            with pytest.raises(errors.AuthUserPoolException):
                await client.sign_in("ana", "secret")
            assert (await client.fetch_auth_session()).tokens is None
    async with SessionManager(AuthConfig(), fixed_keys=True, storage=MemoryStorage()) as sessions:
        with pytest.raises(errors.AuthUserPoolException):
            await sessions.client("key").sign_up("ana")
