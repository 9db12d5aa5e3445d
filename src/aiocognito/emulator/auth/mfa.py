"""The second factor that is due, and SELECT_MFA_TYPE where there are several."""

from __future__ import annotations

import json

from ..errors import invalid_parameter
from . import second_factors
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proven
from .registry import challenge


async def ask(request: AuthRequest, _proven: Proven) -> Outcome | None:
    """Ask for the second factor that is due, or for a choice between several; ``None`` if none is due."""
    choice = second_factors.due(request.pool, request.known_user)
    if not choice or not second_factors.is_asked(request):
        return None
    if len(choice) == 1:
        return Ask(choice[0])
    parameters = {"MFAS_CAN_CHOOSE": json.dumps(choice), "USER_ID_FOR_SRP": request.known_user.username}
    return request.challenge("SELECT_MFA_TYPE", parameters, state=tuple(choice))


@challenge("SELECT_MFA_TYPE")
async def select_mfa_type(request: AuthRequest) -> Outcome:
    """Ask for the factor that was chosen."""
    answer = request.need("ANSWER")
    if answer not in request.answered.state:
        raise invalid_parameter(request.state.assumptions.mfa_not_offered_message)
    request.answered.spent = True
    return Ask(answer)
