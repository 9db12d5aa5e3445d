"""What a refusal is about, by the texts that Cognito was seen to answer with."""

import copy
import itertools
import pickle

import pytest

from aiocognito import errors
from aiocognito.errors import AuthError, ServiceError, service_error
from aiocognito.errors._operations import BY_OPERATION
from aiocognito.errors._refusals import RefusalSubject, subject_of

ID = "1example23456789abcdefghij"
REFRESH = "GetTokensFromRefreshToken"
# Code and text of refusals about the app client, each captured from the service or its SDKs' reports.
APP_CLIENT = [
    ("NotAuthorizedException", f"Client {ID} is configured with secret but SECRET_HASH was not received"),
    ("NotAuthorizedException", f"Client {ID} is configured for secret but secret was not received"),
    ("NotAuthorizedException", f"Unable to verify secret hash for client {ID}"),
    ("NotAuthorizedException", f"SecretHash does not match for the client: {ID}"),
    ("NotAuthorizedException", "Refresh Token has different Client"),
    ("UnauthorizedException", "Invalid client or secret"),
    ("ResourceNotFoundException", f"User pool client {ID} does not exist."),
    ("ResourceNotFoundException", "User pool us-east-1_Example does not exist."),
    ("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"),
    ("InvalidParameterException", "USER_SRP_AUTH is not enabled for the client."),
    ("InvalidParameterException", "Refresh Token flow not enabled for this client"),
    ("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool."),
    ("UnsupportedOperationException", "This API does not support refresh token rotation"),
    ("UnsupportedOperationException", "This feature is not enabled for this client"),
]
IDENTITY_POOL = [
    ("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool."),
    ("NotAuthorizedException", "Token is not from a supported provider of this identity pool."),
    ("NotAuthorizedException", "Identity pool - us-east-1:1 does not have identity providers configured."),
    ("ResourceNotFoundException", "IdentityPool 'us-east-1:1' not found."),
    ("InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration."),
]
# What a refresh is refused with, beside that.
OF_A_REFRESH = [
    ("NotAuthorizedException", "Invalid Refresh Token.", RefusalSubject.DEVICE),
    ("NotAuthorizedException", "Invalid Refresh Token", RefusalSubject.REFRESH_TOKEN_ENDED),
    ("NotAuthorizedException", "Refresh Token has expired", RefusalSubject.REFRESH_TOKEN_ENDED),
    ("NotAuthorizedException", "Refresh Token has been revoked", RefusalSubject.REFRESH_TOKEN_ENDED),
    ("NotAuthorizedException", None, RefusalSubject.REFRESH_TOKEN_ENDED),
    ("TokenRevokedException", "no", RefusalSubject.REFRESH_TOKEN_ENDED),
    ("RefreshTokenReuseException", "Refresh token reuse detected", RefusalSubject.REFRESH_TOKEN_SPENT),
    ("NotAuthorizedException", "Invalid session for the user.", RefusalSubject.SIGN_IN_ENDED),
    ("NotAuthorizedException", "Incorrect username or password.", RefusalSubject.CREDENTIALS),
    ("NotAuthorizedException", "User is disabled.", RefusalSubject.USER),
    (
        "NotAuthorizedException",
        "The user has been deleted for the associated refresh token",
        RefusalSubject.USER,
    ),
    ("UserNotFoundException", "User does not exist.", RefusalSubject.USER),
    ("PasswordResetRequiredException", "Password reset required for the user", RefusalSubject.USER),
    ("UserNotConfirmedException", "User is not confirmed.", RefusalSubject.USER),
    ("NotAuthorizedException", "Quota of sessions exhausted", RefusalSubject.UNKNOWN),
    ("NotAuthorizedException", "Refresh Token is in quarantine", RefusalSubject.UNKNOWN),
    ("BrandNewException", "no", RefusalSubject.UNKNOWN),
    ("InvalidParameterException", "Missing required parameter REFRESH_TOKEN", RefusalSubject.REQUEST),
    ("InvalidParameterException", "1 validation error detected: Value at 'token'", RefusalSubject.REQUEST),
    ("InvalidParameterException", None, RefusalSubject.REQUEST),
    ("TooManyRequestsException", "Rate exceeded", RefusalSubject.SERVICE),
    ("InternalErrorException", "Internal failure", RefusalSubject.SERVICE),
    ("ForbiddenException", "Request not allowed due to WAF block.", RefusalSubject.SERVICE),
    ("UserLambdaValidationException", f"PreTokenGeneration: client {ID} no", RefusalSubject.SERVICE),
    ("UnexpectedLambdaException", "PreTokenGeneration invocation failed", RefusalSubject.SERVICE),
    ("InvalidLambdaResponseException", "Unrecognizable lambda output", RefusalSubject.SERVICE),
    ("OperationNotEnabledException", "no", RefusalSubject.SERVICE),
    ("FeatureUnavailableInTierException", "no", RefusalSubject.SERVICE),
    ("UnknownError", "the answer could not be read", RefusalSubject.SERVICE),
]


def refusal(operation: str, code: str, text: str | None, status: int = 400) -> ServiceError:
    said = text is not None
    return service_error(
        operation, code, text or "it was refused", has_service_message=said, service_status=status
    )


def capitals(text: str) -> list[str]:
    return [text, text.lower(), text.upper()]


@pytest.mark.parametrize("operation", BY_OPERATION)
def test_a_refusal_about_the_app_client_is_so_for_every_operation(operation: str) -> None:
    for code, text in APP_CLIENT:
        for spelling in capitals(text):
            error = refusal(operation, code, spelling)
            assert subject_of(error) is RefusalSubject.APP_CLIENT, spelling
            assert error.is_configuration is True
            assert errors.http_status_for(error) == 503


@pytest.mark.parametrize(("code", "text"), IDENTITY_POOL)
def test_a_refusal_about_the_identity_pool_is_configuration(code: str, text: str) -> None:
    for operation in ("GetId", "GetCredentialsForIdentity", "GetOpenIdToken"):
        error = refusal(operation, code, text)
        assert subject_of(error) is RefusalSubject.IDENTITY_POOL
        assert error.is_configuration is True
        assert errors.http_status_for(error) == 503


@pytest.mark.parametrize(("code", "text", "subject"), OF_A_REFRESH)
def test_a_refresh_is_refused_for_another_reason(
    code: str, text: str | None, subject: RefusalSubject
) -> None:
    for spelling in capitals(text) if text else [text]:
        error = refusal(REFRESH, code, spelling)
        assert subject_of(error) is subject
        assert error.is_configuration is False
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert subject_of(twin) is subject


@pytest.mark.parametrize("operation", sorted(set(BY_OPERATION) - {REFRESH}))
def test_an_absent_message_says_nothing_elsewhere(operation: str) -> None:
    assert subject_of(refusal(operation, "NotAuthorizedException", None)) is RefusalSubject.UNKNOWN


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Access Token has expired", RefusalSubject.ACCESS_TOKEN_EXPIRED),
        ("Access Token has been revoked", RefusalSubject.ACCESS_TOKEN_ENDED),
        ("Invalid Access Token", RefusalSubject.ACCESS_TOKEN_ENDED),
        ("Invalid access token.", RefusalSubject.ACCESS_TOKEN_ENDED),
        ("Could not verify signature for Access Token", RefusalSubject.ACCESS_TOKEN_ENDED),
        ("Access Token does not have required scopes", RefusalSubject.UNKNOWN),
        ("User is disabled.", RefusalSubject.USER),
    ],
)
def test_an_access_token_is_refused(text: str, subject: RefusalSubject) -> None:
    error = refusal("GetUser", "NotAuthorizedException", text)
    assert subject_of(error) is subject
    assert errors.http_status_for(error) == 401


@pytest.mark.parametrize(
    ("operation", "code", "text", "status"),
    [
        ("InitiateAuth", "NotAuthorizedException", "Incorrect username or password.", 401),
        ("InitiateAuth", "InvalidParameterException", "Missing required parameter USERNAME", 422),
        ("RespondToAuthChallenge", "ResourceNotFoundException", "Device does not exist.", 404),
        ("UpdateDeviceStatus", "ResourceNotFoundException", "Device does not exist.", 404),
        ("GetDevice", "ResourceNotFoundException", "no", 404),
        ("GetId", "ResourceNotFoundException", "Identity 'us-east-1:1' not found.", 404),
        ("SignUp", "UserLambdaValidationException", "PreSignUp failed: secret hash.", 422),
    ],
)
def test_what_a_user_mistypes_is_not_configuration(operation: str, code: str, text: str, status: int) -> None:
    error = refusal(operation, code, text)
    assert error.is_configuration is False
    assert errors.http_status_for(error) == status


@pytest.mark.parametrize("operation", ["InitiateAuth", "SignUp", REFRESH, "RevokeToken"])
def test_of_what_names_only_the_client_the_client_is_not_found_in_any_wording(operation: str) -> None:
    # moto answers with the client's id and nothing else.
    for text in (ID, None):
        error = refusal(operation, "ResourceNotFoundException", text)
        assert subject_of(error) is RefusalSubject.APP_CLIENT


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_scope"])
def test_the_token_endpoint_refuses_the_app_client(error: str) -> None:
    refused = ServiceError(error, name=error, operation="Token", service_status=400)
    told = errors.OAuthSignInException(error, error=error, service_status=400)
    for told_error in (refused, told, pickle.loads(pickle.dumps(told))):
        assert subject_of(told_error) is RefusalSubject.APP_CLIENT
        assert told_error.is_configuration is True
        assert errors.http_status_for(told_error) == 503


@pytest.mark.parametrize("error", [None, "invalid_grant", "access_denied", "server_error"])
def test_the_token_endpoint_refuses_something_else(error: str | None) -> None:
    told = errors.OAuthSignInException("no", error=error, service_status=400)
    assert told.is_configuration is False
    assert errors.http_status_for(told) == 401


@pytest.mark.parametrize(("code", "text"), APP_CLIENT[:3])
def test_a_service_that_is_down_is_not_about_the_app_client(code: str, text: str) -> None:
    assert subject_of(refusal("InitiateAuth", code, text, status=503)) is RefusalSubject.SERVICE


def test_no_answer_is_about_the_service() -> None:
    assert subject_of(errors.NetworkError("no")) is RefusalSubject.SERVICE
    for other in (errors.StorageError("no"), ValueError("Invalid Refresh Token"), AuthError("no")):
        assert subject_of(other) is RefusalSubject.UNKNOWN


@pytest.mark.parametrize(
    "cls",
    [
        errors.AuthConfigError,
        errors.AuthTokenConfigException,
        errors.AuthUserPoolException,
        errors.OAuthNotConfigureException,
        errors.InvalidIdentityPoolIdException,
        errors.InvalidRedirectException,
    ],
)
def test_what_the_library_says_of_its_configuration(cls: type[AuthError]) -> None:
    error = cls("no")
    assert error.is_configuration is True
    assert pickle.loads(pickle.dumps(error)).is_configuration is True
    assert errors.http_status_for(error) == 503


def test_other_errors_are_not_configuration() -> None:
    for cls in (errors.NetworkError, errors.StorageError, errors.UserUnAuthenticatedException):
        assert cls("no").is_configuration is False


def test_what_the_service_said_is_kept_apart_from_texts_of_ours() -> None:
    said, silent = (refusal(REFRESH, "NotAuthorizedException", text) for text in ("Said so.", None))
    assert (said.message, said.service_message) == ("Said so.", "Said so.")
    assert (silent.message, silent.service_message) == ("it was refused", None)
    assert ServiceError().service_message is None


def test_every_subject_is_recognized() -> None:
    rows = [*APP_CLIENT, *IDENTITY_POOL]
    told = {subject_of(refusal("SignUp", code, text)) for code, text in rows}
    told |= {subject for _, _, subject in OF_A_REFRESH}
    ofs = {RefusalSubject.ACCESS_TOKEN_EXPIRED, RefusalSubject.ACCESS_TOKEN_ENDED}
    ofs |= {RefusalSubject.ID_TOKEN_EXPIRED}
    assert told | ofs == set(RefusalSubject)
    assert all(a != b for a, b in itertools.combinations(APP_CLIENT, 2))
