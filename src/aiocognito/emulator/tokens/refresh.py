"""Refresh tokens: check, rotation with its grace period, reuse and revocation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..errors import ApiError, not_authorized
from ..token_store import Grant, RefreshToken
from . import issue

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState
    from ..users import User

# The final period distinguishes this message from that of an unusable token.
_OTHER_DEVICE: Final = "Invalid Refresh Token."


@frozen
class Refreshable:
    """A valid refresh token: its user and its sign-in."""

    user: User
    grant: Grant
    token: RefreshToken


def redeem(
    state: EmulatorState, pool: UserPool, client: AppClient, text: str, *, device_key: str | None = None
) -> Refreshable:
    """Check a refresh token, and return its user and sign-in.

    Raises:
        ApiError: It is unknown, another client's, revoked, expired, or was rotated away; or its user is
            gone or disabled.
    """
    token = pool.tokens.refresh(text)
    grant = None if token is None else pool.tokens.grants[token.event_id]
    user = None if grant is None else pool.users.by_subject(grant.sub)
    if token is None or grant is None or user is None or grant.client_id != client.id:
        raise not_authorized(state.assumptions.invalid_refresh_token_message)
    if grant.device_key is not None and not _is_its_device(user, grant.device_key, device_key):
        # Recorded (Renewing on a device): this text has a period at its end.
        raise not_authorized(_OTHER_DEVICE)
    now = state.clock()
    if not user.enabled:
        raise not_authorized("User is disabled.")
    # Recorded (Refresh tokens): the literal texts.
    if grant.revoked or not grant.refreshable:
        raise not_authorized("Refresh Token has been revoked")
    if now >= token.expires:
        raise not_authorized("Refresh Token has expired")
    # In time, a grace of no seconds is over at once, also for the clock that has not moved since.
    if token.rotated is not None and now >= token.rotated + client.grace:
        grant.revoked = state.assumptions.reuse_ends_family
        raise ApiError(
            "RefreshTokenReuseException", state.assumptions.reuse_message, instead="NotAuthorizedException"
        )
    return Refreshable(user, grant, token)


def revoke(state: EmulatorState, pool: UserPool, client: AppClient, text: str) -> None:
    """End the sign-in that a refresh token belongs to; an unknown token is accepted.

    Raises:
        ApiError: The client does not revoke, or the token is not a refresh token of this client.
    """
    assumptions = state.assumptions
    if not client.revokes:
        raise ApiError("UnsupportedOperationException", assumptions.revoke_disabled_message)
    # A JWS has three parts, a refresh token five.
    if text.count(".") == 2:
        raise ApiError("UnsupportedTokenTypeException", assumptions.revoke_wrong_type_message)
    token = pool.tokens.refresh(text)
    if token is None:
        return
    if pool.tokens.grants[token.event_id].client_id != client.id:
        raise ApiError(assumptions.revoke_wrong_client_code, "Token is not for this client")
    pool.tokens.revoke(token.event_id)


def _is_its_device(user: User, made_on: str, given: str | None) -> bool:
    device = user.devices.get(made_on)
    return device is not None and device.secret is not None and given == made_on


# Documented (Rotation): a new token with the remaining lifetime.
async def refresh(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    found: Refreshable,
    *,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Issue new tokens of a sign-in: AuthenticationResult, with a new refresh token if the client rotates."""
    token = found.token
    rotates = client.rotates and token.rotated is None
    if rotates:
        # At once: of two who come together one is late.
        token.rotated = state.clock()
    try:
        result = await issue.tokens(state, pool, client, found.user, found.grant, metadata=metadata)
    except BaseException:
        # A trigger has failed: no new token was sent, so this one stays valid.
        if rotates:
            token.rotated = None
        raise
    found.grant.last_active = state.clock()
    if client.rotates:
        # The new one lives as long as the old one would have.
        new = RefreshToken(token.event_id, token.expires)
        result["RefreshToken"] = issue.refresh_token(pool, new)
    return result
