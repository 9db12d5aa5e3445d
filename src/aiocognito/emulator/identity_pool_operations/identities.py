"""Identities, as an administrator sees them."""

from __future__ import annotations

from typing import Any

from ..errors import ApiError
from ..registration import identity_pool_operation
from ..request_context import RequestContext


@identity_pool_operation("DescribeIdentity")
async def describe_identity(context: RequestContext) -> dict[str, Any]:
    """Describe an identity."""
    _, identity = context.state.identity(context.members["IdentityId"])
    return identity.describe()


@identity_pool_operation("ListIdentities")
async def list_identities(context: RequestContext) -> dict[str, Any]:
    """List an identity pool's identities; disabled ones only without ``HideDisabled``."""
    given = context.members
    pool = context.identity_pool
    found = [
        identity.describe()
        for identity in pool.identities.values()
        if identity.successor is None or not given.get("HideDisabled")
    ]
    listed = context.page(found, "Identities")
    return {"IdentityPoolId": pool.id, **listed}


@identity_pool_operation("DeleteIdentities")
async def delete_identities(context: RequestContext) -> dict[str, Any]:
    """Delete identities of any pool; those that do not exist are returned."""
    missing = []
    for wanted in context.members["IdentityIdsToDelete"]:
        try:
            pool, identity = context.state.identity(wanted)
        except ApiError:
            missing.append({"IdentityId": wanted, "ErrorCode": "AccessDenied"})
        else:
            pool.remove(identity)
    return {"UnprocessedIdentityIds": missing}
