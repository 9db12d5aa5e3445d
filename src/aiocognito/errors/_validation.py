"""Errors of arguments, raised before a request is sent."""

from enum import StrEnum
from typing import ClassVar, Unpack

from ._base import AuthError, ErrorDetails


class AuthValidationErrorCode(StrEnum):
    """Amplify's names for an argument that is missing or does not fit."""

    EmptySignInUsername = "EmptySignInUsername"
    EmptySignInPassword = "EmptySignInPassword"
    CustomAuthSignInPassword = "CustomAuthSignInPassword"
    EmptySignUpUsername = "EmptySignUpUsername"
    EmptySignUpPassword = "EmptySignUpPassword"
    EmptyConfirmSignUpUsername = "EmptyConfirmSignUpUsername"
    EmptyConfirmSignUpCode = "EmptyConfirmSignUpCode"
    EmptyResendSignUpCodeUsername = "EmptyresendSignUpCodeUsername"
    EmptyChallengeResponse = "EmptyChallengeResponse"
    EmptyConfirmResetPasswordUsername = "EmptyConfirmResetPasswordUsername"
    EmptyConfirmResetPasswordNewPassword = "EmptyConfirmResetPasswordNewPassword"
    EmptyConfirmResetPasswordConfirmationCode = "EmptyConfirmResetPasswordConfirmationCode"
    EmptyResetPasswordUsername = "EmptyResetPasswordUsername"
    EmptyVerifyTOTPSetupCode = "EmptyVerifyTOTPSetupCode"
    EmptyConfirmUserAttributeCode = "EmptyConfirmUserAttributeCode"
    IncorrectMFAMethod = "IncorrectMFAMethod"
    EmptyUpdatePassword = "EmptyUpdatePassword"
    InvalidPreferredChallenge = "InvalidPreferredChallenge"
    # Beyond Amplify: an argument of the wrong kind or form; the message names it.
    InvalidArgument = "InvalidArgument"


_TEXTS: dict[AuthValidationErrorCode, tuple[str, str | None]] = {
    AuthValidationErrorCode.EmptySignInUsername: ("sign_in needs a username", None),
    AuthValidationErrorCode.EmptySignInPassword: ("sign_in needs a password", None),
    AuthValidationErrorCode.CustomAuthSignInPassword: (
        "a sign-in with CUSTOM_WITHOUT_SRP takes no password",
        "Leave the password out, or sign in with CUSTOM_WITH_SRP.",
    ),
    AuthValidationErrorCode.EmptySignUpUsername: ("a username is needed", None),
    AuthValidationErrorCode.EmptySignUpPassword: ("this user pool asks for a password at sign-up", None),
    AuthValidationErrorCode.EmptyConfirmSignUpUsername: ("confirm_sign_up needs a username", None),
    AuthValidationErrorCode.EmptyConfirmSignUpCode: ("confirm_sign_up needs a confirmation code", None),
    AuthValidationErrorCode.EmptyResendSignUpCodeUsername: ("resend_sign_up_code needs a username", None),
    AuthValidationErrorCode.EmptyChallengeResponse: ("confirm_sign_in needs a challenge response", None),
    AuthValidationErrorCode.EmptyConfirmResetPasswordUsername: ("a username is needed", None),
    AuthValidationErrorCode.EmptyConfirmResetPasswordNewPassword: ("a new password is needed", None),
    AuthValidationErrorCode.EmptyConfirmResetPasswordConfirmationCode: (
        "a confirmation code is needed",
        None,
    ),
    AuthValidationErrorCode.EmptyResetPasswordUsername: ("reset_password needs a username", None),
    AuthValidationErrorCode.EmptyVerifyTOTPSetupCode: ("verify_totp_setup needs a code", None),
    AuthValidationErrorCode.EmptyConfirmUserAttributeCode: (
        "confirm_user_attribute needs a confirmation code",
        None,
    ),
    AuthValidationErrorCode.IncorrectMFAMethod: (
        "the MFA method is not one that can be chosen here",
        "Answer with SMS, TOTP or EMAIL.",
    ),
    AuthValidationErrorCode.EmptyUpdatePassword: (
        "update_password needs the old password and the new one",
        None,
    ),
    AuthValidationErrorCode.InvalidPreferredChallenge: (
        "the preferred challenge is not enabled in this configuration",
        "Enable it in the backend's passwordless settings.",
    ),
    AuthValidationErrorCode.InvalidArgument: ("an argument does not fit", None),
}


class AuthValidationError(AuthError):
    """An argument is missing or does not fit; ``code`` says which. Nothing was sent."""

    http_status: ClassVar[int] = 422

    def __init__(
        self, code: AuthValidationErrorCode | str, message: str | None = None, **details: Unpack[ErrorDetails]
    ) -> None:
        code = AuthValidationErrorCode(code)
        text, recovery = _TEXTS[code]
        details.setdefault("name", code.value)
        details.setdefault("recovery_suggestion", recovery)
        super().__init__(message or text, **details)
        self.code = code
