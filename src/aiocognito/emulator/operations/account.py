"""The account of the signed-in user: GetUser, DeleteUser."""

from __future__ import annotations

from typing import Any

from .. import schema
from ..registration import operation
from ..request_context import RequestContext
from ..tokens import bearer
from ..users import User


@operation("GetUser")
async def get_user(context: RequestContext) -> dict[str, Any]:
    """Return the attributes that the client may read, and the second factors."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    user = caller.user
    readable = {name: value for name, value in user.attributes.items() if caller.client.may_read(name)}
    return {
        "Username": user.username,
        "UserAttributes": schema.to_list({"sub": user.sub, **readable}),
        **mfa_options(user),
        **described_factors(user),
    }


@operation("DeleteUser")
async def delete_user(context: RequestContext) -> dict[str, Any]:
    """Delete the signed-in user, and end all their sign-ins."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    caller.pool.tokens.revoke_user(caller.user.sub)
    caller.pool.users.remove(caller.user)
    return {}


def mfa_options(user: User) -> dict[str, Any]:
    """Return MFAOptions, which only the older operations set."""
    if not user.has_mfa_options or "SMS_MFA" not in user.factors:
        return {}
    return {"MFAOptions": [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]}


# Recorded (GetUser): absent if nothing is set.
def described_factors(user: User) -> dict[str, Any]:
    """Return UserMFASettingList and PreferredMfaSetting; both are absent without second factors."""
    described: dict[str, Any] = {}
    if factors := user.listed_factors():
        described["UserMFASettingList"] = factors
    if user.preferred_factor:
        described["PreferredMfaSetting"] = user.preferred_factor
    return described
