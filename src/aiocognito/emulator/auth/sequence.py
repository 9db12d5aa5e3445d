"""What follows what in a sign-in: the one place that knows every step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from ..errors import ApiError
from . import (
    complete,
    custom_auth,
    device,
    message_code,
    mfa,
    mfa_setup,
    new_password,
    passkey,
    password,
    refresh,
    sign_in_events,
    software_token,
    srp,
    user_auth,
)
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven, Response, Step
from .registry import CHALLENGES, FLOWS

_SECOND_FACTOR: Final = (device.ask, mfa.ask, mfa_setup.ask, complete.finish)
_AFTER: Final[Mapping[Proof, tuple[Callable[[AuthRequest, Proven], Awaitable[Outcome | None]], ...]]] = {
    Proof.PASSWORD: (new_password.ask, *_SECOND_FACTOR),
    Proof.PASSWORD_IN_CUSTOM_AUTH: (new_password.ask, custom_auth.resume),
    Proof.NEW_PASSWORD: _SECOND_FACTOR,
    Proof.FIRST_FACTOR_CODE: _SECOND_FACTOR,
    Proof.CUSTOM_CHALLENGES: _SECOND_FACTOR,
    Proof.SIGN_UP_ON_A_PAGE: _SECOND_FACTOR,
    Proof.SIGN_UP_SESSION: (complete.finish,),
    Proof.PASSKEY: (complete.finish,),
    Proof.SECOND_FACTOR: (complete.finish,),
    Proof.DEVICE: (complete.finish,),
    Proof.IDENTITY_PROVIDER: (complete.finish,),
}
"""After each proof, the steps that may follow: the first one that is due is taken."""
_ASKING: Final[Mapping[str, Callable[[AuthRequest, Ask], Awaitable[Outcome]]]] = {
    "PASSWORD": password.ask,
    "PASSWORD_SRP": srp.ask,
    "WEB_AUTHN": passkey.ask,
    "SMS_OTP": message_code.ask,
    "EMAIL_OTP": message_code.ask,
    "SMS_MFA": message_code.ask,
    "SOFTWARE_TOKEN_MFA": software_token.ask,
}
"""For each factor, the step that asks for it."""
_MODULES: Final = (refresh, user_auth)
"""Modules that are imported for the flows that they register, and that follow nothing."""


async def begin(flow: str, request: AuthRequest) -> Response:
    """Begin a sign-in, and return its tokens or its first challenge.

    Args:
        flow: ``AuthFlow``.
        request: The request.

    Raises:
        ApiError: The request is refused.
    """
    return await _run(request, FLOWS[flow])


async def answer(challenge: str, request: AuthRequest) -> Response:
    """Judge the answer to a challenge, and return the tokens or the next challenge.

    Args:
        challenge: ``ChallengeName``.
        request: The request.

    Raises:
        ApiError: The answer is refused.
    """
    return await _run(request, CHALLENGES[challenge])


async def resume(request: AuthRequest, proof: Proof) -> Response:
    """Continue a sign-in in which something was proven outside these steps.

    Args:
        request: The request.
        proof: What was proven.

    Raises:
        ApiError: The user must not sign in, or a trigger refuses it.
    """

    async def proven(_request: AuthRequest) -> Outcome:
        return Proven(proof)

    return await _run(request, proven)


async def _run(request: AuthRequest, step: Step) -> Response:
    try:
        sign_in_events.begin(request)
        outcome = await step(request)
        while not isinstance(outcome, dict):
            sign_in_events.note(request, outcome)
            outcome = await _follow(request, outcome)
    except ApiError as refusal:
        request.release(refusal)
        sign_in_events.refused(request, refusal)
        raise
    sign_in_events.answered(request, outcome)
    return _with_available_challenges(request, outcome)


async def _follow(request: AuthRequest, outcome: Proven | Ask) -> Outcome:
    if isinstance(outcome, Ask):
        return await _ASKING[outcome.factor](request, outcome)
    for step in _AFTER[outcome.proof]:
        following = await step(request, outcome)
        if following is not None:
            return following
    raise AssertionError(f"nothing follows {outcome.proof}")


def _with_available_challenges(request: AuthRequest, response: dict[str, Any]) -> Response:
    """Add the factors to choose from to the challenge of a first factor; a second one is not chosen there."""
    available = request.available_challenges
    if available and response.get("ChallengeName") in {*available, "SELECT_CHALLENGE", "PASSWORD_VERIFIER"}:
        response["AvailableChallenges"] = list(available)
    return response
