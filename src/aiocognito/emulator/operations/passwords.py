"""Passwords: forgot, confirm and change."""

from __future__ import annotations

from typing import Any, Final

from .. import auth_events, codes, confirmation, password_policy, passwords, users
from ..attempts import Attempts
from ..errors import invalid_parameter, not_authorized, user_not_found, wrong_credentials
from ..messages import Occasion
from ..migration import migrate
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..tokens import bearer
from ..users import User

_UNKNOWN: Final = "Username/client id combination not found."
_NO_ADDRESS: Final = (
    "Cannot reset password for the user as there is no registered/verified email or phone_number"
)
_WAYS: Final = {"verified_phone_number": "phone_number", "verified_email": "email"}
_CHANNELS: Final = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}


@operation("ForgotPassword")
async def forgot_password(context: RequestContext) -> dict[str, Any]:
    """Send a code with which a new password can be set."""
    state = context.state
    pool, client = context.pool_and_client()
    name = context.members["Username"]
    client.check_hash(name, context.members.get("SecretHash"))
    user = pool.users.find(name) or await migrate(
        state, pool, client, name, "ForgotPassword", metadata=context.metadata
    )
    if client.hides_users and (user is None or not user.enabled or _channel(pool, user) is None):
        if state.assumptions.hidden_users_cannot_reset:
            raise invalid_parameter(_NO_ADDRESS)
        # Count it as for an existing user: a missing limit would give the user away.
        _count_request(state, pool.attempts_of(name))
        known = tuple(_WAYS[way] for way in pool.recovery if way in _WAYS)
        return {"CodeDeliveryDetails": codes.simulated_details(pool, name, known)}
    user = _able(user)
    if user.status in {users.FORCE_CHANGE_PASSWORD, users.EXTERNAL_PROVIDER}:
        raise not_authorized("User password cannot be reset in the current state.")
    _count_request(state, user.attempts)
    occasion = Occasion("ForgotPassword", client, context.metadata)
    auth_events.record(state, pool, user, "ForgotPassword")
    return {"CodeDeliveryDetails": await send_reset_code(state, pool, user, occasion)}


def _count_request(state: EmulatorState, attempts: Attempts) -> None:
    codes.count(state, attempts, "forgot_password", state.assumptions.forgot_password_attempts_per_hour)


async def send_reset_code(
    state: EmulatorState, pool: UserPool, user: User, occasion: Occasion
) -> dict[str, str]:
    """Send a code through the first channel that the pool and the user have.

    Raises:
        ApiError: The user cannot be reached.
    """
    if pool.recovery == ("admin_only",):
        raise not_authorized("Contact administrator to reset password.")
    attribute = _channel(pool, user)
    if attribute is None:
        raise invalid_parameter(_NO_ADDRESS)
    address = user.attributes[attribute]
    delivery = codes.Delivery(pool, user, attribute, address, codes.RESET_PASSWORD, occasion)
    return await codes.send_and_keep(state, delivery, life=codes.HOUR)


# Documented (Account recovery): verified addresses in the order of the setting.
def _channel(pool: UserPool, user: User) -> str | None:
    second_factor = _CHANNELS.get(user.preferred_factor or "")
    for way in pool.recovery:
        attribute = _WAYS.get(way)
        if attribute and attribute != second_factor and user.verified(attribute):
            return attribute
    return None


@operation("ConfirmForgotPassword")
async def confirm_forgot_password(context: RequestContext) -> dict[str, Any]:
    """Set a new password with the code."""
    given = context.members
    state = context.state
    pool, client = context.pool_and_client()
    name = given["Username"]
    client.check_hash(name, given.get("SecretHash"))
    user = pool.users.find(name)
    if not client.hides_users:
        _able(user)
    password_policy.require_conforming(pool.password_policy, given["Password"], password_policy.AFTERWARDS)
    limit = state.assumptions.confirm_forgot_password_attempts_per_hour
    if user is None or not user.enabled:
        codes.count(state, pool.attempts_of(name), codes.RESET_PASSWORD, limit)
        raise codes.mismatch()
    code = codes.spend(state, user, codes.RESET_PASSWORD, given["ConfirmationCode"], limit=limit)
    await passwords.replace(state, pool, user, given["Password"], password_policy.AFTERWARDS)
    if user.attributes.get(code.attribute) == code.address:
        # The code proves the address that it was sent to, which may have been replaced since.
        user.attributes[f"{code.attribute}_verified"] = "true"
    user.status = users.CONFIRMED
    user.lockout.clear()
    auth_events.record(state, pool, user, "PasswordChange")
    pool.users.index(user)
    await confirmation.after(pool, user, "ConfirmForgotPassword", client, context.metadata)
    return {}


def _able(user: User | None) -> User:
    if user is None:
        raise user_not_found(_UNKNOWN)
    if not user.enabled:
        raise not_authorized("User is disabled.")
    return user


@operation("ChangePassword")
async def change_password(context: RequestContext) -> dict[str, Any]:
    """Change the password of the signed-in user."""
    given = context.members
    state = context.state
    caller = await bearer.authorize(state, given["AccessToken"])
    user = caller.user
    limit = state.assumptions.change_password_attempts_per_hour
    codes.count(state, user.attempts, "change_password", limit)
    previous = given.get("PreviousPassword")
    if previous is None and user.secret is not None:
        raise invalid_parameter("Missing required parameter PreviousPassword")
    if previous is not None and not await passwords.matches(caller.pool, user, previous):
        auth_events.record(state, caller.pool, user, "PasswordChange", "Fail")
        raise wrong_credentials("PreviousPassword is not the present password")
    await passwords.replace(state, caller.pool, user, given["ProposedPassword"], password_policy.AFTERWARDS)
    auth_events.record(state, caller.pool, user, "PasswordChange")
    return {}
