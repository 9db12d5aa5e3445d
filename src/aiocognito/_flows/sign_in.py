"""Sign-in: checking its arguments, choosing its flow, and answering its challenges."""

from __future__ import annotations

from collections.abc import Awaitable

from attrs import field, frozen

from .. import _arguments as arguments
from .._arguments import Code
from .._config import PasswordlessConfig
from .._models import SignInDetails
from .._responses import Challenged, Outcome
from ..errors import AuthValidationError, PasswordResetRequiredException, UserNotConfirmedException
from ..steps import SignInStep
from .challenges import ChallengeResponse, answer_challenge, present
from .context import FlowContext, stopped_by
from .password import custom_auth, custom_auth_with_srp, user_auth, user_password_auth, user_srp_auth

_PASSWORD_CHALLENGES = frozenset({"PASSWORD", "PASSWORD_SRP"})
_WITH_PASSWORD = {
    "USER_SRP_AUTH": user_srp_auth,
    "USER_PASSWORD_AUTH": user_password_auth,
    "CUSTOM_WITH_SRP": custom_auth_with_srp,
}
AUTH_FLOW_TYPES = frozenset({*_WITH_PASSWORD, "CUSTOM_WITHOUT_SRP", "USER_AUTH"})


@frozen
class SignInRequest:
    """The checked arguments of a sign-in.

    Attributes:
        username: The username as given.
        auth_flow_type: Amplify's name of the flow.
        password: The password; None for a flow without one.
        preferred_challenge: The first factor to begin with, for USER_AUTH.
        session: The session that ConfirmSignUp returned, for USER_AUTH.
    """

    username: str
    auth_flow_type: str
    password: str | None = field(default=None, repr=False)
    preferred_challenge: str | None = None
    session: str | None = field(default=None, repr=False)

    @property
    def details(self) -> SignInDetails:
        """The stored details of how the sign-in was begun."""
        return SignInDetails(self.username, self.auth_flow_type)


def sign_in_request(
    auth_flow_type: str,
    username: object,
    password: object,
    *,
    preferred_challenge: str | None = None,
    passwordless: PasswordlessConfig | None = None,
    session: str | None = None,
) -> SignInRequest:
    """Check the arguments of a sign-in, before anything is sent.

    Args:
        auth_flow_type: Amplify's name of the flow.
        username: The username.
        password: The password, if the flow takes one.
        preferred_challenge: The first factor to begin with, for USER_AUTH.
        passwordless: The first factors of the backend, if they are configured.
        session: The session that ConfirmSignUp returned, for USER_AUTH.

    Raises:
        AuthValidationError: An argument is missing, or not valid for the flow.
    """
    name = arguments.text(username, "username", Code.EmptySignInUsername)
    if auth_flow_type in _WITH_PASSWORD:
        secret = arguments.text(password, "password", Code.EmptySignInPassword)
        return SignInRequest(name, auth_flow_type, secret)
    if auth_flow_type == "CUSTOM_WITHOUT_SRP":
        if password:
            raise AuthValidationError(Code.CustomAuthSignInPassword)
        return SignInRequest(name, auth_flow_type)
    if auth_flow_type != "USER_AUTH":
        expected = ", ".join(sorted(AUTH_FLOW_TYPES))
        raise AuthValidationError(Code.InvalidArgument, f"auth_flow_type: must be one of {expected}")
    preferred = _preferred(
        preferred_challenge and arguments.text(preferred_challenge, "preferred_challenge"), passwordless
    )
    first_secret = None
    if password or (preferred in _PASSWORD_CHALLENGES and session is None):
        first_secret = arguments.text(password, "password", Code.EmptySignInPassword)
    return SignInRequest(name, auth_flow_type, first_secret, preferred, session)


async def begin(context: FlowContext, request: SignInRequest) -> tuple[Outcome, SignInStep]:
    """Begin a sign-in (InitiateAuth), and return its outcome and step."""
    return await present(context, await _or_stopped(_flow(context, request)))


async def answer(
    context: FlowContext, challenge: Challenged, response: ChallengeResponse
) -> tuple[Outcome, SignInStep]:
    """Answer a challenge (RespondToAuthChallenge), and return its outcome and step."""
    return await present(context, await _or_stopped(answer_challenge(context, challenge, response)))


def _flow(context: FlowContext, request: SignInRequest) -> Awaitable[Outcome]:
    with_password = _WITH_PASSWORD.get(request.auth_flow_type)
    if with_password is not None:
        return with_password(context, request.username, request.password or "")
    if request.auth_flow_type == "CUSTOM_WITHOUT_SRP":
        return custom_auth(context, request.username)
    return user_auth(
        context,
        request.username,
        request.password,
        preferred_challenge=request.preferred_challenge,
        session=request.session,
    )


async def _or_stopped(work: Awaitable[Outcome]) -> Outcome:
    try:
        return await work
    except (PasswordResetRequiredException, UserNotConfirmedException) as error:
        return stopped_by(error)


def _preferred(preferred: str | None, passwordless: PasswordlessConfig | None) -> str | None:
    if passwordless is None:
        return preferred or None
    preferred = preferred or passwordless.preferred_challenge
    offered = {
        "EMAIL_OTP": passwordless.email_otp_enabled,
        "SMS_OTP": passwordless.sms_otp_enabled,
        "WEB_AUTHN": passwordless.web_authn is not None,
    }
    if preferred is not None and not offered.get(preferred, True):
        raise AuthValidationError(Code.InvalidPreferredChallenge)
    return preferred
