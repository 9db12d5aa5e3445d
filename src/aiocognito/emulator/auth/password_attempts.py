"""Attempts with a password: lock-out, and users who must not sign in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .. import users
from ..attempts import Lockout
from ..errors import ApiError, not_authorized, wrong_credentials
from ..users import User
from .auth_request import AuthRequest


async def judge(request: AuthRequest, proves: Callable[[], Awaitable[bool]], *, clear: bool = False) -> None:
    """Judge an attempt with a password.

    Args:
        request: The request.
        proves: Returns whether the password is right.
        clear: Whether the request has the password itself, and not a proof of it.

    Raises:
        ApiError: The password is wrong, too many were wrong before, or the user must not sign in.
    """
    user, assumptions = request.known_user, request.state.assumptions
    require_unlocked(request, user.lockout)
    _refuse_state(
        user,
        disabled=assumptions.disabled_before_password,
        # Recorded (A wrong password): an unconfirmed user gets the same answer to it as to the right one.
        unconfirmed=clear and assumptions.unconfirmed_before_password,
        reset=assumptions.reset_required_before_password,
    )
    if not await proves():
        raise _wrong(request, user.lockout, f"the password is not that of {user.username!r}")
    require_able(user)


# Recorded (A wrong password): hidden users have the same message.
def refusal_of_unknown_user(request: AuthRequest, name: str) -> ApiError:
    """Return the error of a wrong password for a user who does not exist, lock-out included.

    Args:
        request: The request.
        name: The username with which the sign-in began.
    """
    lockout = request.pool.lockout_of(name)
    require_unlocked(request, lockout)
    why = f"the user pool has no user {name!r}; PreventUserExistenceErrors hides that"
    return _wrong(request, lockout, why)


def require_unlocked(request: AuthRequest, lockout: Lockout) -> None:
    """Refuse an attempt while the user is locked out.

    Raises:
        ApiError: Too many attempts failed.
    """
    if lockout.locked(request.state.clock()):
        raise not_authorized("Password attempts exceeded")


def _wrong(request: AuthRequest, lockout: Lockout, why: str) -> ApiError:
    assumptions = request.state.assumptions
    lockout.fail(
        request.state.clock(), free=assumptions.failed_passwords_before_lock, longest=assumptions.longest_lock
    )
    return wrong_credentials(why)


def require_able(user: User) -> None:
    """Refuse a user who must not sign in.

    Raises:
        ApiError: The user is disabled or unconfirmed, has to reset the password, or belongs to an identity
            provider.
    """
    _refuse_state(user, disabled=True, unconfirmed=True, reset=True)
    if user.status == users.EXTERNAL_PROVIDER:
        # Only the identity provider can authenticate its users.
        raise wrong_credentials("only the identity provider can sign this user in")


def _refuse_state(user: User, *, disabled: bool, unconfirmed: bool, reset: bool) -> None:
    if disabled and not user.enabled:
        raise not_authorized("User is disabled.")
    if unconfirmed and user.status == users.UNCONFIRMED:
        raise ApiError("UserNotConfirmedException", "User is not confirmed.")
    if reset and user.status == users.RESET_REQUIRED:
        raise ApiError("PasswordResetRequiredException", "Password reset required for the user")
