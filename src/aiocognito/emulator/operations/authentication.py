"""Signing in: InitiateAuth, RespondToAuthChallenge, and the administrator's counterparts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..auth import pre_authentication, sequence
from ..auth.auth_request import AuthRequest
from ..auth.registry import CHALLENGES
from ..auth_events import LOCAL
from ..auth_sessions import AuthSession
from ..clients import AppClient
from ..errors import ApiError, invalid_parameter, missing_parameter, user_not_found
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState

_REFRESHES: Final = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
_ADMIN_FLOWS: Final = ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
_WITHOUT_SESSION: Final = ("PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER")


@operation("InitiateAuth")
async def initiate_auth(context: RequestContext) -> dict[str, Any]:
    """Begin a sign-in."""
    pool, client = context.pool_and_client()
    if context.members["AuthFlow"] in _ADMIN_FLOWS:
        raise invalid_parameter("Initiate Auth method not supported.")
    return await _begin(context.state, pool, client, context.members, admin=False)


@operation("AdminInitiateAuth")
async def admin_initiate_auth(context: RequestContext) -> dict[str, Any]:
    """Begin a sign-in from a server with AWS credentials."""
    pool, client = context.pool_and_client()
    return await _begin(context.state, pool, client, context.members, admin=True)


@operation("RespondToAuthChallenge")
async def respond_to_auth_challenge(context: RequestContext) -> dict[str, Any]:
    """Answer a challenge."""
    pool, client = context.pool_and_client()
    return await _go_on(context.state, pool, client, context.members, admin=False)


@operation("AdminRespondToAuthChallenge")
async def admin_respond_to_auth_challenge(context: RequestContext) -> dict[str, Any]:
    """Answer a challenge from a server with AWS credentials."""
    pool, client = context.pool_and_client()
    return await _go_on(context.state, pool, client, context.members, admin=True)


async def _begin(
    state: EmulatorState, pool: UserPool, client: AppClient, given: Mapping[str, Any], *, admin: bool
) -> dict[str, Any]:
    flow = given["AuthFlow"]
    # Recorded (Refresh tokens): of a client that rotates, whether or not it lists the flow.
    if flow in _REFRESHES and client.rotates and state.assumptions.rotation_refuses_refresh_flow:
        raise ApiError("UnsupportedOperationException", "This API does not support refresh token rotation")
    if not client.permits(flow):
        raise invalid_parameter(_disabled_text(state, flow))
    parameters = given.get("AuthParameters", {})
    metadata = given.get("ClientMetadata", {})
    turn = AuthRequest(state, pool, client, parameters, admin=admin, metadata=metadata)
    turn.begins, turn.begun_with = True, given.get("Session")
    turn.address = _address(client, given)
    if flow not in _REFRESHES:
        turn.name = turn.need("USERNAME")
        client.check_hash(turn.name, parameters.get("SECRET_HASH"))
        turn.user = pool.users.find(turn.name)
        await pre_authentication.run(turn)
    return await sequence.begin(flow, turn)


def _disabled_text(state: EmulatorState, flow: str) -> str:
    texts = {
        "USER_PASSWORD_AUTH": "USER_PASSWORD_AUTH flow not enabled for this client",
        "USER_SRP_AUTH": "USER_SRP_AUTH is not enabled for the client.",
        "CUSTOM_AUTH": state.assumptions.custom_auth_disabled_message,
        "USER_AUTH": state.assumptions.user_auth_disabled_message,
        "REFRESH_TOKEN_AUTH": state.assumptions.rotation_refresh_flow_message,
        "REFRESH_TOKEN": state.assumptions.rotation_refresh_flow_message,
    }
    return texts.get(flow, "Auth flow not enabled for this client")


async def _go_on(
    state: EmulatorState, pool: UserPool, client: AppClient, given: Mapping[str, Any], *, admin: bool
) -> dict[str, Any]:
    name = given["ChallengeName"]
    responses = given.get("ChallengeResponses", {})
    metadata = given.get("ClientMetadata", {})
    turn = AuthRequest(state, pool, client, responses, admin=admin, metadata=metadata)
    turn.address = _address(client, given)
    turn.name = turn.need("USERNAME")
    client.check_hash(turn.name, responses.get("SECRET_HASH"))
    turn.user = pool.users.find(turn.name)
    if turn.user is None and not client.hides_users:
        raise user_not_found()
    session = given.get("Session")
    if session is None and name not in _WITHOUT_SESSION:
        raise missing_parameter("Session")
    if session is not None:
        turn.session = _redeem(turn, session, name)
    if name not in CHALLENGES:
        raise invalid_parameter(f"{name} cannot be answered.")
    return await sequence.answer(name, turn)


# Documented (Addresses of users): from administrators, and from app clients that may send them.
def _address(client: AppClient, given: Mapping[str, Any]) -> str:
    if "ContextData" in given:
        return str(given["ContextData"]["IpAddress"])
    if client.settings.get("EnablePropagateAdditionalUserContextData"):
        return str(given.get("UserContextData", {}).get("IpAddress", LOCAL))
    return LOCAL


def _redeem(turn: AuthRequest, session: str, challenge: str) -> AuthSession:
    return turn.pool.auth_sessions.redeem(
        session,
        client_id=turn.client.id,
        user=turn.user,
        challenge=challenge,
        now=turn.state.clock(),
    )
