"""Identities, as an administrator sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ApiError
from ...paging import page
from ...state import EmulatorState


async def DescribeIdentity(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an identity."""
    _, identity = world.identity(given["IdentityId"])
    return identity.describe()


async def ListIdentities(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List an identity pool's identities, disabled ones, too, unless they are to be hidden."""
    pool = world.identity_pool(given["IdentityPoolId"])
    found = [
        identity.describe()
        for identity in pool.identities.values()
        if identity.successor is None or not given.get("HideDisabled")
    ]
    listed = page(found, "Identities", given.get("NextToken"), given["MaxResults"], "NextToken")
    return {"IdentityPoolId": pool.id, **listed}


async def DeleteIdentities(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Delete identities of whatever pool; those that are not there are handed back."""
    missing = []
    for wanted in given["IdentityIdsToDelete"]:
        try:
            pool, identity = world.identity(wanted)
        except ApiError:
            missing.append({"IdentityId": wanted, "ErrorCode": "AccessDenied"})
        else:
            pool.remove(identity)
    return {"UnprocessedIdentityIds": missing}
