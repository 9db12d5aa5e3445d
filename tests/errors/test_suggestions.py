"""Every error that has a next step names it, as a note that a traceback shows."""

import copy
import pickle
import traceback

import pytest

from aiocognito import AuthClient, errors
from aiocognito.emulator import CognitoEmulator
from aiocognito.errors import AuthError, AuthValidationError, AuthValidationErrorCode, service_error
from aiocognito.errors._operations import BY_OPERATION

from .test_refusals import APP_CLIENT, IDENTITY_POOL, REFRESH
from .test_tree import CLASSES

# Classes without a suggestion of their own, and why.
OF_THE_CODE = "what to do depends on the code, whose class has it"
NONE: dict[str, str] = {
    "AuthConfigError": "the message names the field and what belongs there",
    "AuthError": "the root is never raised by itself",
    "AuthValidationError": "the message names the argument and what belongs there",
    "DeviceKeyExistsException": "the device is confirmed already, which is what was wanted",
    "GroupExistsException": "no operation of a user creates groups",
    "InvalidPasskeyRegistrationOptions": "the service's answer is malformed, and no caller can mend that",
    "ServiceError": "a code that is not known",
    "TokenVerificationError": "the base of the reasons, each of which has its own",
    "TokenSignatureError": "a forged token has no next step",
} | {cls.__name__: OF_THE_CODE for cls in BY_OPERATION.values()}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_class_has_a_next_step_or_a_reason_for_none(cls: type[AuthError]) -> None:
    assert (cls.default_recovery is None) == (cls.__name__ in NONE)
    if cls.default_recovery is not None:
        assert cls.default_recovery.endswith(".")
        assert notes(cls("what went wrong")) == [cls.default_recovery]


def test_no_reason_is_left_over() -> None:
    assert set(NONE) <= {cls.__name__ for cls in CLASSES}


def notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", ()))


@pytest.mark.parametrize(
    ("operation", "code", "text", "wanted"),
    [
        *(("InitiateAuth", code, text, "") for code, text in APP_CLIENT),
        *(("GetId", code, text, "") for code, text in IDENTITY_POOL),
        ("SignUp", *APP_CLIENT[0], "user_pool_client_secret: this app client has a secret"),
        ("SignUp", *APP_CLIENT[2], "the secret that the app client has now"),
        (REFRESH, *APP_CLIENT[4], "user_pool_client_id"),
        ("SignUp", *APP_CLIENT[6], "user_pool_client_id"),
        ("SignUp", *APP_CLIENT[7], "user_pool_id"),
        ("RevokeToken", *APP_CLIENT[5], "the secret that the app client has now"),
        ("InitiateAuth", *APP_CLIENT[8], "ALLOW_USER_PASSWORD_AUTH"),
        ("InitiateAuth", *APP_CLIENT[9], "ALLOW_USER_SRP_AUTH"),
        (REFRESH, *APP_CLIENT[10], "ALLOW_REFRESH_TOKEN_AUTH"),
        ("InitiateAuth", *APP_CLIENT[11], "triggers Define, Create and Verify"),
        (
            "InitiateAuth",
            "InvalidParameterException",
            "CUSTOM_AUTH is not enabled for the client.",
            "Add the flow to the app client's ExplicitAuthFlows",
        ),
        ("RevokeToken", *APP_CLIENT[13], "EnableTokenRevocation"),
        ("GetId", *IDENTITY_POOL[0], "guest access"),
        ("GetId", *IDENTITY_POOL[1], "the identity pool's authentication providers"),
        ("GetId", *IDENTITY_POOL[2], "the identity pool's authentication providers"),
        ("GetId", *IDENTITY_POOL[3], "identity_pool_id"),
        (
            "SignUp",
            "InvalidParameterException",
            "Attributes did not conform to the schema: team: Attribute does not exist in the schema.\n",
            "custom:",
        ),
        (
            "DeleteUserAttributes",
            "InvalidParameterException",
            "Invalid user attributes: Type for attribute {team} could not be determined",
            "custom:",
        ),
        ("ConfirmSignUp", "CodeMismatchException", "Invalid verification code provided", "code"),
        ("ConfirmSignUp", "ExpiredCodeException", "Invalid code provided", "another code"),
        ("RespondToAuthChallenge", "NotAuthorizedException", "Invalid session for the user.", "sign_in"),
        ("InitiateAuth", "NotAuthorizedException", "Incorrect username or password.", "reset the password"),
        ("InitiateAuth", "NotAuthorizedException", "Password attempts exceeded", "Wait"),
        ("InitiateAuth", "NotAuthorizedException", "User is disabled.", "administrator"),
        (
            "ForgotPassword",
            "InvalidParameterException",
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
            "Verify an e-mail address",
        ),
        ("GetUser", "NotAuthorizedException", "Access Token has expired", "force_refresh"),
        (
            "GetUser",
            "NotAuthorizedException",
            "Access Token does not have required scopes",
            "aws.cognito.signin.user.admin",
        ),
        (REFRESH, "NotAuthorizedException", "Refresh Token has expired", "Sign in again"),
        ("Token", "unauthorized_client", "unauthorized_client", "CallbackURLs"),
        ("Token", "invalid_client", "invalid_client", "user_pool_client_secret"),
        ("SignUp", "UserLambdaValidationException", "PreSignUp failed: secret hash", "trigger's message"),
    ],
)
def test_the_next_step_of_a_refusal(operation: str, code: str, text: str, wanted: str) -> None:
    error = service_error(operation, code, text, service_status=400)
    assert error.recovery_suggestion
    assert wanted in error.recovery_suggestion
    assert notes(error) == [error.recovery_suggestion]


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        ("invalid_client", "user_pool_client_secret"),
        ("unauthorized_client", "AllowedOAuthFlows"),
        ("invalid_scope", "Allow the scopes in the app client's AllowedOAuthScopes"),
        ("invalid_grant", "was used before or has expired"),
        ("access_denied", "offer to begin again"),
    ],
)
def test_the_next_step_after_the_hosted_ui_refused(error: str, wanted: str) -> None:
    told = errors.OAuthSignInException("no", error=error)
    assert wanted in str(told.recovery_suggestion)
    assert notes(told) == [told.recovery_suggestion]


def test_a_suggestion_of_the_caller_wins() -> None:
    error = errors.NotAuthorizedException("User is disabled.", recovery_suggestion="Call the office.")
    assert notes(error) == ["Call the office."]


def test_an_error_without_a_next_step_has_no_note() -> None:
    assert notes(AuthValidationError(AuthValidationErrorCode.EmptySignInUsername)) == []


@pytest.mark.parametrize(
    "error",
    [
        errors.StorageError("no"),
        errors.AuthConfigError("no", field="user_pool_id", recovery_suggestion="Write it."),
        errors.OAuthSignInException("no", error="invalid_client"),
        service_error("SignUp", *APP_CLIENT[0]),
        service_error(REFRESH, "NotAuthorizedException", "gone", has_service_message=False),
    ],
    ids=lambda error: error.name,
)
def test_notes_survive_and_are_not_doubled(error: AuthError) -> None:
    expected = notes(error)
    assert len(expected) == 1
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            raise error
        assert notes(caught.value) == expected
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert notes(twin) == expected
        assert (twin.is_configuration, twin.recovery_suggestion) == (
            error.is_configuration,
            error.recovery_suggestion,
        )
        twin.add_note("of the copy alone")
    assert notes(error) == expected


# --- Tracebacks ----------------------------------------------------------------------------------------


def rendered(error: BaseException) -> list[str]:
    """Return a traceback's lines, without those of carets: how many there are depends on Python's version."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return [line for line in lines if line.strip(" ^~")]


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_the_traceback_of_a_wrong_password_is_short(flow: str) -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user("ana", "correct-Horse-7")
        async with AuthClient(pool.config, clock=emulator.clock) as auth:
            with pytest.raises(errors.NotAuthorizedException) as caught:
                await auth.sign_in("ana", "wrong-Horse-7", auth_flow_type=flow)  # type: ignore[arg-type]  # parametrized
    lines = rendered(caught.value)
    assert len(lines) < 20, "\n".join(lines)
    assert lines[-1] == caught.value.recovery_suggestion
    assert caught.value.request_id
    assert caught.value.service_status == 400
    assert "botocore" not in "\n".join(lines)
    assert "wrong-Horse-7" not in "\n".join(lines).replace('"wrong-Horse-7", auth_flow_type', "")


async def test_the_tracebacks_of_other_methods_are_short() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"GenerateSecret": True})
        await pool.add_user("ana", "correct-Horse-7")
        async with AuthClient(pool.config, clock=emulator.clock) as auth:
            for call in (
                lambda: auth.confirm_sign_up("ana", "1"),
                lambda: auth.sign_up("ana", "correct-Horse-7"),
                lambda: auth.confirm_reset_password("ana", "correct-Horse-8", "123456"),
                lambda: auth.confirm_sign_in("1"),
            ):
                with pytest.raises(AuthError) as caught:
                    await call()
                assert len(rendered(caught.value)) < 30


async def test_the_traceback_of_a_lost_connection_has_its_cause_and_stays_short() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        config = pool.config
    async with AuthClient(config) as auth:
        with pytest.raises(errors.NetworkError) as caught:
            await auth.sign_in("ana", "correct-Horse-7")
    lines = rendered(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert any("Connect call failed" in line or "ConnectionRefusedError" in line for line in lines)
    assert len(lines) < 30, "\n".join(lines)


# --- Objects that are used too late --------------------------------------------------------------------


async def test_a_closed_object_says_which_one_it_is() -> None:
    from aiocognito import AuthConfig, MemoryStorage, SessionManager

    config = AuthConfig(user_pool_id="us-east-1_Example", user_pool_client_id="client")
    async with AuthClient(config) as auth:
        pass
    async with SessionManager(config, storage=MemoryStorage()) as sessions:
        client = sessions.client(sessions.new_session_key())
    for closed, owner in ((auth, "AuthClient"), (client, "SessionManager")):
        with pytest.raises(errors.AuthUsageError, match=f"this {owner} is closed") as caught:
            await closed.sign_in("ana", "correct-Horse-7")
        assert isinstance(caught.value, RuntimeError)
        assert f"Make another {owner}" in str(caught.value.recovery_suggestion)


async def test_a_missing_session_key_says_how_one_is_made() -> None:
    from aiocognito import AuthConfig, MemoryStorage, SessionManager

    config = AuthConfig(user_pool_id="us-east-1_Example", user_pool_client_id="client")
    async with SessionManager(config, storage=MemoryStorage()) as sessions:
        with pytest.raises(AuthValidationError, match="session_key: must be text") as caught:
            sessions.client(None)  # type: ignore[arg-type]  # a cookie that is not there
    assert "new_session_key()" in str(caught.value.recovery_suggestion)
