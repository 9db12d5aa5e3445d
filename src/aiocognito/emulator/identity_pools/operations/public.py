"""What applications ask without AWS credentials: an identity, credentials, a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import invalid_parameter
from ...state import EmulatorState
from .. import credentials, linking, logins, open_id, providers, roles
from ..pool import Identity, IdentityPool


async def GetId(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Name the identity of a login, or a new guest."""
    pool = world.identity_pool(given["IdentityPoolId"])
    verified = await logins.verify(world, pool, given.get("Logins", {}))
    return {"IdentityId": linking.resolve(world, pool, verified).id}


async def GetCredentialsForIdentity(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Issue credentials, in the enhanced flow: the pool chooses the role."""
    pool, identity, verified = await _who(world, given)
    identity = linking.enter(world, pool, identity, verified)
    role_arn = roles.choose(pool, verified, given.get("CustomRoleArn"), world.unsettled)
    issued = credentials.issue(world, pool, identity, role_arn, verified)
    return {"IdentityId": identity.id, "Credentials": credentials.describe(issued)}


async def GetOpenIdToken(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Issue a token, for the basic flow."""
    if not world.identity(given["IdentityId"])[0].settings["AllowClassicFlow"]:
        raise invalid_parameter("Basic (classic) flow is not enabled, please use enhanced flow.")
    pool, identity, verified = await _who(world, given)
    identity = linking.enter(world, pool, identity, verified)
    return {"IdentityId": identity.id, "Token": await open_id.token(world, pool, identity, verified)}


async def UnlinkIdentity(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take logins away from an identity, which another login of its own must allow."""
    pool, identity, verified = await _who(world, given)
    if not any(pool.owner(login.key) is identity for login in verified):
        raise linking.no_match() if verified else linking.forbidden(identity)
    wanted = {providers.canonical(name) for name in given["LoginsToRemove"]}
    if not wanted <= identity.logins.keys():
        raise linking.no_match()
    for login in identity.login_keys():
        if login[0] in wanted:
            pool.unlink(login, world.clock())
    return {}


async def _who(
    world: EmulatorState, given: Mapping[str, Any]
) -> tuple[IdentityPool, Identity, list[logins.Login]]:
    """Find the identity that a request is about, and verify what it brings."""
    pool, _ = world.identity(given["IdentityId"])
    verified = await logins.verify(world, pool, given.get("Logins", {}))
    # Verifying takes a while, in which somebody may have deleted it: looked up again, it is not there.
    return *world.identity(given["IdentityId"]), verified
