"""Tokens: refresh, revoke and sign out everywhere."""

from __future__ import annotations

from typing import Any

from ..clients import AppClient
from ..errors import ApiError, not_authorized
from ..registration import operation
from ..request_context import RequestContext
from ..tokens import bearer, refresh


@operation("GetTokensFromRefreshToken")
async def get_tokens_from_refresh_token(context: RequestContext) -> dict[str, Any]:
    """Exchange a refresh token for new tokens; the only operation that works with rotation."""
    given = context.members
    pool, client = context.pool_and_client()
    _check_secret(client, given.get("ClientSecret"))
    found = refresh.redeem(
        context.state,
        pool,
        client,
        given["RefreshToken"],
        device_key=given.get("DeviceKey"),
    )
    return {
        "AuthenticationResult": await refresh.refresh(
            context.state, pool, client, found, metadata=given.get("ClientMetadata")
        )
    }


# Recorded (Client secrets): GetTokensFromRefreshToken has the secret itself, and texts of its own.
def _check_secret(client: AppClient, given: str | None) -> None:
    if not client.secrets:
        return  # A secret that a public client sends is ignored.
    if given is None:
        text = f"Client {client.id} is configured for secret but secret was not received"
        raise not_authorized(text)
    if not client.knows_secret(given):
        raise not_authorized(f"Unable to verify secret hash for client {client.id}")


@operation("RevokeToken")
async def revoke_token(context: RequestContext) -> dict[str, Any]:
    """Revoke a refresh token, and all tokens of its sign-in."""
    pool, client = context.pool_and_client()
    if not client.knows_secret(context.members.get("ClientSecret")):
        raise ApiError(context.state.assumptions.revoke_wrong_client_code, "Invalid client or secret")
    refresh.revoke(context.state, pool, client, context.members["Token"])
    return {}


@operation("GlobalSignOut")
async def global_sign_out(context: RequestContext) -> dict[str, Any]:
    """End all sign-ins of the signed-in user."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    caller.pool.tokens.revoke_user(caller.user.sub)
    return {}
