"""Which second factors a user has to answer with, and how often an answer may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..pool import UserPool
from ..users import User
from .auth_request import AuthRequest

TOTP: Final = "SOFTWARE_TOKEN_MFA"
ATTRIBUTES: Final = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}
"""The attribute that each message factor sends its codes to."""
_RECOVERY: Final = {"SMS_MFA": "verified_phone_number", "EMAIL_OTP": "verified_email"}
_MESSAGES: Final = ("SMS_MFA", "EMAIL_OTP")


def is_asked(request: AuthRequest) -> bool:
    """Return whether this sign-in needs a second factor, if the user has one or must set one up."""
    is_first = not request.known_user.signed_in_before
    skipped = is_first and request.state.assumptions.first_sign_in_skips_mfa
    return request.pool.mfa_mode != "OFF" and not skipped


# Recorded (Optional MFA): users without a preference are not asked.
def due(pool: UserPool, user: User) -> list[str]:
    """Return the factors that a user may answer with; one if there is nothing to choose."""
    active = _reachable(user)
    if user.preferred_factor in active:
        return [str(user.preferred_factor)]
    if pool.mfa_mode == "ON":
        return _due_where_required(pool, user, active)
    return active


# Assumed (A factor whose address was deleted): another one replaces it.
def _reachable(user: User) -> list[str]:
    """Return the factors that are on, without those whose address was deleted if there is another one."""
    active = user.active_factors()
    reachable = [factor for factor in active if factor == TOTP or user.attributes.get(ATTRIBUTES[factor])]
    return reachable or active


# Documented (Required MFA): all eligible factors.
def _due_where_required(pool: UserPool, user: User, active: Sequence[str]) -> list[str]:
    messages = [factor for factor in _MESSAGES if factor in active or _eligible(pool, user, factor)]
    registered = user.token is not None and TOTP in (*pool.factors, *active)
    return [*messages[:1], TOTP, *messages[1:]] if registered else messages


def _eligible(pool: UserPool, user: User, factor: str) -> bool:
    address = user.attributes.get(ATTRIBUTES[factor])
    return bool(address) and factor in pool.factors and not is_primary_recovery(pool, factor)


def is_primary_recovery(pool: UserPool, factor: str) -> bool:
    """Return whether the pool's own settings recover an account through the same channel first."""
    if not pool.settings.get("AccountRecoverySetting"):
        return False
    return pool.recovery[:1] == (_RECOVERY.get(factor),)


def count_wrong(request: AuthRequest) -> None:
    """Count a wrong code; too many end the auth session and count as a wrong password."""
    session, assumptions = request.answered, request.state.assumptions
    session.wrong += 1
    if session.wrong >= assumptions.wrong_codes_per_handle:
        session.dead = True
        lockout = request.known_user.lockout
        lockout.failures = max(lockout.failures, assumptions.failed_passwords_before_lock - 1)
        lockout.fail(
            request.state.clock(),
            free=assumptions.failed_passwords_before_lock,
            longest=assumptions.longest_lock,
        )
