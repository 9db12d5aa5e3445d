"""Refresh tokens: check, rotation with its grace period, reuse and revocation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from ..errors import ApiError, not_authorized
from ..hashing import digest
from ..token_store import Grant, RefreshToken
from . import issue

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState
    from ..users import User

# The final period distinguishes this message from that of an unusable token.
_OTHER_DEVICE: Final = "Invalid Refresh Token."
_REVOKED: Final = "Refresh Token has been revoked"


@frozen
class Refreshable:
    """A valid refresh token: its user and its sign-in."""

    user: User
    grant: Grant
    token: RefreshToken
    text: str = field(repr=False)


def redeem(
    state: EmulatorState, pool: UserPool, client: AppClient, text: str, *, device_key: str | None = None
) -> Refreshable:
    """Check a refresh token, and return its user and sign-in.

    Raises:
        ApiError: It is unknown, another client's, revoked, expired, or was rotated away; or its user is
            gone or disabled.
    """
    token = pool.tokens.refresh(text)
    if token is None:
        raise not_authorized(state.assumptions.invalid_refresh_token_message)
    grant = pool.tokens.grants[token.event_id]
    # Recorded (Refresh tokens): the literal texts.
    if grant.client_id != client.id:
        raise not_authorized("Refresh Token has different Client")
    user = pool.users.by_subject(grant.sub)
    if user is None:
        raise not_authorized("The user has been deleted for the associated refresh token")
    if grant.device_key is not None and not _is_its_device(user, grant.device_key, device_key):
        # Recorded (Renewing on a device): this text has a period at its end.
        raise not_authorized(_OTHER_DEVICE)
    if not user.enabled:
        raise not_authorized("User is disabled.")
    if not grant.refreshable:
        raise not_authorized(_REVOKED)
    if grant.revoked:
        # Recorded (Rotation): a revoked family of a client that rotates has no message.
        raise not_authorized("" if client.rotates else _REVOKED, why="the token's family was revoked")
    if state.clock() >= token.expires:
        raise not_authorized("Refresh Token has expired")
    if not pool.tokens.is_current(text):
        _require_in_grace(state, pool, client, grant, text)
    return Refreshable(user, grant, token, text)


# Recorded (Rotation): besides the newest token, only its parent works, and only during the grace period.
def _require_in_grace(
    state: EmulatorState, pool: UserPool, client: AppClient, grant: Grant, text: str
) -> None:
    if not client.rotates:
        raise not_authorized(_REVOKED, why="rotation is off by now; only the newest token works")
    token = pool.tokens.refresh(text)
    rotated = None if token is None else token.rotated
    # A grace of no seconds is over at once, also if the clock has not moved since.
    if rotated is not None and pool.tokens.is_parent(text) and state.clock() < rotated + client.grace:
        return
    grant.revoked = state.assumptions.reuse_ends_family
    raise ApiError(
        "RefreshTokenReuseException", state.assumptions.reuse_message, instead="NotAuthorizedException"
    )


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
    pool.tokens.revoke(token.event_id, spares_generation=True)


def _is_its_device(user: User, made_on: str, given: str | None) -> bool:
    device = user.devices.get(made_on)
    return device is not None and device.secret is not None and given == made_on


# Recorded (Rotation): after it is turned off, tokens have an origin_jti that RevokeToken does not end.
def _generation(state: EmulatorState, pool: UserPool, grant: Grant) -> Grant:
    """Return what the newest refresh token's tokens belong to while the client does not rotate."""
    found: Grant | None = pool.tokens.grants.get(grant.generation or "")
    if found is None or found.current != grant.current:
        found = evolve(grant, origin_jti=state.random.uuid(), is_tracked=False, generation=None)
        grant.generation = pool.tokens.open_generation(found)
    return found


async def refresh(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    found: Refreshable,
    *,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Issue new tokens of a sign-in: AuthenticationResult, with a new refresh token if the client rotates."""
    token, grant = found.token, found.grant
    if not client.rotates:
        of = grant if grant.current is None else _generation(state, pool, grant)
        result = await issue.tokens(state, pool, client, found.user, of, metadata=metadata)
        grant.last_active = state.clock()
        return result
    before = token.rotated, grant.current
    if token.rotated is None:
        token.rotated = state.clock()  # A retry does not extend the grace period.
    # At once: of two requests that come together, the second is a retry. The new token lives as long as the
    # old one would have.
    new = issue.refresh_token(pool, RefreshToken(token.event_id, token.expires, parent=digest(found.text)))
    grant.current = digest(new)
    try:
        result = await issue.tokens(state, pool, client, found.user, grant, metadata=metadata)
    except BaseException:
        # A trigger has failed: no new token was sent, so this one stays valid.
        if grant.current == digest(new):
            token.rotated, grant.current = before
        raise
    grant.last_active = state.clock()
    return {**result, "RefreshToken": new}
