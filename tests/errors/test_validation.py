"""Amplify's names for what is refused before anything is sent."""

import pickle

import pytest

from aiocognito import errors
from aiocognito.errors import AuthValidationError, AuthValidationErrorCode

CODES = {
    "EmptySignInUsername",
    "EmptySignInPassword",
    "CustomAuthSignInPassword",
    "EmptySignUpUsername",
    "EmptySignUpPassword",
    "EmptyConfirmSignUpUsername",
    "EmptyConfirmSignUpCode",
    "EmptyresendSignUpCodeUsername",  # the lower-case r is Amplify's
    "EmptyChallengeResponse",
    "EmptyConfirmResetPasswordUsername",
    "EmptyConfirmResetPasswordNewPassword",
    "EmptyConfirmResetPasswordConfirmationCode",
    "EmptyResetPasswordUsername",
    "EmptyVerifyTOTPSetupCode",
    "EmptyConfirmUserAttributeCode",
    "IncorrectMFAMethod",
    "EmptyUpdatePassword",
    "InvalidPreferredChallenge",
}
# Amplify gives a hint with these.
HINTED = {"CustomAuthSignInPassword", "IncorrectMFAMethod", "InvalidPreferredChallenge"}


def test_the_codes_are_amplify_s_and_one_more() -> None:
    assert {str(code) for code in AuthValidationErrorCode} == CODES | {"InvalidArgument"}


@pytest.mark.parametrize("code", AuthValidationErrorCode)
def test_every_code_has_a_text_and_is_the_name(code: AuthValidationErrorCode) -> None:
    error = AuthValidationError(code)
    assert error.code is code
    assert error.name == code.value
    assert len(str(error)) > 10
    assert (error.recovery_suggestion is not None) == (code.value in HINTED)
    assert errors.http_status_for(error) == 422
    assert error.retryable is False


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("code", AuthValidationErrorCode)
def test_every_code_pickles(code: AuthValidationErrorCode, protocol: int) -> None:
    """Each code survives pickle."""
    twin = pickle.loads(pickle.dumps(AuthValidationError(code, "no"), protocol))
    assert twin.code is code
    assert str(twin) == "no"


def test_the_literal_will_do() -> None:
    error = AuthValidationError("EmptyresendSignUpCodeUsername")
    assert error.code is AuthValidationErrorCode.EmptyResendSignUpCodeUsername
    with pytest.raises(ValueError, match="Unheard"):
        AuthValidationError("Unheard")


def test_details_win_over_the_code_s_own() -> None:
    error = AuthValidationError(
        AuthValidationErrorCode.IncorrectMFAMethod, "not FAX", recovery_suggestion="SMS."
    )
    assert (str(error), error.recovery_suggestion) == ("not FAX", "SMS.")
