"""Tokens: refreshing, revoking, signing out everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ApiError, not_authorized
from ..state import EmulatorState
from ..tokens import bearer, refresh


async def GetTokensFromRefreshToken(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make new tokens of a refresh token; the one operation that works with rotation."""
    pool, client = world.client(given["ClientId"])
    _check_secret(client.id, known=client.knows_secret(given.get("ClientSecret")))
    found = refresh.redeem(world, pool, client, given["RefreshToken"], device_key=given.get("DeviceKey"))
    return {
        "AuthenticationResult": await refresh.refresh(
            world, pool, client, found, metadata=given.get("ClientMetadata")
        )
    }


def _check_secret(client_id: str, *, known: bool) -> None:
    if not known:
        raise not_authorized(f"Unable to verify secret hash for client {client_id}")


async def RevokeToken(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """End one sign-in: its refresh token, and all that came of it."""
    pool, client = world.client(given["ClientId"])
    if not client.knows_secret(given.get("ClientSecret")):
        raise ApiError(world.unsettled.revoke_wrong_client_code, "Invalid client secret")
    refresh.revoke(world, pool, client, given["Token"])
    return {}


async def GlobalSignOut(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """End all sign-ins of the person who asks."""
    who = await bearer.authorize(world, given["AccessToken"])
    who.pool.tokens.revoke_user(who.user.sub)
    return {}
