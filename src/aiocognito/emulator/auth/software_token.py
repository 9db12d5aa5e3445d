"""SOFTWARE_TOKEN_MFA: a code of an authenticator app."""

from __future__ import annotations

from ..errors import ApiError
from ..totp import Verdict
from . import second_factors
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven
from .registry import challenge


async def ask(request: AuthRequest, _ask: Ask) -> Outcome:
    """Ask for a code, with the name that the user gave the app."""
    user = request.known_user
    parameters = {"USER_ID_FOR_SRP": user.username}
    if user.token is not None and user.token.friendly_name:
        parameters["FRIENDLY_DEVICE_NAME"] = user.token.friendly_name
    return request.challenge(second_factors.TOTP, parameters)


# Recorded (Wrong MFA codes): a used code has expired.
@challenge("SOFTWARE_TOKEN_MFA")
async def answer(request: AuthRequest) -> Outcome:
    """Judge a code."""
    given = request.need("SOFTWARE_TOKEN_MFA_CODE")
    token = request.known_user.token
    verdict = Verdict.WRONG if token is None else token.check(given, request.state.clock())
    if verdict is Verdict.USED:
        raise ApiError("ExpiredCodeException", "Your software token has already been used once.")
    if verdict is Verdict.WRONG:
        second_factors.count_wrong(request)
        raise ApiError("CodeMismatchException", "Invalid code received for user")
    request.answered.spent = True
    return Proven(Proof.SECOND_FACTOR)
