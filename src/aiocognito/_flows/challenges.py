"""The table of challenges: the step of each, and how its answer is sent.

A new challenge is a new row. A challenge without a row becomes `steps.UnsupportedChallenge`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from .. import _arguments as arguments
from .. import _mfa as mfa
from .. import _srp as srp
from .. import steps
from .._models import CodeDeliveryDetails, TotpSetupDetails
from .._responses import Authenticated, AuthResponse, Challenged, Outcome
from ..errors import (
    AuthValidationError,
    AuthValidationErrorCode,
    InvalidPasskeyAuthenticationOptions,
    SetUpTOTPException,
    SignInException,
)
from ..errors._refusals import RefusalSubject, subject_of
from .context import FlowContext
from .devices import proceed, with_device
from .passkeys import check_credential
from .password import password_verifier


@frozen
class ChallengeResponse:
    """The caller's response to a challenge."""

    response: str | Mapping[str, Any] = field(repr=False)
    user_attributes: Mapping[str, str] | None = field(default=None, repr=False)
    friendly_device_name: str | None = None

    def text(self) -> str:
        """Return the response as text.

        Raises:
            AuthValidationError: The response is a mapping.
        """
        if not isinstance(self.response, str):
            raise AuthValidationError(
                AuthValidationErrorCode.InvalidArgument, "challenge_response: this step takes text"
            )
        return self.response

    def code(self) -> str:
        """Return the response as a one-time code, without blanks and dashes between its digits.

        Raises:
            AuthValidationError: The response is a mapping, or blank.
        """
        return arguments.one_time_code(
            self.text(), "challenge_response", AuthValidationErrorCode.EmptyChallengeResponse
        )


ToStep = Callable[[Challenged], steps.SignInStep]
ToOutcome = Callable[[FlowContext, Challenged, ChallengeResponse], Awaitable[Outcome]]


@frozen
class Row:
    """One challenge.

    Attributes:
        step: Returns the step by the challenge's parameters, without a request.
        answer: Sends the caller's answer and returns the outcome.
        refusal_ends: Whether "Incorrect username or password." ends the sign-in, because an answer
            uses up Cognito's session even if it is wrong. A wrong code raises CodeMismatchException
            instead.
    """

    step: ToStep
    answer: ToOutcome
    refusal_ends: bool = False


def step_of(challenge: Challenged) -> steps.SignInStep:
    """Return the step of a challenge, as far as its parameters determine it."""
    row = CHALLENGES.get(challenge.name)
    if row is None:
        return steps.UnsupportedChallenge(challenge.name, dict(challenge.parameters))
    return row.step(challenge)


async def present(context: FlowContext, result: Outcome) -> tuple[Outcome, steps.SignInStep]:
    """Return the step of an outcome, after fetching what the user needs for it.

    Returns:
        The outcome, which may have another session, and the step.

    Raises:
        SignInException: The challenge's parameters are malformed or not supported.
        SetUpTOTPException: Cognito returned no secret for the authenticator app.
    """
    match result:
        case Authenticated():
            return result, steps.Done()
        case Challenged():
            step = step_of(result)
            if isinstance(step, steps.ContinueSignInWithTotpSetup):
                return await _with_totp_secret(context, result)
            return result, step
        case stopped:
            return stopped, stopped.step


def check_step(challenge: Challenged, expected: type[steps.SignInStep] | str | None) -> None:
    """Check that an answer is meant for the pending step.

    Raises:
        SignInException: It is meant for another step.
    """
    pending = step_of(challenge).step
    name = getattr(expected, "step", expected)
    if name is not None and name != pending:
        raise SignInException(f"the pending step is {pending}, not {name}; nothing was sent")


async def answer_challenge(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    """Answer a challenge (RespondToAuthChallenge), and return the outcome.

    Raises:
        AuthValidationError: The answer is not valid for the challenge; nothing was sent.
        SignInException: This version cannot answer such a challenge.
        ServiceError: Cognito refused.
        NetworkError: Cognito did not answer.
    """
    row = CHALLENGES.get(challenge.name)
    if row is None:
        raise SignInException(f"this version cannot answer the challenge {challenge.name[:100]}")
    result = await row.answer(context, challenge, answer)
    if isinstance(result, Challenged) and not result.available_challenges:
        # Cognito lists the first factors once, and a later step may need them.
        return evolve(result, available_challenges=challenge.available_challenges)
    return result


def ends_sign_in(challenge: Challenged, error: BaseException) -> bool:
    """Return whether this error means that Cognito accepts no other answer to the challenge.

    A wrong code, a password that violates the policy and a refusal about the app client do not end
    Cognito's session. A refusal with an unknown message may not end it.
    """
    match subject_of(error):
        case RefusalSubject.SIGN_IN_ENDED | RefusalSubject.USER:
            return True
        case RefusalSubject.CREDENTIALS:
            row = CHALLENGES.get(challenge.name)
            return row is not None and row.refusal_ends
    return False


async def _respond(
    context: FlowContext, challenge: Challenged, responses: Mapping[str, str], *, name: str | None = None
) -> AuthResponse:
    """Send RespondToAuthChallenge with Cognito's username of the user."""
    return await context.pool.respond_to_auth_challenge(
        name or challenge.name,
        {"USERNAME": challenge.username, **responses},
        session=challenge.session,
        client_metadata=context.client_metadata,
    )


def _parameter_list(challenge: Challenged, parameter: str) -> list[str]:
    """Return a parameter that is a JSON list of strings; an empty list if it is absent."""
    text = challenge.parameters.get(parameter)
    try:
        values = json.loads(text) if text else []
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list):
        raise SignInException(
            f"the parameter {parameter} of Cognito's {challenge.name} challenge is not a JSON list"
        )
    return [str(value) for value in values]


# Codes


def _delivery(challenge: Challenged) -> CodeDeliveryDetails:
    return CodeDeliveryDetails(
        destination=challenge.parameters.get("CODE_DELIVERY_DESTINATION"),
        delivery_medium=challenge.parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM"),
    )


def _code(member: str) -> ToOutcome:
    """Return a function that answers with a one-time code, sent as ``member``."""

    async def answer_with_code(
        context: FlowContext, challenge: Challenged, answer: ChallengeResponse
    ) -> Outcome:
        async def request(device: Mapping[str, str]) -> AuthResponse:
            return await _respond(context, challenge, {member: answer.code(), **device})

        # Amplify does not retry this request without the device. After a sign-in with an alias, this is
        # the first request with the device key, so a deleted device would fail every sign-in.
        return await with_device(context, challenge.username, request)

    return answer_with_code


def _by_sms(challenge: Challenged) -> steps.SignInStep:
    return steps.ConfirmSignInWithSmsCode(_delivery(challenge))


def _by_email(challenge: Challenged) -> steps.SignInStep:
    return steps.ConfirmSignInWithEmailCode(_delivery(challenge))


# A new password


def _missing_attributes(challenge: Challenged) -> list[str]:
    names = _parameter_list(challenge, "requiredAttributes")
    return [name.removeprefix("userAttributes.") for name in names]


async def _new_password(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    attributes = {f"userAttributes.{k}": v for k, v in (answer.user_attributes or {}).items() if v}
    result = await _respond(context, challenge, {**attributes, "NEW_PASSWORD": answer.text()})
    return await proceed(context, result, challenge.username)


# Choosing and setting up a second factor


async def _select_mfa_type(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    chosen = mfa.TO_COGNITO.get(answer.text())
    if chosen is None:
        raise AuthValidationError(AuthValidationErrorCode.IncorrectMFAMethod)
    return await proceed(context, await _respond(context, challenge, {"ANSWER": chosen}), challenge.username)


def _mfa_setup_step(challenge: Challenged) -> steps.SignInStep:
    names = mfa.from_cognito(_parameter_list(challenge, "MFAS_CAN_SETUP"))
    # SMS cannot be set up in the middle of a sign-in: it needs a phone number first.
    allowed = [name for name in names if name != "SMS"]
    if len(allowed) > 1:
        return steps.ContinueSignInWithMfaSetupSelection(allowed)
    if allowed == ["EMAIL"]:
        return steps.ContinueSignInWithEmailSetup()
    if allowed == ["TOTP"]:
        return steps.ContinueSignInWithTotpSetup()
    offered = ", ".join(names) or "none"
    raise SignInException(
        f"a second factor must be set up first, and this sign-in can set up none: {offered} offered"
    )


async def _with_totp_secret(context: FlowContext, challenge: Challenged) -> tuple[Outcome, steps.SignInStep]:
    """Fetch the secret (AssociateSoftwareToken), which is returned once and never stored."""
    secret, session = await context.pool.associate_software_token(challenge.session)
    if not secret:
        raise SetUpTOTPException("Cognito returned no secret for the authenticator app")
    details = TotpSetupDetails(secret, challenge.username)
    following = evolve(challenge, session=session or challenge.session)
    return following, steps.ContinueSignInWithTotpSetup(details)


async def _mfa_setup(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    text = answer.code()
    if text in {"TOTP", "EMAIL"}:
        # Nothing to send: narrow the choice, and let `present` fetch what the step needs.
        choice = json.dumps([mfa.TO_COGNITO[text]])
        return evolve(challenge, parameters={**challenge.parameters, "MFAS_CAN_SETUP": choice})
    if text.isascii() and text.isdigit():
        session = await context.pool.verify_software_token(
            text, session=challenge.session, friendly_device_name=answer.friendly_device_name
        )
        result = await _respond(context, evolve(challenge, session=session or challenge.session), {})
    elif "@" in text:
        result = await _respond(context, challenge, {"EMAIL": text})
    else:
        raise SignInException("the answer must be TOTP, EMAIL, a code of digits or an email address")
    return await proceed(context, result, challenge.username)


# First factors of USER_AUTH


async def _select_challenge(
    context: FlowContext, challenge: Challenged, answer: ChallengeResponse
) -> Outcome:
    choice = answer.text()
    if choice in {"PASSWORD", "PASSWORD_SRP"}:
        # Nothing to send yet: the choice is sent with the password.
        return evolve(challenge, name=choice)
    result = await _respond(context, challenge, {"ANSWER": choice}, name="SELECT_CHALLENGE")
    return await proceed(context, result, challenge.username)


async def _password(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    chosen = {"ANSWER": "PASSWORD", "PASSWORD": answer.text()}
    result = await _respond(context, challenge, chosen, name="SELECT_CHALLENGE")
    return await proceed(context, result, challenge.username)


async def _password_srp(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    ephemeral = await srp.new_ephemeral()
    chosen = {"ANSWER": "PASSWORD_SRP", "SRP_A": ephemeral.public_hex}
    result = await _respond(context, challenge, chosen, name="SELECT_CHALLENGE")
    if result.challenge_name != "PASSWORD_VERIFIER":
        return await proceed(context, result, challenge.username)
    return await password_verifier(context, result, answer.text(), ephemeral)


def _web_authn_step(challenge: Challenged) -> steps.SignInStep:
    try:
        options = json.loads(challenge.parameters.get("CREDENTIAL_REQUEST_OPTIONS", ""))
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise InvalidPasskeyAuthenticationOptions(
            "Cognito's options for a sign-in with a passkey are missing"
        )
    return steps.ConfirmSignInWithWebAuthn(options)


async def _web_authn(context: FlowContext, challenge: Challenged, answer: ChallengeResponse) -> Outcome:
    """Send the browser's credential. Text that is not JSON selects another first factor."""
    if isinstance(answer.response, str) and not answer.response.lstrip().startswith("{"):
        return await _select_challenge(context, challenge, answer)
    credential = json.dumps(check_credential(answer.response))
    # Amplify sends no client metadata with this answer.
    result = await _respond(evolve(context, client_metadata=None), challenge, {"CREDENTIAL": credential})
    if result.challenge_name == "WEB_AUTHN":
        raise SignInException("Cognito asks for a passkey again")
    return await proceed(context, result, challenge.username)


# The user pool's own challenge


async def _custom_challenge(
    context: FlowContext, challenge: Challenged, answer: ChallengeResponse
) -> Outcome:
    async def request(device: Mapping[str, str]) -> AuthResponse:
        return await _respond(context, challenge, {"ANSWER": answer.text(), **device})

    return await with_device(context, challenge.username, request)


CHALLENGES: Mapping[str, Row] = {
    "CUSTOM_CHALLENGE": Row(
        lambda c: steps.ConfirmSignInWithCustomChallenge(dict(c.parameters)),
        _custom_challenge,
        refusal_ends=True,
    ),
    "EMAIL_OTP": Row(_by_email, _code("EMAIL_OTP_CODE"), refusal_ends=True),
    "MFA_SETUP": Row(_mfa_setup_step, _mfa_setup),
    "NEW_PASSWORD_REQUIRED": Row(
        lambda c: steps.ConfirmSignInWithNewPasswordRequired(_missing_attributes(c)), _new_password
    ),
    "PASSWORD": Row(lambda _: steps.ConfirmSignInWithPassword(), _password),
    # The choice uses up Cognito's session before the proof is sent.
    "PASSWORD_SRP": Row(lambda _: steps.ConfirmSignInWithPassword(), _password_srp, refusal_ends=True),
    "SELECT_CHALLENGE": Row(
        lambda c: steps.ContinueSignInWithFirstFactorSelection(list(c.available_challenges)),
        _select_challenge,
    ),
    "SELECT_MFA_TYPE": Row(
        lambda c: steps.ContinueSignInWithMfaSelection(
            mfa.from_cognito(_parameter_list(c, "MFAS_CAN_CHOOSE"))
        ),
        _select_mfa_type,
    ),
    "SMS_MFA": Row(_by_sms, _code("SMS_MFA_CODE"), refusal_ends=True),
    "SMS_OTP": Row(_by_sms, _code("SMS_OTP_CODE"), refusal_ends=True),
    "SOFTWARE_TOKEN_MFA": Row(
        lambda _: steps.ConfirmSignInWithTotpCode(), _code("SOFTWARE_TOKEN_MFA_CODE"), refusal_ends=True
    ),
    "WEB_AUTHN": Row(_web_authn_step, _web_authn),
}
