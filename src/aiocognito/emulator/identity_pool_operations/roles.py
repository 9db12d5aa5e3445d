"""The roles of an identity pool, how they are chosen, and which claims become principal tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import invalid_parameter
from ..identity_pool import IdentityPool
from ..identity_pools import providers
from ..registration import identity_pool_operation
from ..request_context import RequestContext
from ..state import EmulatorState

MOST_RULES: Final = 25


@identity_pool_operation("SetIdentityPoolRoles")
async def set_identity_pool_roles(context: RequestContext) -> dict[str, Any]:
    """Replace the roles and the mappings."""
    pool = context.identity_pool
    mappings = dict[str, dict[str, Any]]()
    for name, mapping in context.members.get("RoleMappings", {}).items():
        provider, separator, client_id = name.rpartition(":")
        wanted = f"{providers.canonical(provider)}{separator}{client_id}"
        if wanted not in providers.mapped_names(pool):
            text = f"({name}) is not a valid RoleMapping ProviderName or is not a configured provider."
            raise invalid_parameter(text)
        _check(mapping)
        mappings[wanted] = mapping
    pool.roles, pool.mappings = context.members["Roles"], mappings
    return {}


@identity_pool_operation("GetIdentityPoolRoles")
async def get_identity_pool_roles(context: RequestContext) -> dict[str, Any]:
    """Return the roles and the mappings."""
    pool = context.identity_pool
    found = {"IdentityPoolId": pool.id, "Roles": pool.roles}
    return {**found, "RoleMappings": pool.mappings} if pool.mappings else found


@identity_pool_operation("SetPrincipalTagAttributeMap")
async def set_principal_tag_attribute_map(context: RequestContext) -> dict[str, Any]:
    """Set which claims of a provider's tokens become principal tags."""
    given = context.members
    pool, provider = _provider(context.state, given)
    pool.tag_maps[provider] = {
        "UseDefaults": given.get("UseDefaults", False),
        "PrincipalTags": given.get("PrincipalTags", {}),
    }
    return await get_principal_tag_attribute_map(context)


@identity_pool_operation("GetPrincipalTagAttributeMap")
async def get_principal_tag_attribute_map(context: RequestContext) -> dict[str, Any]:
    """Return which claims of a provider's tokens become principal tags."""
    pool, provider = _provider(context.state, context.members)
    found = pool.tag_maps.get(provider, {"UseDefaults": False, "PrincipalTags": {}})
    return {
        "IdentityPoolId": pool.id,
        "IdentityProviderName": context.members["IdentityProviderName"],
        **found,
    }


def _provider(state: EmulatorState, given: Mapping[str, Any]) -> tuple[IdentityPool, str]:
    pool = state.identity_pool(given["IdentityPoolId"])
    provider = providers.canonical(given["IdentityProviderName"])
    if provider not in providers.names(pool):
        raise invalid_parameter(f"{given['IdentityProviderName']} is not a configured provider.")
    return pool, provider


def _check(mapping: Mapping[str, Any]) -> None:
    if "AmbiguousRoleResolution" not in mapping:
        raise invalid_parameter("AmbiguousRoleResolution is required for a role mapping.")
    if mapping["Type"] == "Rules":
        rules = mapping.get("RulesConfiguration", {}).get("Rules", ())
        if not rules:
            raise invalid_parameter("RulesConfiguration is required for role mappings of type Rules.")
        if len(rules) > MOST_RULES:
            raise invalid_parameter(f"The number of rules in the request exceeded {MOST_RULES}.")
