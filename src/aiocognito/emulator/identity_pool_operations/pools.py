"""Identity pools: create, describe, update, delete, list and tag them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ApiError, invalid_parameter
from ..identity_pool import IdentityPool, arn
from ..identity_pools import providers
from ..registration import identity_pool_operation
from ..request_context import RequestContext
from ..state import EmulatorState

_OPTIONAL: Final = (
    "SupportedLoginProviders",
    "DeveloperProviderName",
    "OpenIdConnectProviderARNs",
    "SamlProviderARNs",
)


@identity_pool_operation("CreateIdentityPool")
async def create_identity_pool(context: RequestContext) -> dict[str, Any]:
    """Create an identity pool; it has no roles yet."""
    settings = _settings(context.members)
    settings["IdentityPoolTags"] = dict(context.members.get("IdentityPoolTags", {}))
    state = context.state
    drawn = state.new_uuid()
    pool = IdentityPool(drawn if ":" in drawn else f"{state.region}:{drawn}", settings)
    state.identity_pools[pool.id] = pool
    return describe(pool)


@identity_pool_operation("DescribeIdentityPool")
async def describe_identity_pool(context: RequestContext) -> dict[str, Any]:
    """Describe an identity pool."""
    return describe(context.identity_pool)


@identity_pool_operation("UpdateIdentityPool")
async def update_identity_pool(context: RequestContext) -> dict[str, Any]:
    """Replace an identity pool's settings: what is left out goes back to its default, but for tags."""
    given = context.members
    pool = context.identity_pool
    if pool.developer_provider not in (None, given.get("DeveloperProviderName")):
        raise invalid_parameter("The developer provider name cannot be changed.")
    tags = given.get("IdentityPoolTags", pool.settings["IdentityPoolTags"])
    pool.settings = {**_settings(given), "IdentityPoolTags": dict(tags)}
    return describe(pool)


@identity_pool_operation("DeleteIdentityPool")
async def delete_identity_pool(context: RequestContext) -> dict[str, Any]:
    """Delete an identity pool and its identities."""
    del context.state.identity_pools[context.identity_pool.id]
    return {}


@identity_pool_operation("ListIdentityPools")
async def list_identity_pools(context: RequestContext) -> dict[str, Any]:
    """List the identity pools."""
    found = [
        {"IdentityPoolId": pool.id, "IdentityPoolName": pool.settings["IdentityPoolName"]}
        for pool in context.state.identity_pools.values()
    ]
    return context.page(found, "IdentityPools")


@identity_pool_operation("ListTagsForResource")
async def list_tags_for_resource(context: RequestContext) -> dict[str, Any]:
    """List an identity pool's tags."""
    return {"Tags": _by_arn(context.state, context.members["ResourceArn"]).settings["IdentityPoolTags"]}


@identity_pool_operation("TagResource")
async def tag_resource(context: RequestContext) -> dict[str, Any]:
    """Tag an identity pool."""
    _by_arn(context.state, context.members["ResourceArn"]).settings["IdentityPoolTags"].update(
        context.members["Tags"]
    )
    return {}


@identity_pool_operation("UntagResource")
async def untag_resource(context: RequestContext) -> dict[str, Any]:
    """Untag an identity pool."""
    tags = _by_arn(context.state, context.members["ResourceArn"]).settings["IdentityPoolTags"]
    for key in context.members["TagKeys"]:
        tags.pop(key, None)
    return {}


def describe(pool: IdentityPool) -> dict[str, Any]:
    """Return IdentityPool."""
    return {"IdentityPoolId": pool.id, **pool.settings}


def _by_arn(state: EmulatorState, wanted: str) -> IdentityPool:
    pool = state.identity_pools.get(wanted.rpartition("/")[2])
    if pool is not None and arn(pool) == wanted:
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
