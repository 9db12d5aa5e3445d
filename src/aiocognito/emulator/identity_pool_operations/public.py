"""Operations that need no AWS credentials: get an identity, credentials or a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import invalid_parameter
from ..identity_pool import Identity, IdentityPool
from ..identity_pools import credentials, linking, logins, open_id, providers, roles
from ..registration import identity_pool_operation
from ..request_context import RequestContext
from ..state import EmulatorState


@identity_pool_operation("GetId")
async def get_id(context: RequestContext) -> dict[str, Any]:
    """Return the identity of a login, or of a new guest."""
    pool = context.identity_pool
    verified = await logins.verify(context.state, pool, context.members.get("Logins", {}))
    return {"IdentityId": linking.resolve(context.state, pool, verified).id}


@identity_pool_operation("GetCredentialsForIdentity")
async def get_credentials_for_identity(context: RequestContext) -> dict[str, Any]:
    """Issue credentials, in the enhanced flow: the pool chooses the role."""
    state = context.state
    pool, identity, verified = await _identity_and_logins(state, context.members)
    identity = linking.enter(state, pool, identity, verified)
    role_arn = roles.choose(pool, verified, context.members.get("CustomRoleArn"), state.assumptions)
    issued = credentials.issue(state, pool, identity, role_arn, verified)
    return {"IdentityId": identity.id, "Credentials": credentials.describe(issued)}


@identity_pool_operation("GetOpenIdToken")
async def get_open_id_token(context: RequestContext) -> dict[str, Any]:
    """Issue a token, for the basic flow."""
    state = context.state
    if not state.identity(context.members["IdentityId"])[0].settings["AllowClassicFlow"]:
        raise invalid_parameter("Basic (classic) flow is not enabled, please use enhanced flow.")
    pool, identity, verified = await _identity_and_logins(state, context.members)
    identity = linking.enter(state, pool, identity, verified)
    return {"IdentityId": identity.id, "Token": await open_id.token(state, pool, identity, verified)}


@identity_pool_operation("UnlinkIdentity")
async def unlink_identity(context: RequestContext) -> dict[str, Any]:
    """Unlink logins from an identity; another login of the identity must authorize it."""
    pool, identity, verified = await _identity_and_logins(context.state, context.members)
    if not any(pool.owner(login.key) is identity for login in verified):
        raise linking.no_match() if verified else linking.forbidden(identity)
    wanted = {providers.canonical(name) for name in context.members["LoginsToRemove"]}
    if not wanted <= identity.logins.keys():
        raise linking.no_match()
    for login in identity.login_keys():
        if login[0] in wanted:
            pool.unlink(login, context.state.clock())
    return {}


async def _identity_and_logins(
    state: EmulatorState, given: Mapping[str, Any]
) -> tuple[IdentityPool, Identity, list[logins.Login]]:
    """Return the identity of a request, and its verified logins."""
    pool, _ = state.identity(given["IdentityId"])
    verified = await logins.verify(state, pool, given.get("Logins", {}))
    # The identity may have been deleted during the verification: look it up again.
    return *state.identity(given["IdentityId"]), verified
