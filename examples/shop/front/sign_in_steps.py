"""How a sign-in begins, and what a page asks for at each of its steps."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from aiocognito import CodeDeliveryDetails, steps

# The buttons of the form: how each begins.
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "password": {},
    "email": {"auth_flow_type": "USER_AUTH", "preferred_challenge": "EMAIL_OTP"},
    "sms": {"auth_flow_type": "USER_AUTH", "preferred_challenge": "SMS_OTP"},
    "passkey": {"auth_flow_type": "USER_AUTH", "preferred_challenge": "WEB_AUTHN"},
    "question": {"auth_flow_type": "CUSTOM_WITHOUT_SRP"},
}
FACTORS: Final[Mapping[str, str]] = {
    "EMAIL": "A code by e-mail",
    "EMAIL_OTP": "A code by e-mail",
    "PASSWORD": "The password",
    "PASSWORD_SRP": "The password",
    "SMS": "A code by text message",
    "SMS_OTP": "A code by text message",
    "TOTP": "The authenticator app",
    "WEB_AUTHN": "A passkey",
}
ATTRIBUTES: Final[Mapping[str, str]] = {"name": "Name", "phone_number": "Phone number", "email": "E-mail"}


@frozen
class StepForm:
    """The form of a step.

    Attributes:
        step: The step's name, which the form sends back.
        kind: Which part of the template shows it.
        title: The heading of the page.
        hint: A sentence about what to enter.
        choices: What can be chosen: the answers, and their texts.
        attributes: Attributes to enter: their names, and their labels.
        options: The browser's options for a passkey.
    """

    step: str
    kind: str
    title: str
    hint: str = ""
    choices: Mapping[str, str] = field(factory=dict)
    attributes: Mapping[str, str] = field(factory=dict)
    options: Mapping[str, Any] = field(factory=dict, repr=False)


def form_of(step: steps.SignInStep) -> StepForm:
    """Return the form of a pending step."""
    match step:
        case steps.ConfirmSignInWithSmsCode(code_delivery_details=details):
            return _code(step, "Enter the code from the text message", _sent(details))
        case steps.ConfirmSignInWithEmailCode(code_delivery_details=details):
            return _code(step, "Enter the code from the e-mail", _sent(details))
        case steps.ConfirmSignInWithTotpCode():
            return _code(step, "Enter the code of your authenticator app", "It has six digits.")
        case steps.ContinueSignInWithTotpSetup():
            return StepForm(step.step, "totp", "Set up your authenticator app")
        case steps.ConfirmSignInWithPassword():
            return StepForm(step.step, "password", "Enter your password")
        case steps.ConfirmSignInWithNewPasswordRequired(missing_attributes=names):
            wanted = {name: ATTRIBUTES.get(name, name) for name in names}
            return StepForm(step.step, "new-password", "Choose a password", attributes=wanted)
        case steps.ConfirmSignInWithWebAuthn(credential_request_options=options):
            return StepForm(step.step, "passkey", "Use your passkey", options=options)
        case steps.ConfirmSignInWithCustomChallenge(additional_info=info):
            return StepForm(step.step, "question", info.get("question", "Answer the question"))
        case steps.ContinueSignInWithEmailSetup():
            return StepForm(step.step, "email", "Enter the address for your codes")
        case _:
            return _choice(step)


def entered_attributes(fields: Mapping[str, str]) -> dict[str, str] | None:
    """Return the attributes that a step asked for; None without any."""
    prefix = "attribute."
    return {
        name.removeprefix(prefix): value.strip() for name, value in fields.items() if name.startswith(prefix)
    } or None


def _code(step: steps.SignInStep, title: str, hint: str) -> StepForm:
    return StepForm(step.step, "code", title, hint)


def _sent(details: CodeDeliveryDetails | None) -> str:
    where = details.destination if details else None
    return f"It was sent to {where}." if where else "It was sent to you."


def _choice(step: steps.SignInStep) -> StepForm:
    match step:
        case steps.ContinueSignInWithFirstFactorSelection(available_challenges=names):
            title = "How do you want to sign in?"
        case steps.ContinueSignInWithMfaSelection(allowed_mfa_types=names):
            title = "Choose your second factor"
        case steps.ContinueSignInWithMfaSetupSelection(allowed_mfa_types=names):
            title = "Set up a second factor"
        case _:
            return StepForm(step.step, "unsupported", "This sign-in is not supported here")
    choices = {name: FACTORS[name] for name in names if name in FACTORS}
    return StepForm(step.step, "choice", title, choices=choices)
