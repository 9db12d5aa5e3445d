"""The JSON body of errors: internals of the service stay inside."""

from __future__ import annotations

import pytest

from aiocognito import errors
from aiocognito._web.error_body import ERROR_SCHEMA, error_body, retry_after
from aiocognito.errors import service_error

INTERNAL = "redis://10.0.0.7:6379 refused"


def test_a_refusal_says_what_the_user_can_do() -> None:
    error = service_error("ConfirmSignUp", "CodeMismatchException", "Wrong code.", request_id="r-1")
    assert error_body(error) == {
        "name": "CodeMismatchException",
        "message": "Wrong code.",
        "recoverySuggestion": error.recovery_suggestion,
        "requestId": "r-1",
    }
    assert ERROR_SCHEMA["required"] == list(error_body(error))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.StorageError(INTERNAL), "The session could not be read or stored."),
        (errors.SessionBusyError(INTERNAL), "The session could not be read or stored."),
        (errors.NetworkError(INTERNAL), "The identity service could not be reached."),
        (errors.JwksUnavailableError(INTERNAL), "The keys that verify tokens could not be fetched."),
        (errors.AuthUsageError(INTERNAL), "This service is not ready."),
        (errors.AuthConfigError(INTERNAL, field="storage"), "This service is not configured correctly."),
        (errors.InvalidTokens(INTERNAL), "This service could not process the request."),
        (
            service_error("SignUp", "InternalErrorException", INTERNAL),
            "The identity service could not process the request.",
        ),
    ],
)
def test_failures_of_the_service_have_fixed_sentences(error: errors.AuthError, sentence: str) -> None:
    body = error_body(error)
    assert errors.http_status_for(error) >= 500
    assert body["message"] == sentence
    assert body["recoverySuggestion"] in (
        "Try again in a moment.",
        "Report this to the operator of this service.",
    )
    assert INTERNAL not in str(body)


def test_an_error_of_the_app_client_does_not_name_its_setting() -> None:
    error = service_error(
        "InitiateAuth", "ResourceNotFoundException", "User pool client 4711 does not exist."
    )
    assert error.is_configuration
    assert error_body(error) == {
        "name": "ResourceNotFoundException",
        "message": "This service is not configured correctly.",
        "recoverySuggestion": "Report this to the operator of this service.",
        "requestId": None,
    }


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (service_error("SignUp", "TooManyRequestsException", "slow down"), 5),
        (errors.StorageError(), 10),
        (errors.JwksUnavailableError(), 10),
        (errors.AuthConfigError("x"), None),
        (service_error("SignUp", "InternalErrorException", "x"), None),
        (errors.UserUnAuthenticatedException(), None),
    ],
)
def test_the_time_to_wait_is_given_where_waiting_helps(error: errors.AuthError, seconds: int | None) -> None:
    assert retry_after(error) == seconds
