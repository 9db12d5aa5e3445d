"""Cognito's refusals: each is of a code and of an operation, whichever a user thinks in."""

import copy
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import errors
from aiocognito.errors import ServiceError, service_error
from aiocognito.errors._codes import BY_CODE
from aiocognito.errors._operations import BY_OPERATION

# Amplify's enumerations of service exceptions: the name of each, and the codes in it.
AMPLIFY: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "service_exceptions.json").read_text()
)
# Two of Amplify's names are not the operation's.
OPERATIONS = {
    "ResendConfirmationException": "ResendConfirmationCode",
    "GetUserAttributeVerificationException": "GetUserAttributeVerificationCode",
}


def operation_of(exception: str) -> str:
    return OPERATIONS.get(exception, exception.removesuffix("Exception"))


# --- Both at once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("exception", AMPLIFY)
def test_every_refusal_that_amplify_lists_is_of_both(exception: str) -> None:
    operation = operation_of(exception)
    for code in AMPLIFY[exception]:
        error = service_error(operation, code, "no")
        assert isinstance(error, getattr(errors, exception))
        assert isinstance(error, getattr(errors, code))
        assert (error.name, error.code, error.operation) == (code, code, operation)


def test_a_refusal_is_raised_with_all_that_is_known() -> None:
    error = service_error(
        "RespondToAuthChallenge",
        "NotAuthorizedException",
        "Incorrect username or password.",
        service_status=400,
        request_id="r-1",
    )
    assert type(error).__name__ == "NotAuthorizedException"
    assert type(error).__module__ == errors.NotAuthorizedException.__module__
    assert type(error).__doc__
    assert str(error) == "Incorrect username or password."
    assert error.service_status == 400
    assert error.request_id == "r-1"
    assert error.retryable is False
    assert not isinstance(error, errors.InitiateAuthException)


def test_a_refusal_of_which_little_is_known() -> None:
    error = service_error("SignUp", "UsernameExistsException", "no")
    assert (error.service_status, error.request_id) == (None, None)
    assert errors.SignUpException("no").operation is None


def test_one_class_of_each_pair() -> None:
    first, second = (service_error("SignUp", "UsernameExistsException", "no") for _ in range(2))
    assert type(first) is type(second)


def test_an_unknown_code_is_of_the_operation() -> None:
    error = service_error("InitiateAuth", "BrandNewException", "no")
    assert type(error) is errors.InitiateAuthException
    assert (error.name, error.code) == ("BrandNewException", None)
    assert errors.http_status_for(error) == 502


def test_an_unknown_operation_is_of_the_code() -> None:
    error = service_error("BrandNewOperation", "NotAuthorizedException", "no")
    assert type(error) is errors.NotAuthorizedException
    assert (error.name, error.operation) == ("NotAuthorizedException", "BrandNewOperation")


def test_neither_known_is_still_a_refusal() -> None:
    error = service_error("BrandNewOperation", "BrandNewException", "")
    assert type(error) is ServiceError
    assert (error.name, error.operation) == ("BrandNewException", "BrandNewOperation")
    assert str(error) == "BrandNewException"


def test_a_hostile_server_cannot_fill_the_memory_with_classes() -> None:
    before = len(ServiceError.__subclasses__())
    kinds = {type(service_error("SignUp", f"Code{n}Exception", "no")) for n in range(100)}
    assert kinds == {errors.SignUpException}
    assert len(ServiceError.__subclasses__()) == before


codes = st.sampled_from(sorted(BY_CODE)) | st.text(max_size=20)
operations = st.sampled_from(sorted(BY_OPERATION)) | st.text(max_size=20)


@given(codes, operations, st.text(max_size=20), st.none() | st.integers(100, 599))
def test_every_service_error_survives_pickling(
    code: str, operation: str, message: str, status: int | None
) -> None:
    error = service_error(operation, code, message, service_status=status, request_id="r")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert twin.args == (message,)
    assert error.operation == operation
    assert error.name == (code or type(error).__name__)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_finds_both_classes_again(protocol: int) -> None:
    error = service_error("ChangePassword", "LimitExceededException", "no", service_status=400)
    twin = pickle.loads(pickle.dumps(error, protocol))
    assert isinstance(twin, errors.ChangePasswordException)
    assert isinstance(twin, errors.LimitExceededException)
    assert vars(twin) == vars(error)


def test_a_name_of_one_s_own_does_not_change_the_class() -> None:
    error = errors.SignUpException("no", name="NotAuthorizedException", operation="SignUp")
    assert type(copy.copy(error)) is errors.SignUpException


# --- Whether, and how, to try again --------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ],
)
def test_not_now_is_429_and_may_be_tried_again(code: str) -> None:
    error = service_error("ForgotPassword", code, "slow down", service_status=400)
    assert error.retryable is True
    assert errors.http_status_for(error) == 429


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_transient_status_may_be_tried_again(status: int) -> None:
    error = service_error("GetUser", "UnknownError", "", service_status=status)
    assert error.retryable is True
    assert errors.http_status_for(error) == (429 if status == 429 else 502)


@pytest.mark.parametrize("code", ["TimeoutError", "RequestTimeout", "RequestTimeoutException"])
def test_a_time_out_may_be_tried_again(code: str) -> None:
    assert service_error("GetUser", code, "", service_status=408).retryable is True


@pytest.mark.parametrize("code", ["NotAuthorizedException", "CodeMismatchException", "UserNotFoundException"])
def test_a_plain_no_may_not(code: str) -> None:
    assert service_error("InitiateAuth", code, "no", service_status=400).retryable is False


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NotAuthorizedException", 401),
        ("RefreshTokenReuseException", 401),
        ("ForbiddenException", 403),
        ("UserNotFoundException", 404),
        ("UsernameExistsException", 409),
        ("AliasExistsException", 409),
        ("CodeMismatchException", 422),
        ("ExpiredCodeException", 422),
        ("InvalidPasswordException", 422),
        ("InvalidParameterException", 422),
        ("UserLambdaValidationException", 422),
        ("TooManyFailedAttemptsException", 429),
        ("InternalErrorException", 502),
        ("InvalidLambdaResponseException", 502),
    ],
)
def test_what_a_web_layer_answers(code: str, status: int) -> None:
    for operation in ("SignUp", "RespondToAuthChallenge", "Unheard"):
        assert errors.http_status_for(service_error(operation, code, "no")) == status


# --- Against the services' own models ------------------------------------------------------------------


@pytest.fixture(scope="module", params=["cognito-idp", "cognito-identity"])
def model(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = Loader().load_service_model(request.param, "service-2")
    return loaded


def user_operations(model: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is called without AWS credentials: what a signed-in or unknown person may call."""
    for name, operation in model["operations"].items():
        if operation.get("authtype") == "none" or "smithy.api#noAuth" in operation.get("auth", []):
            yield name, operation


def test_every_operation_of_a_user_has_a_class(model: dict[str, Any]) -> None:
    names = {name for name, _ in user_operations(model)}
    assert len(names) >= 4
    assert names <= set(BY_OPERATION)


def test_every_declared_code_has_a_class(model: dict[str, Any]) -> None:
    declared = {
        model["shapes"][error["shape"]].get("error", {}).get("code", error["shape"])
        for _, operation in user_operations(model)
        for error in operation.get("errors", [])
    }
    assert len(declared) >= 8
    assert declared <= set(BY_CODE)


def test_names_follow_one_rule() -> None:
    assert {operation_of(cls.__name__): cls for cls in BY_OPERATION.values()} == BY_OPERATION
    assert {cls.__name__: cls for cls in BY_CODE.values()} == BY_CODE
    assert {cls.code: cls for cls in BY_CODE.values()} == BY_CODE


def test_all_of_amplify_s_names_exist() -> None:
    assert {operation_of(name) for name in AMPLIFY} <= set(BY_OPERATION)
    assert {code for codes in AMPLIFY.values() for code in codes} <= set(BY_CODE)
