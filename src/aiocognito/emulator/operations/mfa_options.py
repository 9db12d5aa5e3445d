"""MFA options: the older operations, which turn the second factor by SMS on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..tokens import bearer
from ..users import User
from . import mfa


@operation("SetUserSettings")
async def set_user_settings(context: RequestContext) -> dict[str, Any]:
    """Turn SMS as second factor of the signed-in user on or off."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    return _set(context, caller.pool, caller.user)


@operation("AdminSetUserSettings")
async def admin_set_user_settings(context: RequestContext) -> dict[str, Any]:
    """Turn SMS as second factor of a user on or off."""
    return _set(context, *context.pool_and_user())


# Documented (MFA options): for SMS alone; an empty list turns it off.
def _set(context: RequestContext, pool: UserPool, user: User) -> dict[str, Any]:
    options = context.members["MFAOptions"]
    for option in options:
        _check(option)
    mfa.prefer(context.state, pool, user, {"SMSMfaSettings": {"Enabled": bool(options)}})
    user.has_mfa_options = bool(options)
    return {}


def _check(option: Mapping[str, Any]) -> None:
    if (option.get("DeliveryMedium"), option.get("AttributeName")) != ("SMS", "phone_number"):
        raise invalid_parameter(
            "The only MFA option is the delivery medium SMS with the attribute phone_number."
        )
