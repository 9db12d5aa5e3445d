"""MFA_SETUP: a second factor is required, and there is none yet."""

from __future__ import annotations

import json
from typing import Any

from attrs import define

from .. import schema
from ..auth_sessions import AuthSession, invalid
from ..errors import invalid_parameter
from ..serialization import kept
from ..users import User
from . import complete, mfa
from .auth_request import AuthRequest


@kept("mfa-setup-challenge")
@define
class Setup:
    """What a handle of this challenge knows.

    Args:
        choices: The factors that can be set up.
        verified: A software token was verified on the way.
    """

    choices: tuple[str, ...]
    verified: bool = False


def ask(turn: AuthRequest) -> dict[str, Any]:
    """Offer the factors that the pool has and that do not recover the account."""
    pool = turn.pool
    choices = tuple(factor for factor in pool.factors if not mfa.is_primary_recovery(pool, factor))
    if not choices:
        raise invalid_parameter("There is no MFA method that the user could set up.")
    parameters = {"MFAS_CAN_SETUP": json.dumps(choices), "USER_ID_FOR_SRP": turn.person.username}
    return turn.challenge("MFA_SETUP", parameters, state=Setup(choices))


async def MFA_SETUP(turn: AuthRequest) -> dict[str, Any]:
    """Finish with a verified software token, or go on with an e-mail address."""
    setup: Setup = turn.ticket.state
    if setup.verified:
        turn.ticket.spent = True
        return await complete.done(turn)
    address = turn.given.get("EMAIL") or turn.given.get("email")
    if address is None or "EMAIL_OTP" not in setup.choices:
        raise invalid()
    schema.require_valid(turn.pool.schema, {"email": address})
    turn.ticket.spent = True
    return await mfa.ask(turn, "EMAIL_OTP", address=address)


def renewed(handle: AuthSession, user: User, expires: float, *, verified: bool) -> AuthSession:
    """Spend a handle of this challenge, and make the one that comes after it."""
    handle.spent = True
    setup = Setup(handle.state.choices, verified or handle.state.verified)
    return AuthSession("MFA_SETUP", handle.client_id, user.sub, expires, setup)
