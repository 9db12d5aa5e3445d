"""Identities of people whom a backend of one's own has authenticated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ApiError, invalid_parameter, not_found
from ...paging import page
from ...state import EmulatorState
from .. import linking, logins, open_id
from ..pool import Identity, IdentityPool


async def GetOpenIdTokenForDeveloperIdentity(
    world: EmulatorState, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Register somebody, or find them again, and issue a token; the classic flow need not be allowed."""
    pool = world.identity_pool(given["IdentityPoolId"])
    others, provider = dict(given["Logins"]), pool.developer_provider
    if provider is None or provider not in others:
        raise invalid_parameter("Please provide a login of the developer provider.")
    own = logins.Login(provider, others.pop(provider))
    verified = [own, *(await logins.verify(world, pool, others))]
    identity = _registered(world, pool, given.get("IdentityId"), own, verified)
    token = await open_id.token(
        world,
        pool,
        identity,
        verified,
        life=given.get("TokenDuration", open_id.DEVELOPER_LIFE),
        tags=given.get("PrincipalTags"),
    )
    return {"IdentityId": identity.id, "Token": token}


async def LookupDeveloperIdentity(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Find an identity by a developer's name for it, or the names by the identity; or match the two."""
    pool = world.identity_pool(given["IdentityPoolId"])
    name = given.get("DeveloperUserIdentifier")
    if "IdentityId" in given:
        identity = _of(world, pool, given["IdentityId"])
        names = identity.logins.get(pool.developer_provider or "", [])
        if name is not None:
            if name not in names:
                raise _conflict(world)
            names = [name]
    elif name is not None:
        identity, names = _named(pool, name), [name]
    else:
        raise invalid_parameter("Either IdentityId or DeveloperUserIdentifier must be given.")
    member, limit = "DeveloperUserIdentifierList", given.get("MaxResults")
    return {"IdentityId": identity.id, **page(names, member, given.get("NextToken"), limit, "NextToken")}


async def MergeDeveloperIdentities(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make two of a developer's people one; the destination's identity stays."""
    pool = world.identity_pool(given["IdentityPoolId"])
    _check_provider(pool, given)
    source = _named(pool, given["SourceUserIdentifier"])
    destination = _named(pool, given["DestinationUserIdentifier"])
    if source is not destination:
        linking.combine(world, pool, source, destination)
    return {"IdentityId": destination.id}


async def UnlinkDeveloperIdentity(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take a developer's name away from an identity."""
    pool = world.identity_pool(given["IdentityPoolId"])
    _check_provider(pool, given)
    identity = _of(world, pool, given["IdentityId"])
    name = given["DeveloperUserIdentifier"]
    if _named(pool, name) is not identity:
        raise _conflict(world)
    pool.unlink((given["DeveloperProviderName"], name), world.clock())
    return {}


def _registered(
    world: EmulatorState,
    pool: IdentityPool,
    wanted: str | None,
    own: logins.Login,
    verified: list[logins.Login],
) -> Identity:
    if wanted is None:
        return linking.resolve(world, pool, verified)
    identity = _of(world, pool, wanted)
    owner = pool.owner(own.key)
    if owner is not None and owner is not identity:
        text = "This developer user identifier is already registered with Cognito."
        raise ApiError("DeveloperUserAlreadyRegisteredException", text)
    # The developer's word is enough: no login of the identity's own has to come along.
    return linking.add(world, pool, identity, verified)


def _of(world: EmulatorState, pool: IdentityPool, identity_id: str) -> Identity:
    found, identity = world.identity(identity_id)
    if found is not pool:
        raise not_found(f"Identity '{identity_id}' not found.")
    return identity


def _named(pool: IdentityPool, name: str) -> Identity:
    identity = pool.owner((pool.developer_provider or "", name))
    if identity is None:
        raise not_found(f"Developer user identifier '{name}' not found.")
    return identity


def _check_provider(pool: IdentityPool, given: Mapping[str, Any]) -> None:
    if given["DeveloperProviderName"] != pool.developer_provider:
        raise invalid_parameter("The developer provider is not this identity pool's.")


def _conflict(world: EmulatorState) -> ApiError:
    return ApiError("ResourceConflictException", world.unsettled.identity_conflict_message)
