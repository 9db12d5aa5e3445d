"""MFA_SETUP: a second factor is required, and the user has to set one up."""

from __future__ import annotations

import json
from typing import Any

from attrs import define

from .. import schema
from ..auth_sessions import AuthSession, invalid
from ..errors import invalid_parameter
from ..serialization import persisted
from ..users import User
from . import second_factors
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven
from .registry import challenge


@persisted("mfa-setup-challenge")
@define
class Setup:
    """What an auth session of this challenge stores.

    Args:
        choices: The factors that can be set up.
        verified: Whether a software token was verified since.
    """

    choices: tuple[str, ...]
    verified: bool = False


async def ask(request: AuthRequest, _proven: Proven) -> dict[str, Any] | None:
    """Offer the pool's factors that do not recover the account; ``None`` if no second factor is required."""
    pool = request.pool
    if pool.mfa_mode != "ON" or not second_factors.is_asked(request):
        return None
    choices = tuple(factor for factor in pool.factors if not second_factors.is_primary_recovery(pool, factor))
    if not choices:
        raise invalid_parameter("The user pool has no MFA method that the user can set up.")
    parameters = {"MFAS_CAN_SETUP": json.dumps(choices), "USER_ID_FOR_SRP": request.known_user.username}
    return request.challenge("MFA_SETUP", parameters, state=Setup(choices))


@challenge("MFA_SETUP")
async def answer(request: AuthRequest) -> Outcome:
    """Finish with a verified software token, or send a code to an email address."""
    setup: Setup = request.answered.state
    if setup.verified:
        request.answered.spent = True
        return Proven(Proof.SECOND_FACTOR)
    address = request.given.get("EMAIL") or request.given.get("email")
    if address is None or "EMAIL_OTP" not in setup.choices:
        raise invalid()
    schema.require_valid(request.pool.schema, {"email": address})
    request.answered.spent = True
    return Ask("EMAIL_OTP", address=address)


def renewed(session: AuthSession, user: User, expires: float, *, verified: bool) -> AuthSession:
    """Spend an auth session of this challenge, and return the next one."""
    session.spent = True
    setup = Setup(session.state.choices, verified or session.state.verified)
    return AuthSession("MFA_SETUP", session.client_id, user.sub, expires, setup, event_id=session.event_id)
