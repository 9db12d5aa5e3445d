"""USER_AUTH: the user chooses a first factor, or begins with the preferred one."""

from __future__ import annotations

from ..errors import invalid_parameter, user_not_found, wrong_credentials
from . import after_sign_up, first_factors
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven
from .registry import challenge, flow


@flow("USER_AUTH")
async def user_auth(request: AuthRequest) -> Outcome:
    """Begin with the preferred factor if it is available, or offer the available ones."""
    if request.user is None and not request.client.hides_users:
        raise user_not_found()
    if request.begun_with is not None and after_sign_up.redeem(request, request.begun_with):
        return Proven(Proof.SIGN_UP_SESSION)
    available = first_factors.offered(request)
    if not available:
        raise wrong_credentials("the user has none of the first factors that the pool and the client allow")
    request.available_challenges = available
    preferred = request.given.get("PREFERRED_CHALLENGE")
    if preferred is not None and preferred in available:
        return Ask(preferred, is_first=True)
    return request.challenge("SELECT_CHALLENGE", {}, state=available)


@challenge("SELECT_CHALLENGE")
async def select_challenge(request: AuthRequest) -> Outcome:
    """Ask for the factor that was chosen, or judge it if its answer came with the choice."""
    available: tuple[str, ...] = request.answered.state
    answer = request.need("ANSWER")
    if answer not in available:
        raise invalid_parameter(request.state.assumptions.challenge_not_offered_message)
    request.spend(request.answered)
    request.available_challenges = available
    return Ask(answer, is_first=True)
