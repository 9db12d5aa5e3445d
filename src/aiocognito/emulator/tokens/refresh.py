"""Refreshing: who a refresh token belongs to, rotation with its grace, reuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..refusals import Refusal, not_authorized
from . import issue
from .book import RefreshToken

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..users import User
    from ..world import World


def redeem(world: World, pool: UserPool, client: AppClient, text: str) -> tuple[User, RefreshToken]:
    """Find out who a refresh token belongs to.

    Raises:
        Refusal: It is unknown, another client's, revoked, expired, or was rotated away; or its user is
            gone or disabled.
    """
    token = pool.tokens.refresh(text)
    user = None if token is None else pool.users.by_subject(token.grant.sub)
    if token is None or user is None or token.grant.client_id != client.id:
        raise not_authorized(world.unsettled.invalid_refresh_token_message)
    now = world.clock()
    if token.grant.revoked:
        raise not_authorized("Refresh Token has been revoked")
    if now >= token.expires:
        raise not_authorized("Refresh Token has expired")
    if not user.enabled:
        raise not_authorized("User is disabled.")
    # In time, a grace of no seconds is over at once, also for the clock that has not moved since.
    if token.rotated is not None and now >= token.rotated + client.grace:
        token.grant.revoked = world.unsettled.reuse_ends_family
        raise Refusal(
            "RefreshTokenReuseException", world.unsettled.reuse_message, instead="NotAuthorizedException"
        )
    return user, token


async def refresh(
    world: World, pool: UserPool, client: AppClient, user: User, token: RefreshToken
) -> dict[str, Any]:
    """Make new tokens of a sign-in: AuthenticationResult, with a new refresh token if the client rotates."""
    if not client.rotates:
        return await issue.tokens(world, pool, client, user, token.grant)
    if token.rotated is None:
        token.rotated = world.clock()
    # The new one lives as long as the old one would have.
    new = issue.refresh_token(pool, RefreshToken(token.grant, token.expires))
    return {**await issue.tokens(world, pool, client, user, token.grant), "RefreshToken": new}
