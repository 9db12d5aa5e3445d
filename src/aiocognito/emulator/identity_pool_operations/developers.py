"""Developer-authenticated identities: their users are authenticated by the developer's backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ApiError, invalid_parameter, not_found
from ..identity_pool import Identity, IdentityPool
from ..identity_pools import linking, logins, open_id
from ..registration import identity_pool_operation
from ..request_context import RequestContext
from ..state import EmulatorState


@identity_pool_operation("GetOpenIdTokenForDeveloperIdentity")
async def get_open_id_token_for_developer_identity(context: RequestContext) -> dict[str, Any]:
    """Register or find a developer's user, and issue a token; the classic flow need not be allowed."""
    given = context.members
    pool = context.identity_pool
    others, provider = dict(given["Logins"]), pool.developer_provider
    if provider is None or provider not in others:
        raise invalid_parameter("Please provide a login of the developer provider.")
    own = logins.Login(provider, others.pop(provider))
    verified = [own, *(await logins.verify(context.state, pool, others))]
    identity = _registered(context.state, pool, given.get("IdentityId"), own, verified)
    token = await open_id.token(
        context.state,
        pool,
        identity,
        verified,
        life=given.get("TokenDuration", open_id.DEVELOPER_LIFE),
        tags=given.get("PrincipalTags"),
    )
    return {"IdentityId": identity.id, "Token": token}


@identity_pool_operation("LookupDeveloperIdentity")
async def lookup_developer_identity(context: RequestContext) -> dict[str, Any]:
    """Look up an identity by its developer user identifier, or the identifiers of an identity."""
    given = context.members
    pool = context.identity_pool
    name = given.get("DeveloperUserIdentifier")
    if "IdentityId" in given:
        identity = _of(context.state, pool, given["IdentityId"])
        names = identity.logins.get(pool.developer_provider or "", [])
        if name is not None:
            if name not in names:
                raise _conflict(context.state)
            names = [name]
    elif name is not None:
        identity, names = _named(pool, name), [name]
    else:
        raise invalid_parameter("Either IdentityId or DeveloperUserIdentifier must be given.")
    return {"IdentityId": identity.id, **context.page(names, "DeveloperUserIdentifierList")}


@identity_pool_operation("MergeDeveloperIdentities")
async def merge_developer_identities(context: RequestContext) -> dict[str, Any]:
    """Merge two developer users; the destination's identity stays."""
    given = context.members
    pool = context.identity_pool
    _check_provider(pool, given)
    source = _named(pool, given["SourceUserIdentifier"])
    destination = _named(pool, given["DestinationUserIdentifier"])
    if source is not destination:
        linking.combine(context.state, pool, source, destination)
    return {"IdentityId": destination.id}


@identity_pool_operation("UnlinkDeveloperIdentity")
async def unlink_developer_identity(context: RequestContext) -> dict[str, Any]:
    """Unlink a developer user identifier from an identity."""
    given = context.members
    pool = context.identity_pool
    _check_provider(pool, given)
    identity = _of(context.state, pool, given["IdentityId"])
    name = given["DeveloperUserIdentifier"]
    if _named(pool, name) is not identity:
        raise _conflict(context.state)
    pool.unlink((given["DeveloperProviderName"], name), context.state.clock())
    return {}


def _registered(
    state: EmulatorState,
    pool: IdentityPool,
    wanted: str | None,
    own: logins.Login,
    verified: list[logins.Login],
) -> Identity:
    if wanted is None:
        return linking.resolve(state, pool, verified)
    identity = _of(state, pool, wanted)
    owner = pool.owner(own.key)
    if owner is not None and owner is not identity:
        text = "This developer user identifier is already registered with Cognito."
        raise ApiError("DeveloperUserAlreadyRegisteredException", text)
    # The developer's word is enough: no login of the identity's own has to come along.
    return linking.add(state, pool, identity, verified)


def _of(state: EmulatorState, pool: IdentityPool, identity_id: str) -> Identity:
    found, identity = state.identity(identity_id)
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


def _conflict(state: EmulatorState) -> ApiError:
    return ApiError("ResourceConflictException", state.assumptions.identity_conflict_message)
