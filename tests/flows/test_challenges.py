"""The table of challenges: which step each becomes, and how its answer is sent.

The ids name the rows of Amplify's two tables: 6.4 turns challenges into steps, 6.5 sends answers.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiocognito import AuthClient, errors, steps
from aiocognito._flows.challenges import CHALLENGES, ChallengeResponse
from aiocognito._flows.context import FlowContext
from aiocognito._models import CodeDeliveryDetails, TotpSetupDetails
from aiocognito._responses import RememberedDevice
from aiocognito.errors import NetworkError
from helpers.user_pool import (
    VERIFIER,
    RecordingStorage,
    begin,
    challenge,
    check_proof,
    pending,
    refusal,
    scripted_client,
)

RESPOND = "RespondToAuthChallenge"
ASSOCIATE, VERIFY = "AssociateSoftwareToken", "VerifySoftwareToken"
BOTH = '["SMS_MFA","EMAIL_OTP","SOFTWARE_TOKEN_MFA"]'
SMS = {"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******0839"}
EMAIL = {"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "a***@e***"}
SMS_STEP = steps.ConfirmSignInWithSmsCode(CodeDeliveryDetails("+*******0839", "SMS"))
EMAIL_STEP = steps.ConfirmSignInWithEmailCode(CodeDeliveryDetails("a***@e***", "EMAIL"))
OPTIONS = {"challenge": "Y2hhbGxlbmdl", "rpId": "example.com", "allowCredentials": [], "timeout": 180000}
WEB_AUTHN = challenge("WEB_AUTHN", {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(OPTIONS)})

ROWS_OF_6_4: list[tuple[str, dict[str, Any], object]] = [
    (
        "CUSTOM_CHALLENGE",
        challenge("CUSTOM_CHALLENGE", {"USERNAME": "ana", "hint": "the second dog"}),
        steps.ConfirmSignInWithCustomChallenge({"USERNAME": "ana", "hint": "the second dog"}),
    ),
    (
        "MFA_SETUP, both TOTP and EMAIL available: server order, no SMS",
        challenge("MFA_SETUP", {"MFAS_CAN_SETUP": BOTH}),
        steps.ContinueSignInWithMfaSetupSelection(["EMAIL", "TOTP"]),
    ),
    (
        "MFA_SETUP, EMAIL only",
        challenge("MFA_SETUP", {"MFAS_CAN_SETUP": '["SMS_MFA","EMAIL_OTP"]'}),
        steps.ContinueSignInWithEmailSetup(),
    ),
    (
        "MFA_SETUP, TOTP only: AssociateSoftwareToken is called now",
        challenge("MFA_SETUP", {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'}),
        steps.ContinueSignInWithTotpSetup(TotpSetupDetails("SECRETSECRET", "ana@example.com")),
    ),
    (
        "NEW_PASSWORD_REQUIRED",
        challenge("NEW_PASSWORD_REQUIRED", {"requiredAttributes": '["userAttributes.name","locale"]'}),
        steps.ConfirmSignInWithNewPasswordRequired(["name", "locale"]),
    ),
    (
        "NEW_PASSWORD_REQUIRED, nothing missing",
        challenge("NEW_PASSWORD_REQUIRED"),
        steps.ConfirmSignInWithNewPasswordRequired([]),
    ),
    (
        "SELECT_MFA_TYPE: unknown names are dropped",
        challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": '["SMS_MFA","PIGEON_MFA","SOFTWARE_TOKEN_MFA"]'}),
        steps.ContinueSignInWithMfaSelection(["SMS", "TOTP"]),
    ),
    ("SMS_MFA", challenge("SMS_MFA", SMS), SMS_STEP),
    ("SMS_OTP", challenge("SMS_OTP", SMS), SMS_STEP),
    ("EMAIL_OTP", challenge("EMAIL_OTP", EMAIL), EMAIL_STEP),
    ("SOFTWARE_TOKEN_MFA", challenge("SOFTWARE_TOKEN_MFA"), steps.ConfirmSignInWithTotpCode()),
    ("PASSWORD", challenge("PASSWORD"), steps.ConfirmSignInWithPassword()),
    ("PASSWORD_SRP", challenge("PASSWORD_SRP"), steps.ConfirmSignInWithPassword()),
    (
        "SELECT_CHALLENGE",
        challenge("SELECT_CHALLENGE", AvailableChallenges=["PASSWORD_SRP", "EMAIL_OTP"]),
        steps.ContinueSignInWithFirstFactorSelection(["PASSWORD_SRP", "EMAIL_OTP"]),
    ),
    (
        "WEB_AUTHN: a step of ours, because a server has no authenticator",
        WEB_AUTHN,
        steps.ConfirmSignInWithWebAuthn(OPTIONS),
    ),
    (
        "unknown: a step of ours, so that the caller sees what came (Amplify raises)",
        challenge("BLOOD_TEST", {"arm": "left"}),
        steps.UnsupportedChallenge("BLOOD_TEST", {"arm": "left"}),
    ),
    (
        "ADMIN_NO_SRP_AUTH, PASSWORD_VERIFIER and the like out of place: the same",
        challenge("ADMIN_NO_SRP_AUTH"),
        steps.UnsupportedChallenge("ADMIN_NO_SRP_AUTH", {}),
    ),
]


@pytest.mark.amplify("B24")
@pytest.mark.parametrize(
    ("answer", "step"),
    [pytest.param(answer, step, id=f"6.4 {row}") for row, answer, step in ROWS_OF_6_4],
)
@pytest.mark.parametrize("later", [False, True], ids=["from sign_in", "from confirm_sign_in"])
async def test_every_challenge_becomes_its_step(answer: dict[str, Any], step: Any, later: bool) -> None:
    async with scripted_client() as (client, service, _):
        service.answer(ASSOCIATE, {"SecretCode": "SECRETSECRET", "Session": "T" * 20})
        if later:
            await begin(client, service, challenge("CUSTOM_CHALLENGE"))
            service.answer(RESPOND, answer)
            result = await client.confirm_sign_in("open sesame")
            assert not result.is_signed_in
            given = result.next_step
        else:
            given = await begin(client, service, answer)
        assert given == step
        stored = await client.get_sign_in_step()
        if isinstance(step, steps.ContinueSignInWithTotpSetup):
            assert stored == steps.ContinueSignInWithTotpSetup(), "the secret is never stored"
        else:
            assert stored == step


@pytest.mark.amplify("B24")
def test_every_row_of_the_table_is_tested() -> None:
    assert {answer["ChallengeName"] for _, answer, _ in ROWS_OF_6_4} >= set(CHALLENGES)


@pytest.mark.amplify("B24")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(
            challenge("MFA_SETUP", {"MFAS_CAN_SETUP": '["SMS_MFA"]'}),
            errors.SignInException,
            id="6.4 MFA_SETUP, neither",
        ),
        pytest.param(challenge("MFA_SETUP"), errors.SignInException, id="6.4 MFA_SETUP, neither: no list"),
        pytest.param({"Session": "S" * 20}, errors.SignInException, id="6.4 undefined"),
        pytest.param(
            challenge("DEVICE_SRP_AUTH"), errors.DeviceMetadataNotFoundException, id="6.4 DEVICE_*: no device"
        ),
        pytest.param(
            challenge("WEB_AUTHN"), errors.InvalidPasskeyAuthenticationOptions, id="6.6 no options at all"
        ),
        pytest.param(
            challenge("WEB_AUTHN", {"CREDENTIAL_REQUEST_OPTIONS": '["no", "object"]'}),
            errors.InvalidPasskeyAuthenticationOptions,
            id="6.6 options that are not an object",
        ),
        pytest.param(
            challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": '"SMS_MFA"'}),
            errors.SignInException,
            id="6.4 SELECT_MFA_TYPE, no list",
        ),
    ],
)
@pytest.mark.parametrize("later", [False, True], ids=["from sign_in", "from confirm_sign_in"])
async def test_a_challenge_that_cannot_be_a_step_is_an_error(
    answer: dict[str, Any], error: type[Exception], later: bool
) -> None:
    async with scripted_client() as (client, service, _):
        if later:
            await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
            service.answer(RESPOND, answer)
            with pytest.raises(error):
                await client.confirm_sign_in("123456")
            assert (await pending(client)) is not None
        else:
            with pytest.raises(error):
                await begin(client, service, answer)
            assert (await client._session.load()).raw is None


@pytest.mark.parametrize(
    ("offered", "named"), [('["SMS_MFA"]', "SMS offered"), ("[]", "none offered"), ('["X"]', "none offered")]
)
async def test_the_error_names_the_factors_that_were_offered(offered: str, named: str) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.SignInException, match=named):
            await begin(client, service, challenge("MFA_SETUP", {"MFAS_CAN_SETUP": offered}))


def test_no_secret_of_an_answer_is_in_a_repr() -> None:
    answer = ChallengeResponse("S3cret", user_attributes={"name": "S3cret"}, friendly_device_name="phone")
    assert "S3cret" not in repr(answer)
    assert "phone" in repr(answer)
    devices = {"ana": RememberedDevice("key", "group", "S3cret")}
    context = FlowContext(None, lambda: 0.0, {"k": "S3cret"}, devices)  # type: ignore[arg-type]  # a stand-in
    assert "S3cret" not in repr(context)
    assert "key" not in repr(context)


@pytest.mark.amplify("B23")
async def test_done_reset_password_and_confirm_sign_up_are_the_steps_without_a_challenge() -> None:
    async with scripted_client() as (client, service, _):
        for code, step in (
            ("PasswordResetRequiredException", steps.ResetPassword()),
            ("UserNotConfirmedException", steps.ConfirmSignUp()),
        ):
            assert await begin(client, service, refusal("InitiateAuth", code)) == step
        service.only("InitiateAuth", service.tokens())
        result = await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert (result.is_signed_in, result.next_step) == (True, steps.Done())


# Answers that are one request: what it sends besides USERNAME, and under which name.

ONE_REQUEST: list[tuple[str, dict[str, Any], Any, str, dict[str, str]]] = [
    (
        "SELECT_CHALLENGE, other response",
        challenge("SELECT_CHALLENGE", AvailableChallenges=["EMAIL_OTP"]),
        "EMAIL_OTP",
        "SELECT_CHALLENGE",
        {"ANSWER": "EMAIL_OTP"},
    ),
    (
        "WEB_AUTHN, other response",
        WEB_AUTHN,
        "SMS_OTP",
        "SELECT_CHALLENGE",
        {"ANSWER": "SMS_OTP"},
    ),
    (
        "PASSWORD",
        challenge("PASSWORD"),
        "secret",
        "SELECT_CHALLENGE",
        {"ANSWER": "PASSWORD", "PASSWORD": "secret"},
    ),
    (
        "SELECT_MFA_TYPE, SMS",
        challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": BOTH}),
        "SMS",
        "SELECT_MFA_TYPE",
        {"ANSWER": "SMS_MFA"},
    ),
    (
        "SELECT_MFA_TYPE, TOTP",
        challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": BOTH}),
        "TOTP",
        "SELECT_MFA_TYPE",
        {"ANSWER": "SOFTWARE_TOKEN_MFA"},
    ),
    (
        "SELECT_MFA_TYPE, EMAIL",
        challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": BOTH}),
        "EMAIL",
        "SELECT_MFA_TYPE",
        {"ANSWER": "EMAIL_OTP"},
    ),
    (
        "MFA_SETUP, contains '@'",
        challenge("MFA_SETUP", {"MFAS_CAN_SETUP": '["EMAIL_OTP"]'}),
        "ana@example.com",
        "MFA_SETUP",
        {"EMAIL": "ana@example.com"},
    ),
    (
        "NEW_PASSWORD_REQUIRED",
        challenge("NEW_PASSWORD_REQUIRED"),
        "new-password",
        "NEW_PASSWORD_REQUIRED",
        {"NEW_PASSWORD": "new-password"},
    ),
    (
        "CUSTOM_CHALLENGE",
        challenge("CUSTOM_CHALLENGE"),
        "open sesame",
        "CUSTOM_CHALLENGE",
        {"ANSWER": "open sesame"},
    ),
    ("SMS_MFA", challenge("SMS_MFA", SMS), "123456", "SMS_MFA", {"SMS_MFA_CODE": "123456"}),
    ("SMS_OTP", challenge("SMS_OTP", SMS), "123456", "SMS_OTP", {"SMS_OTP_CODE": "123456"}),
    ("EMAIL_OTP", challenge("EMAIL_OTP", EMAIL), "12345678", "EMAIL_OTP", {"EMAIL_OTP_CODE": "12345678"}),
    (
        "SOFTWARE_TOKEN_MFA",
        challenge("SOFTWARE_TOKEN_MFA"),
        "123456",
        "SOFTWARE_TOKEN_MFA",
        {"SOFTWARE_TOKEN_MFA_CODE": "123456"},
    ),
    (
        "WEB_AUTHN, a credential (6.6)",
        WEB_AUTHN,
        {"id": "a", "response": {}},
        "WEB_AUTHN",
        {"CREDENTIAL": '{"id": "a", "response": {}}'},
    ),
]
ANSWERS = [pytest.param(*row, id=f"6.5 {name}") for name, *row in ONE_REQUEST]


@pytest.mark.parametrize(("asked", "response", "name", "sent"), ANSWERS)
async def test_every_answer_is_sent_by_its_row(
    asked: dict[str, Any], response: Any, name: str, sent: dict[str, str]
) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, asked)
        service.answer(RESPOND, service.tokens())
        result = await client.confirm_sign_in(response)
        assert (result.is_signed_in, result.next_step) == (True, steps.Done())
        assert service.calls == [
            (
                RESPOND,
                {
                    "ChallengeName": name,
                    "ChallengeResponses": {"USERNAME": "ana@example.com", **sent},
                    "Session": "S" * 20,
                    "ClientId": "client",
                },
            )
        ]
        assert (await client.get_current_user()).username == "ana"
        assert await client.get_sign_in_step() is None


@pytest.mark.amplify("B26")
@pytest.mark.parametrize(("asked", "response", "name", "sent"), ANSWERS)
@pytest.mark.parametrize(
    "failure",
    [
        refusal(RESPOND, "CodeMismatchException"),
        refusal(RESPOND, "NotAuthorizedException"),
        refusal(RESPOND, "InvalidPasswordException"),
        refusal(RESPOND, "LimitExceededException"),
        refusal(RESPOND, "SomethingNewException"),
        NetworkError("lost", request_sent=True),
        {},
    ],
    ids=lambda failure: getattr(failure, "name", "an answer without meaning"),
)
async def test_every_answer_that_fails_keeps_the_challenge_and_its_session(
    failure: Any, asked: dict[str, Any], response: Any, name: str, sent: dict[str, str]
) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, asked)
        before = await pending(client)
        service.answer(RESPOND, failure, service.tokens())
        with pytest.raises(errors.AuthError):
            await client.confirm_sign_in(response)
        assert await pending(client) == before, "nothing is lost, and no claim is left"
        assert (await client.confirm_sign_in(response)).is_signed_in
        assert [call[1]["Session"] for call in service.calls] == ["S" * 20] * 2


@pytest.mark.amplify("B35", "B36")
@pytest.mark.parametrize(("asked", "response", "name", "sent"), ANSWERS)
async def test_metadata_goes_with_every_answer_but_a_passkeys(
    asked: dict[str, Any], response: Any, name: str, sent: dict[str, str]
) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, asked)
        service.answer(RESPOND, service.tokens())
        await client.confirm_sign_in(response, client_metadata={"k": "v"})
        ((_, request),) = service.calls
        assert request.get("ClientMetadata") == (None if name == "WEB_AUTHN" else {"k": "v"})


@pytest.mark.parametrize(
    ("asked", "response"),
    [
        pytest.param(asked, {"id": "a"}, id=f"{name}: a mapping")
        for name, asked, *_ in ONE_REQUEST
        if asked is not WEB_AUTHN
    ]
    + [
        pytest.param(WEB_AUTHN, {"id": b"bytes"}, id="WEB_AUTHN: a mapping that is not JSON"),
        pytest.param(WEB_AUTHN, {"id": float("nan")}, id="WEB_AUTHN: a number that JSON lacks"),
        pytest.param(WEB_AUTHN, '{"id": ', id="WEB_AUTHN: text that is half an object"),
    ],
)
async def test_an_answer_of_the_wrong_kind_is_refused_before_anything_is_sent(
    asked: dict[str, Any], response: Any
) -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, asked)
        before = await pending(client)
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.confirm_sign_in(response)
        assert caught.value.code is errors.AuthValidationErrorCode.InvalidArgument
        assert service.calls == []
        assert await pending(client) == before


@pytest.mark.amplify("B28")
async def test_mfa_selection_takes_amplifys_three_names_only() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": BOTH}))
        before = await pending(client)
        for wrong in ("SMS_MFA", "sms", "EMAIL_OTP", "123456"):
            with pytest.raises(errors.AuthValidationError) as caught:
                await client.confirm_sign_in(wrong)
            assert caught.value.code is errors.AuthValidationErrorCode.IncorrectMFAMethod
        assert service.calls == []
        assert await pending(client) == before
        service.answer(RESPOND, challenge("EMAIL_OTP", EMAIL, session="T" * 20))
        assert (await client.confirm_sign_in("EMAIL")).next_step == EMAIL_STEP


# Choices that are made without asking Cognito


@pytest.mark.amplify("B31")
@pytest.mark.parametrize(
    ("asked", "response", "step"),
    [
        pytest.param(
            challenge("SELECT_CHALLENGE", AvailableChallenges=["PASSWORD"]),
            "PASSWORD",
            steps.ConfirmSignInWithPassword(),
            id="6.5 SELECT_CHALLENGE, PASSWORD: no network",
        ),
        pytest.param(
            challenge("SELECT_CHALLENGE", AvailableChallenges=["PASSWORD_SRP"]),
            "PASSWORD_SRP",
            steps.ConfirmSignInWithPassword(),
            id="6.5 SELECT_CHALLENGE, PASSWORD_SRP: no network",
        ),
        pytest.param(
            WEB_AUTHN,
            "PASSWORD",
            steps.ConfirmSignInWithPassword(),
            id="6.5 WEB_AUTHN, PASSWORD: no network",
        ),
        pytest.param(
            WEB_AUTHN,
            "PASSWORD_SRP",
            steps.ConfirmSignInWithPassword(),
            id="6.5 WEB_AUTHN, PASSWORD_SRP: no network",
        ),
        pytest.param(
            challenge("MFA_SETUP", {"MFAS_CAN_SETUP": BOTH}),
            "EMAIL",
            steps.ContinueSignInWithEmailSetup(),
            id="6.5 MFA_SETUP, EMAIL: no network",
        ),
    ],
)
async def test_a_choice_is_made_without_network_and_keeps_the_expiry(
    asked: dict[str, Any], response: str, step: object
) -> None:
    async with scripted_client() as (client, service, clock):
        await begin(client, service, asked)
        clock.advance(100)
        assert (await client.confirm_sign_in(response)).next_step == step
        assert service.calls == []
        assert await client.get_sign_in_step() == step
        clock.advance(79)
        assert await client.get_sign_in_step() == step
        clock.advance(2)
        assert await client.get_sign_in_step() is None, "Cognito's session is as old as it was"


async def test_an_answer_from_cognito_counts_the_expiry_anew() -> None:
    async with scripted_client() as (client, service, clock):
        await begin(client, service, challenge("CUSTOM_CHALLENGE"))
        service.answer(RESPOND, challenge("CUSTOM_CHALLENGE", session="T" * 20))
        clock.advance(170)
        await client.confirm_sign_in("first")
        clock.advance(170)
        assert await client.get_sign_in_step() is not None
        clock.advance(11)
        assert await client.get_sign_in_step() is None


async def test_a_new_sign_in_has_its_own_expiry_even_if_the_handle_is_the_same() -> None:
    async with scripted_client() as (client, service, clock):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        clock.advance(170)
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        clock.advance(170)
        assert await client.get_sign_in_step() is not None


async def test_the_first_factors_are_remembered_where_cognito_does_not_list_them_again() -> None:
    """Amplify has none after ``confirmSignIn``."""
    async with scripted_client() as (client, service, _):
        factors = ["PASSWORD_SRP", "EMAIL_OTP"]
        service.answer("InitiateAuth", challenge("EMAIL_OTP", EMAIL, AvailableChallenges=factors))
        await client.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
        service.answer(RESPOND, challenge("SELECT_CHALLENGE", session="T" * 20))
        step = steps.ContinueSignInWithFirstFactorSelection(factors)
        assert (await client.confirm_sign_in("00000000")).next_step == step
        assert await client.get_sign_in_step() == step
        service.only(RESPOND, challenge("SELECT_CHALLENGE", AvailableChallenges=["WEB_AUTHN"]))
        listed = (await client.confirm_sign_in("EMAIL_OTP")).next_step
        assert listed == steps.ContinueSignInWithFirstFactorSelection(["WEB_AUTHN"])


# Setting up a second factor


async def set_up(client: AuthClient, service: Any, offered: str = BOTH) -> Any:
    service.only(ASSOCIATE, {"SecretCode": "SECRETSECRET", "Session": "T" * 20})
    service.only(VERIFY, {"Status": "SUCCESS", "Session": "U" * 20})
    return await begin(
        client,
        service,
        challenge("MFA_SETUP", {"MFAS_CAN_SETUP": offered, "USER_ID_FOR_SRP": "ana"}),
    )


@pytest.mark.amplify("B29")
async def test_totp_is_chosen_set_up_and_confirmed_each_with_the_session_of_the_last_answer() -> None:
    """6.5 MFA_SETUP, TOTP: no answer is sent, and the secret is asked for. 6.5 MFA_SETUP, all digits."""
    async with scripted_client() as (client, service, clock):
        assert await set_up(client, service) == steps.ContinueSignInWithMfaSetupSelection(["EMAIL", "TOTP"])
        clock.advance(100)
        result = await client.confirm_sign_in("TOTP")
        assert result.next_step == steps.ContinueSignInWithTotpSetup(TotpSetupDetails("SECRETSECRET", "ana"))
        assert result.to_dict()["nextStep"]["totpSetupDetails"] == {"sharedSecret": "SECRETSECRET"}
        clock.advance(100)
        service.answer(RESPOND, service.tokens())
        assert (await client.confirm_sign_in("123456", friendly_device_name="phone")).is_signed_in
        assert service.calls == [
            (ASSOCIATE, {"Session": "S" * 20}),
            (VERIFY, {"UserCode": "123456", "Session": "T" * 20, "FriendlyDeviceName": "phone"}),
            (
                RESPOND,
                {
                    "ChallengeName": "MFA_SETUP",
                    "ChallengeResponses": {"USERNAME": "ana"},
                    "Session": "U" * 20,
                    "ClientId": "client",
                },
            ),
        ]


@pytest.mark.amplify("B29")
async def test_email_is_chosen_given_and_confirmed() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        assert (await client.confirm_sign_in("EMAIL")).next_step == steps.ContinueSignInWithEmailSetup()
        service.answer(RESPOND, challenge("EMAIL_OTP", EMAIL, session="T" * 20), service.tokens())
        assert (await client.confirm_sign_in("ana@example.com")).next_step == EMAIL_STEP
        assert (await client.confirm_sign_in("123456")).is_signed_in
        assert [call[1]["Session"] for call in service.calls] == ["S" * 20, "T" * 20]


@pytest.mark.amplify("B29")
async def test_mfa_setup_else_is_refused_and_loses_nothing() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        before = await pending(client)
        for wrong in ("SMS", "totp", "12a456", "1.2"):
            with pytest.raises(errors.SignInException, match="must be TOTP, EMAIL"):
                await client.confirm_sign_in(wrong)
        assert service.calls == []
        assert await pending(client) == before


async def test_a_choice_can_be_changed() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        await client.confirm_sign_in("EMAIL")
        result = await client.confirm_sign_in("TOTP")
        assert isinstance(result.next_step, steps.ContinueSignInWithTotpSetup)
        assert (await client.confirm_sign_in("EMAIL")).next_step == steps.ContinueSignInWithEmailSetup()
        stored = await pending(client)
        assert stored is not None
        assert stored.challenge.session == "T" * 20, "the newest session counts for every choice"
        assert stored.challenge.parameters["USER_ID_FOR_SRP"] == "ana"


async def test_a_totp_secret_is_never_stored_and_a_lost_one_is_made_anew() -> None:
    storage = RecordingStorage()
    async with scripted_client(storage=storage) as (client, service, _):
        await set_up(client, service, '["SOFTWARE_TOKEN_MFA"]')
        assert await client.get_sign_in_step() == steps.ContinueSignInWithTotpSetup(None)
        assert storage.written
        assert not any(b"SECRETSECRET" in value for value in storage.written)
        service.only(ASSOCIATE, {"SecretCode": "ANOTHERSECRET", "Session": "V" * 20})
        result = await client.confirm_sign_in("TOTP")
        assert result.next_step == steps.ContinueSignInWithTotpSetup(TotpSetupDetails("ANOTHERSECRET", "ana"))
        assert service.calls == [(ASSOCIATE, {"Session": "T" * 20})]


async def test_a_wrong_first_code_can_be_tried_again_with_the_same_secret() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service, '["SOFTWARE_TOKEN_MFA"]')
        service.only(
            VERIFY,
            refusal(VERIFY, "EnableSoftwareTokenMFAException", "Code mismatch"),
            {"Status": "ERROR"},
            {"Status": "SUCCESS"},
        )
        for error in (errors.EnableSoftwareTokenMFAException, errors.SetUpTOTPException):
            with pytest.raises(error):
                await client.confirm_sign_in("000000")
        service.answer(RESPOND, service.tokens())
        assert (await client.confirm_sign_in("123456")).is_signed_in
        sessions = [sent["Session"] for _, sent in service.calls]
        assert sessions == ["T" * 20] * 4, "an answer that brings no session leaves the old one"


async def test_without_a_secret_nothing_can_be_set_up() -> None:
    async with scripted_client() as (client, service, _):
        service.answer(ASSOCIATE, {"Session": "T" * 20})
        with pytest.raises(errors.SetUpTOTPException):
            await begin(client, service, challenge("MFA_SETUP", {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'}))
        assert await client.get_sign_in_step() is None


async def test_a_choice_whose_secret_cannot_be_fetched_can_be_made_again() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        before = await pending(client)
        service.only(ASSOCIATE, NetworkError("lost"), {"SecretCode": "SECRETSECRET"})
        with pytest.raises(NetworkError):
            await client.confirm_sign_in("TOTP")
        assert await pending(client) == before
        result = await client.confirm_sign_in("TOTP")
        assert isinstance(result.next_step, steps.ContinueSignInWithTotpSetup)
        stored = await pending(client)
        assert stored is not None
        assert stored.challenge.session == "S" * 20


# Several factors one after the other


async def test_a_long_chain_uses_each_session_once() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("NEW_PASSWORD_REQUIRED", session="S" * 20))
        service.answer(
            RESPOND,
            challenge("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": BOTH}, session="T" * 20),
            challenge("SMS_MFA", SMS, session="U" * 20),
            challenge("CUSTOM_CHALLENGE", session="V" * 20),
            service.tokens(),
        )
        for response in ("new-password", "SMS", "123456"):
            assert not (await client.confirm_sign_in(response)).is_signed_in
        assert (await client.confirm_sign_in("open sesame")).is_signed_in
        assert [sent["Session"][0] for _, sent in service.calls] == list("STUV")


async def test_6_5_other_challenges_cannot_be_answered() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("ADMIN_NO_SRP_AUTH"))
        with pytest.raises(errors.SignInException, match="ADMIN_NO_SRP_AUTH"):
            await client.confirm_sign_in("secret")
        assert service.calls == []


async def test_6_5_preconditions() -> None:
    """The answer is checked first, then whether a sign-in is pending."""
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.confirm_sign_in("")
        assert caught.value.code is errors.AuthValidationErrorCode.EmptyChallengeResponse
        with pytest.raises(errors.SignInException):
            await client.confirm_sign_in("123456")
        assert service.calls == []


async def test_6_5_password_srp_proves_the_password_with_the_session_of_the_choice() -> None:
    """6.5 PASSWORD_SRP: SELECT_CHALLENGE with SRP_A, then the proof under USER_ID_FOR_SRP."""
    async with scripted_client() as (client, service, clock):
        await begin(client, service, challenge("PASSWORD_SRP"))
        service.answer(RESPOND, {**VERIFIER, "Session": "T" * 20}, service.tokens())
        assert (await client.confirm_sign_in("secret", client_metadata={"k": "v"})).is_signed_in
        (_, first), (_, second) = service.calls
        assert int(first["ChallengeResponses"].pop("SRP_A"), 16)
        assert first == {
            "ChallengeName": "SELECT_CHALLENGE",
            "ChallengeResponses": {"USERNAME": "ana@example.com", "ANSWER": "PASSWORD_SRP"},
            "Session": "S" * 20,
            "ClientMetadata": {"k": "v"},
            "ClientId": "client",
        }
        check_proof(second, clock, session="T" * 20)


async def test_6_5_password_srp_without_a_verifier_is_taken_as_it_comes() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("PASSWORD_SRP"))
        service.answer(RESPOND, challenge("EMAIL_OTP", EMAIL, session="T" * 20))
        assert (await client.confirm_sign_in("secret")).next_step == EMAIL_STEP
