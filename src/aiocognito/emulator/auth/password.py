"""Passwords: in the clear (USER_PASSWORD_AUTH), and what any proof of one leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .. import passwords, users
from ..attempts import Lockout
from ..errors import ApiError, not_authorized, user_not_found, wrong_credentials
from ..migration import migrate
from ..users import User
from . import mfa, new_password
from .auth_request import AuthRequest

Then = Callable[[AuthRequest], Awaitable[dict[str, Any]]]


async def USER_PASSWORD_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """Begin with the password itself."""
    given = turn.need("PASSWORD")
    if turn.user is None and turn.begins:
        turn.user = await migrate(
            turn.world,
            turn.pool,
            turn.client,
            turn.name,
            "Authentication",
            password=given,
            metadata=turn.metadata,
        )
    user = turn.user
    if user is None:
        if turn.client.hides_users:
            _require_unlocked(turn, turn.pool.stranger(turn.name))
        # As much work as for a real one, so that the time does not tell.
        await passwords.make_verifier(turn.pool, turn.name, given)
        raise refuse_stranger(turn, turn.name) if turn.client.hides_users else user_not_found()
    return await judge(turn, lambda: passwords.matches(turn.pool, user, given))


async def ADMIN_USER_PASSWORD_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """The same, for a server with AWS credentials."""
    return await USER_PASSWORD_AUTH(turn)


async def ADMIN_NO_SRP_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """The same, by its older name."""
    return await USER_PASSWORD_AUTH(turn)


async def judge(
    turn: AuthRequest, proves: Callable[[], Awaitable[bool]], *, then: Then | None = None
) -> dict[str, Any]:
    """Judge an attempt with a password, and go on from there.

    Args:
        turn: The request.
        proves: Says whether the password is right.
        then: What comes next; a second factor, if nothing is said.
    """
    user, unsettled = turn.person, turn.world.unsettled
    _require_unlocked(turn, user.lockout)
    _refuse_state(
        user,
        disabled=unsettled.disabled_before_password,
        unconfirmed=unsettled.unconfirmed_before_password,
        reset=unsettled.reset_required_before_password,
    )
    if not await proves():
        raise _wrong(turn, user.lockout)
    require_able(user)
    if user.status == users.FORCE_CHANGE_PASSWORD:
        if user.temporary_until is not None and turn.world.clock() >= user.temporary_until:
            text = "Temporary password has expired and must be reset by an administrator."
            raise not_authorized(text)
        return new_password.ask(turn)
    return await (then or mfa.go_on)(turn)


def refuse_stranger(turn: AuthRequest, name: str) -> ApiError:
    """Refuse somebody who does not exist in the way of a wrong password, lock-out included.

    Args:
        turn: The request.
        name: The name with which the sign-in began.
    """
    lockout = turn.pool.stranger(name)
    _require_unlocked(turn, lockout)
    return _wrong(turn, lockout)


def _require_unlocked(turn: AuthRequest, lockout: Lockout) -> None:
    if lockout.locked(turn.world.clock()):
        raise not_authorized("Password attempts exceeded")


def _wrong(turn: AuthRequest, lockout: Lockout) -> ApiError:
    unsettled = turn.world.unsettled
    lockout.fail(
        turn.world.clock(), free=unsettled.failed_passwords_before_lock, longest=unsettled.longest_lock
    )
    return wrong_credentials()


def require_able(user: User) -> None:
    """Refuse somebody who must not sign in as they are.

    Raises:
        ApiError: They are disabled or unconfirmed, have to set a new password, or belong to an identity
            provider.
    """
    _refuse_state(user, disabled=True, unconfirmed=True, reset=True)
    if user.status == users.EXTERNAL_PROVIDER:
        # Who somebody is that an identity provider knows, only it can say.
        raise wrong_credentials()


def _refuse_state(user: User, *, disabled: bool, unconfirmed: bool, reset: bool) -> None:
    if disabled and not user.enabled:
        raise not_authorized("User is disabled.")
    if unconfirmed and user.status == users.UNCONFIRMED:
        raise ApiError("UserNotConfirmedException", "User is not confirmed.")
    if reset and user.status == users.RESET_REQUIRED:
        raise ApiError("PasswordResetRequiredException", "Password reset required for the user")
