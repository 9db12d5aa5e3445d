"""User sessions: the tokens of each sign-in, listed and revoked one by one, in pools that track them.

Sessions of the hosted UI (``SSO``) are not tracked here: all sessions are ``TOKEN`` sessions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ApiError, invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..token_store import Grant
from ..tokens import bearer
from ..users import User

# Documented (User sessions): the default, and the most in one page.
_MAX_PER_USER: Final = 20
_MOST_LISTED: Final = 125
_MAX_VALIDITY_MINUTES: Final = 60


@operation("SetUserPoolSessionConfiguration")
async def set_user_pool_session_configuration(context: RequestContext) -> dict[str, Any]:
    """Turn the tracking of sessions on or off, and limit the sessions of a user."""
    pool, given = context.pool, context.members
    if given["UserSessionTracking"] == "ENABLED":
        _require_tier(pool)
    pool.session_configuration = {name: given[name] for name in ("UserSessionTracking", "TokenSession")}
    return _configuration(pool)


@operation("GetUserPoolSessionConfiguration")
async def get_user_pool_session_configuration(context: RequestContext) -> dict[str, Any]:
    """Return whether sessions are tracked."""
    return _configuration(context.pool)


@operation("SetUserPoolClientSessionConfiguration")
async def set_user_pool_client_session_configuration(context: RequestContext) -> dict[str, Any]:
    """Set how long an app client uses a session of the hosted UI without asking."""
    pool, client = context.pool_and_client()
    _require_tier(pool)
    _require_tracking(pool)
    pool.client_session_configurations[client.id] = {"SSOSession": context.members["SSOSession"]}
    return _client_configuration(pool, client.id)


@operation("GetUserPoolClientSessionConfiguration")
async def get_user_pool_client_session_configuration(context: RequestContext) -> dict[str, Any]:
    """Return the session configuration of an app client."""
    pool, client = context.pool_and_client()
    return _client_configuration(pool, client.id)


@operation("ListUserSessions")
async def list_user_sessions(context: RequestContext) -> dict[str, Any]:
    """List the sessions of the signed-in user."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    return _listed(context, caller.pool, caller.user, caller.grant)


@operation("RevokeUserSession")
async def revoke_user_session(context: RequestContext) -> dict[str, Any]:
    """Revoke another session of the signed-in user."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    found = _find(context, caller.pool, caller.user)
    if found is caller.grant:
        raise invalid_parameter("The current session cannot be revoked.")
    caller.pool.tokens.revoke(found.event_id)
    return {}


@operation("AdminListUserSessions")
async def admin_list_user_sessions(context: RequestContext) -> dict[str, Any]:
    """List the sessions of a user."""
    pool, user = context.pool_and_user()
    return _listed(context, pool, user, None)


@operation("AdminRevokeUserSession")
async def admin_revoke_user_session(context: RequestContext) -> dict[str, Any]:
    """Revoke a session of a user."""
    pool, user = context.pool_and_user()
    pool.tokens.revoke(_find(context, pool, user).event_id)
    return {}


def _configuration(pool: UserPool) -> dict[str, Any]:
    default = {"UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": _MAX_PER_USER}}
    return {"UserPoolId": pool.id, **(pool.session_configuration or default)}


def _client_configuration(pool: UserPool, client_id: str) -> dict[str, Any]:
    default = {"SSOSession": {"MaxValidityMinutes": _MAX_VALIDITY_MINUTES}}
    configured = pool.client_session_configurations.get(client_id, default)
    return {"UserPoolId": pool.id, "ClientId": client_id, **configured}


# Documented (User sessions): in the plans Essentials and Plus.
def _require_tier(pool: UserPool) -> None:
    if pool.settings.get("UserPoolTier") == "LITE":
        text = "This feature is not available in the user pool's tier."
        raise ApiError("FeatureUnavailableInTierException", text)


def _require_tracking(pool: UserPool) -> None:
    if not pool.tracks_sessions:
        text = "User session tracking is not enabled for this user pool."
        raise ApiError("OperationNotEnabledException", text)


def _listed(context: RequestContext, pool: UserPool, user: User, own: Grant | None) -> dict[str, Any]:
    sessions = _sessions(context, pool, user)
    return {"Sessions": [_described(each, own) for each in sessions[:_MOST_LISTED]]}


def _sessions(context: RequestContext, pool: UserPool, user: User) -> list[Grant]:
    _require_tracking(pool)
    return pool.tokens.tracked(user.sub, now=context.state.clock())


def _find(context: RequestContext, pool: UserPool, user: User) -> Grant:
    session_id = context.members["SessionId"]
    for grant in _sessions(context, pool, user):
        if grant.session_id == session_id:
            return grant
    raise ApiError("ResourceNotFoundException", "Session not found.")


def _described(grant: Grant, own: Grant | None) -> Mapping[str, Any]:
    described = {
        "SessionId": grant.session_id,
        "SessionType": "TOKEN",
        "ClientId": grant.client_id,
        "CreateDate": grant.auth_time,
        "LastActiveDate": grant.last_active or grant.auth_time,
    }
    return described if own is None else {**described, "IsCurrentSession": grant is own}
