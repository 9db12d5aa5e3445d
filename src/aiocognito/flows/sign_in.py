"""Which flow a sign-in begins with, and what it needs before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from .. import arguments
from ..answers import Outcome
from ..arguments import Code
from ..config import PasswordlessConfig
from ..errors import (
    AuthValidationError,
    PasswordResetRequiredException,
    UserNotConfirmedException,
)
from ..steps import SignInStep
from . import password as flows
from .challenges import present
from .conversation import Conversation, stopped_by

Flow = Callable[[Conversation], Awaitable[Outcome]]

_PASSWORD_CHALLENGES = frozenset({"PASSWORD", "PASSWORD_SRP"})
_WITH_PASSWORD = {
    "USER_SRP_AUTH": flows.user_srp_auth,
    "USER_PASSWORD_AUTH": flows.user_password_auth,
    "CUSTOM_WITH_SRP": flows.custom_auth_with_srp,
}
AUTH_FLOW_TYPES = frozenset({*_WITH_PASSWORD, "CUSTOM_WITHOUT_SRP", "USER_AUTH"})


def flow_for(
    auth_flow_type: str,
    username: object,
    password: object,
    *,
    preferred_challenge: str | None = None,
    passwordless: PasswordlessConfig | None = None,
    session: str | None = None,
) -> Flow:
    """Choose the flow that a sign-in begins with, and check what it needs.

    Args:
        auth_flow_type: Amplify's name of it.
        username: Who signs in.
        password: Their password, where the flow takes one.
        preferred_challenge: The first factor to begin with, for USER_AUTH.
        passwordless: Which first factors the backend is known to offer, if it is known.
        session: What ConfirmSignUp gave, for USER_AUTH.

    Raises:
        AuthValidationError: Something is missing, or does not fit.
    """
    name = arguments.text(username, "username", Code.EmptySignInUsername)
    if auth_flow_type in _WITH_PASSWORD:
        secret = arguments.text(password, "password", Code.EmptySignInPassword)
        return partial(_call, _WITH_PASSWORD[auth_flow_type], name, secret)
    if auth_flow_type == "CUSTOM_WITHOUT_SRP":
        if password:
            raise AuthValidationError(Code.CustomAuthSignInPassword)
        return lambda talk: flows.custom_auth(talk, name)
    if auth_flow_type != "USER_AUTH":
        expected = ", ".join(sorted(AUTH_FLOW_TYPES))
        raise AuthValidationError(Code.InvalidArgument, f"auth_flow_type: must be one of {expected}")
    preferred = _preferred(
        preferred_challenge and arguments.text(preferred_challenge, "preferred_challenge"), passwordless
    )
    first_secret = None
    if password or (preferred in _PASSWORD_CHALLENGES and session is None):
        first_secret = arguments.text(password, "password", Code.EmptySignInPassword)
    return lambda talk: flows.user_auth(
        talk, name, first_secret, preferred_challenge=preferred, session=session
    )


async def begin(talk: Conversation, flow: Flow) -> tuple[Outcome, SignInStep]:
    """Run a flow, and say what came of it and which step that is."""
    return await present(talk, await _or_stopped(flow(talk)))


async def _call(
    flow: Callable[[Conversation, str, str], Awaitable[Outcome]], name: str, secret: str, talk: Conversation
) -> Outcome:
    return await flow(talk, name, secret)


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
