"""Identity pools: created, described, replaced, deleted, listed, tagged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...errors import ApiError, invalid_parameter
from ...paging import page
from ...state import EmulatorState
from .. import providers
from ..arns import arn
from ..pool import IdentityPool

_OPTIONAL: Final = (
    "SupportedLoginProviders",
    "DeveloperProviderName",
    "OpenIdConnectProviderARNs",
    "SamlProviderARNs",
)


async def CreateIdentityPool(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Create an identity pool; it has no roles yet."""
    settings = _settings(given)
    settings["IdentityPoolTags"] = dict(given.get("IdentityPoolTags", {}))
    pool = IdentityPool(f"{world.region}:{world.random.uuid()}", settings)
    world.identity_pools[pool.id] = pool
    return describe(pool)


async def DescribeIdentityPool(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an identity pool."""
    return describe(world.identity_pool(given["IdentityPoolId"]))


async def UpdateIdentityPool(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Replace an identity pool's settings: what is left out goes back to its default, but for tags."""
    pool = world.identity_pool(given["IdentityPoolId"])
    if pool.developer_provider not in (None, given.get("DeveloperProviderName")):
        raise invalid_parameter("The developer provider name cannot be changed.")
    tags = given.get("IdentityPoolTags", pool.settings["IdentityPoolTags"])
    pool.settings = {**_settings(given), "IdentityPoolTags": dict(tags)}
    return describe(pool)


async def DeleteIdentityPool(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Delete an identity pool and its identities."""
    del world.identity_pools[world.identity_pool(given["IdentityPoolId"]).id]
    return {}


async def ListIdentityPools(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List the identity pools."""
    found = [
        {"IdentityPoolId": pool.id, "IdentityPoolName": pool.settings["IdentityPoolName"]}
        for pool in world.identity_pools.values()
    ]
    return page(found, "IdentityPools", given.get("NextToken"), given["MaxResults"], "NextToken")


async def ListTagsForResource(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List an identity pool's tags."""
    return {"Tags": _by_arn(world, given["ResourceArn"]).settings["IdentityPoolTags"]}


async def TagResource(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Tag an identity pool."""
    _by_arn(world, given["ResourceArn"]).settings["IdentityPoolTags"].update(given["Tags"])
    return {}


async def UntagResource(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take tags from an identity pool."""
    tags = _by_arn(world, given["ResourceArn"]).settings["IdentityPoolTags"]
    for key in given["TagKeys"]:
        tags.pop(key, None)
    return {}


def describe(pool: IdentityPool) -> dict[str, Any]:
    """Write IdentityPool."""
    return {"IdentityPoolId": pool.id, **pool.settings}


def _by_arn(world: EmulatorState, wanted: str) -> IdentityPool:
    for pool in world.identity_pools.values():
        if arn(pool) == wanted:
            return pool
    raise ApiError("ResourceNotFoundException", f"Resource '{wanted}' not found.")


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "IdentityPoolName": given["IdentityPoolName"],
        "AllowUnauthenticatedIdentities": given["AllowUnauthenticatedIdentities"],
        "AllowClassicFlow": given.get("AllowClassicFlow", False),
    }
    settings.update({key: given[key] for key in _OPTIONAL if given.get(key)})
    if entries := given.get("CognitoIdentityProviders"):
        settings["CognitoIdentityProviders"] = [_user_pool(entry) for entry in entries]
    return settings


def _user_pool(entry: Mapping[str, Any]) -> dict[str, Any]:
    if "ClientId" not in entry or providers.user_pool_id(entry.get("ProviderName", "")) is None:
        raise invalid_parameter("Invalid Cognito Identity Provider")
    return {"ServerSideTokenCheck": False, **entry}
