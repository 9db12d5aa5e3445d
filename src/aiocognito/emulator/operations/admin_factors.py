"""A user's factors, for an administrator: list them, and remove a software token."""

from __future__ import annotations

from typing import Any

from ..registration import operation
from ..request_context import RequestContext
from .mfa import configured_factors


@operation("AdminGetUserAuthFactors")
async def admin_get_user_auth_factors(context: RequestContext) -> dict[str, Any]:
    """List the factors that a user has configured, for an administrator."""
    _pool, user = context.pool_and_user()
    return configured_factors(user)


@operation("AdminDeleteSoftwareToken")
async def admin_delete_software_token(context: RequestContext) -> dict[str, Any]:
    """Remove a user's software token, and with it the preference for it."""
    _pool, user = context.pool_and_user()
    user.token = user.new_token = None
    user.drop_factor("SOFTWARE_TOKEN_MFA")
    user.modified = context.state.clock()
    return {}
