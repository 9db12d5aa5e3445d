"""The next step of a sign-in, sign-up, reset or update, as values for ``match``.

``step`` is Amplify's name of a step, and ``to_dict()`` returns Amplify's form for front ends::

    match result.next_step:
        case steps.Done():
            ...
        case steps.ConfirmSignInWithSmsCode(code_delivery_details=where):
            ...

``SignInStep``, ``SignUpStep``, ``ResetPasswordStep`` and ``UpdateAttributeStep`` are the unions for
an exhaustive ``match``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from attrs import field, frozen

from ._models import CodeDeliveryDetails, TotpSetupDetails
from ._pydantic import for_pydantic

__all__ = [
    "CompleteAutoSignIn",
    "ConfirmAttributeWithCode",
    "ConfirmResetPasswordWithCode",
    "ConfirmSignInWithCustomChallenge",
    "ConfirmSignInWithEmailCode",
    "ConfirmSignInWithNewPasswordRequired",
    "ConfirmSignInWithPassword",
    "ConfirmSignInWithSmsCode",
    "ConfirmSignInWithTotpCode",
    "ConfirmSignInWithWebAuthn",
    "ConfirmSignUp",
    "ContinueSignInWithEmailSetup",
    "ContinueSignInWithFirstFactorSelection",
    "ContinueSignInWithMfaSelection",
    "ContinueSignInWithMfaSetupSelection",
    "ContinueSignInWithTotpSetup",
    "Done",
    "ResetPassword",
    "ResetPasswordStep",
    "SignInStep",
    "SignUpStep",
    "UnsupportedChallenge",
    "UpdateAttributeStep",
]

SIGN_IN = "signInStep"
SIGN_UP = "signUpStep"
RESET_PASSWORD = "resetPasswordStep"  # noqa: S105 - a JSON key
UPDATE_ATTRIBUTE = "updateAttributeStep"


@for_pydantic
@frozen
class Done:
    """The procedure is complete."""

    step: ClassVar[str] = "DONE"

    def to_dict(self, key: str = SIGN_IN) -> dict[str, Any]:
        """Return Amplify's form; ``key`` names the step's family where it is not a sign-in."""
        return {key: self.step}


@frozen
class _DeliveredCode:
    """A code was sent; ``code_delivery_details`` describes where."""

    code_delivery_details: CodeDeliveryDetails | None = None

    step: ClassVar[str]
    family: ClassVar[str] = SIGN_IN

    def to_dict(self, key: str | None = None) -> dict[str, Any]:
        """Return Amplify's form."""
        result: dict[str, Any] = {key or self.family: self.step}
        if self.code_delivery_details is not None:
            result["codeDeliveryDetails"] = self.code_delivery_details.to_dict()
        return result


@frozen
class _Bare:
    """A step without data."""

    step: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {SIGN_IN: self.step}


@for_pydantic
@frozen
class ConfirmSignInWithCustomChallenge:
    """A custom challenge; ``additional_info`` holds its public parameters (CUSTOM_CHALLENGE).

    Attributes:
        additional_info: The challenge's public parameters, which a trigger chose.
    """

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    additional_info: Mapping[str, str] = field(factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {SIGN_IN: self.step, "additionalInfo": dict(self.additional_info)}


@for_pydantic
@frozen
class ContinueSignInWithMfaSetupSelection:
    """Choose which kind of MFA to set up: answer with TOTP or EMAIL (MFA_SETUP).

    Attributes:
        allowed_mfa_types: The kinds to choose from: ``TOTP``, ``EMAIL``.
    """

    step: ClassVar[str] = "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
    allowed_mfa_types: list[str] = field(factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {SIGN_IN: self.step, "allowedMFATypes": list(self.allowed_mfa_types)}


@for_pydantic
@frozen
class ContinueSignInWithEmailSetup(_Bare):
    """E-mail is to be set up for MFA: answer with the address (MFA_SETUP)."""

    step: ClassVar[str] = "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"


@for_pydantic
@frozen
class ContinueSignInWithTotpSetup:
    """An authenticator app is to be set up: answer with its first code (MFA_SETUP).

    Attributes:
        totp_setup_details: The secret of the authenticator app; None if the step comes from
            ``get_sign_in_step``, because the secret is never stored.
    """

    step: ClassVar[str] = "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    totp_setup_details: TotpSetupDetails | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        result: dict[str, Any] = {SIGN_IN: self.step}
        if self.totp_setup_details is not None:
            result["totpSetupDetails"] = self.totp_setup_details.to_dict()
        return result


@for_pydantic
@frozen
class ConfirmSignInWithNewPasswordRequired:
    """A new password is needed, and the attributes named (NEW_PASSWORD_REQUIRED).

    Attributes:
        missing_attributes: The names of the attributes to send with the new password, such as ``email``.
    """

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    missing_attributes: list[str] = field(factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {SIGN_IN: self.step, "missingAttributes": list(self.missing_attributes)}


@for_pydantic
@frozen
class ContinueSignInWithMfaSelection:
    """Choose a second factor: answer with SMS, TOTP or EMAIL (SELECT_MFA_TYPE).

    Attributes:
        allowed_mfa_types: The factors to choose from: ``SMS``, ``TOTP``, ``EMAIL``.
    """

    step: ClassVar[str] = "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
    allowed_mfa_types: list[str] = field(factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {SIGN_IN: self.step, "allowedMFATypes": list(self.allowed_mfa_types)}


@for_pydantic
@frozen
class ConfirmSignInWithSmsCode(_DeliveredCode):
    """A code was sent by SMS: answer with it (SMS_MFA, SMS_OTP).

    Attributes:
        code_delivery_details: Where the code was sent; None if Cognito did not say.
    """

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_SMS_CODE"


@for_pydantic
@frozen
class ConfirmSignInWithEmailCode(_DeliveredCode):
    """A code was sent by e-mail: answer with it (EMAIL_OTP).

    Attributes:
        code_delivery_details: Where the code was sent; None if Cognito did not say.
    """

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"


@for_pydantic
@frozen
class ConfirmSignInWithTotpCode(_Bare):
    """Answer with the authenticator app's code (SOFTWARE_TOKEN_MFA)."""

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_TOTP_CODE"


@for_pydantic
@frozen
class ConfirmSignInWithPassword(_Bare):
    """Answer with the password (PASSWORD, PASSWORD_SRP)."""

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_PASSWORD"


@for_pydantic
@frozen
class ContinueSignInWithFirstFactorSelection:
    """Choose a first factor: answer with one of ``available_challenges`` (SELECT_CHALLENGE).

    Attributes:
        available_challenges: The factors to choose from, by Cognito's names: ``PASSWORD``, ``PASSWORD_SRP``,
            ``EMAIL_OTP``, ``SMS_OTP``, ``WEB_AUTHN``.
    """

    step: ClassVar[str] = "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    available_challenges: list[str] = field(factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {SIGN_IN: self.step, "availableChallenges": list(self.available_challenges)}


@for_pydantic
@frozen
class ConfirmSignInWithWebAuthn:
    """Pass the options to the browser and answer with the credential that it returns (WEB_AUTHN).

    The name is this library's: a server has no authenticator of its own.

    Attributes:
        credential_request_options: The options for ``navigator.credentials.get``, as JSON has them.
    """

    step: ClassVar[str] = "CONFIRM_SIGN_IN_WITH_WEB_AUTHN"
    credential_request_options: Mapping[str, Any] = field(factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the form of Amplify's steps."""
        return {SIGN_IN: self.step, "credentialRequestOptions": dict(self.credential_request_options)}


@for_pydantic
@frozen
class ResetPassword(_Bare):
    """The password must be reset before the user can sign in: see ``reset_password``."""

    step: ClassVar[str] = "RESET_PASSWORD"


@for_pydantic
@frozen
class ConfirmSignUp(_DeliveredCode):
    """The sign-up must be confirmed first: see ``confirm_sign_up``.

    Attributes:
        code_delivery_details: Where the code was sent; None if Cognito did not say.
    """

    step: ClassVar[str] = "CONFIRM_SIGN_UP"


@for_pydantic
@frozen
class UnsupportedChallenge:
    """A challenge that this version does not know: its name and its parameters.

    Attributes:
        challenge_name: Cognito's name of the challenge.
        parameters: Its public parameters.
    """

    step: ClassVar[str] = "UNSUPPORTED_CHALLENGE"
    challenge_name: str
    parameters: Mapping[str, str] = field(factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the form of Amplify's steps."""
        return {
            SIGN_IN: self.step,
            "challengeName": self.challenge_name,
            "parameters": dict(self.parameters),
        }


@for_pydantic
@frozen
class CompleteAutoSignIn(_DeliveredCode):
    """The sign-up is complete, or will be by a link: ``auto_sign_in`` signs the user in.

    Attributes:
        code_delivery_details: Where the code was sent; None if Cognito did not say.
    """

    step: ClassVar[str] = "COMPLETE_AUTO_SIGN_IN"
    family: ClassVar[str] = SIGN_UP


@for_pydantic
@frozen
class ConfirmResetPasswordWithCode(_DeliveredCode):
    """A code was sent: see ``confirm_reset_password``.

    Attributes:
        code_delivery_details: Where the code was sent; None if Cognito did not say.
    """

    step: ClassVar[str] = "CONFIRM_RESET_PASSWORD_WITH_CODE"
    family: ClassVar[str] = RESET_PASSWORD


@for_pydantic
@frozen
class ConfirmAttributeWithCode(_DeliveredCode):
    """A code was sent to the new address: see ``confirm_user_attribute``.

    Attributes:
        code_delivery_details: Where the code was sent; None if Cognito did not say.
    """

    step: ClassVar[str] = "CONFIRM_ATTRIBUTE_WITH_CODE"
    family: ClassVar[str] = UPDATE_ATTRIBUTE


SignInStep: TypeAlias = (
    Done
    | ConfirmSignInWithCustomChallenge
    | ContinueSignInWithMfaSetupSelection
    | ContinueSignInWithEmailSetup
    | ContinueSignInWithTotpSetup
    | ConfirmSignInWithNewPasswordRequired
    | ContinueSignInWithMfaSelection
    | ConfirmSignInWithSmsCode
    | ConfirmSignInWithEmailCode
    | ConfirmSignInWithTotpCode
    | ConfirmSignInWithPassword
    | ContinueSignInWithFirstFactorSelection
    | ConfirmSignInWithWebAuthn
    | ResetPassword
    | ConfirmSignUp
    | UnsupportedChallenge
)
SignUpStep: TypeAlias = Done | ConfirmSignUp | CompleteAutoSignIn
ResetPasswordStep: TypeAlias = ConfirmResetPasswordWithCode | Done
UpdateAttributeStep: TypeAlias = ConfirmAttributeWithCode | Done
