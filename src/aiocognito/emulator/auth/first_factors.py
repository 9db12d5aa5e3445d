"""The first factors that a user may choose from."""

from __future__ import annotations

from typing import Final

from .. import users
from ..pool import UserPool
from ..users import User
from .auth_request import AuthRequest

ATTRIBUTES: Final = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
"""The attribute that each message factor sends its codes to."""
_PASSWORDS: Final = ("PASSWORD_SRP", "PASSWORD")


# Recorded (Choosing a first factor): an unavailable preference leads to the choice.
def offered(request: AuthRequest) -> tuple[str, ...]:
    """Return the first factors to choose from; for a user who does not exist, those of the pool."""
    if request.user is not None:
        return available_challenges(request.pool, request.user)
    factors = request.pool.first_factors
    passwords = _PASSWORDS if "PASSWORD" in factors else ()
    messages = ATTRIBUTES if request.pool.mfa_mode != "ON" else ()
    return (*passwords, *(factor for factor in messages if factor in factors))


def available_challenges(pool: UserPool, user: User) -> tuple[str, ...]:
    """Return the first factors that a user may choose from, in Cognito's order."""
    factors = pool.first_factors
    available: list[str] = []
    if "PASSWORD" in factors and user.secret is not None:
        available += _PASSWORDS
    if not _may_go_without_password(user):
        return tuple(available)
    has_second_factor = pool.mfa_mode == "ON" or (pool.mfa_mode == "OPTIONAL" and user.active_factors())
    if not has_second_factor:
        available += [
            factor
            for factor, attribute in ATTRIBUTES.items()
            if factor in factors and user.attributes.get(attribute)
        ]
    # Recorded (Passkeys as two factors): if the user pool and the user have turned it on.
    passkey_is_mfa = pool.passkeys_are_mfa and users.PASSKEY_MFA in user.factors
    if "WEB_AUTHN" in factors and user.passkeys and (not has_second_factor or passkey_is_mfa):
        available.append("WEB_AUTHN")
    return tuple(available)


# Documented (Codes and passkeys with MFA): not with a second factor.
def _may_go_without_password(user: User) -> bool:
    """Return whether a code or a passkey alone may sign a user in.

    Not where the password has to be replaced first; nor for the users of an identity provider.
    """
    return user.status not in {users.FORCE_CHANGE_PASSWORD, users.RESET_REQUIRED, users.EXTERNAL_PROVIDER}
