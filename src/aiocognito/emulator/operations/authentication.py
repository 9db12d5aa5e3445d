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
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState

_REFRESHES: Final = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
_ADMIN_FLOWS: Final = ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
_WITHOUT_SESSION: Final = ("PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER")


@operation("InitiateAuth")
async def initiate_auth(context: RequestContext) -> dict[str, Any]:
    """Begin a sign-in."""
    return await _begin(context, admin=False)


@operation("AdminInitiateAuth")
async def admin_initiate_auth(context: RequestContext) -> dict[str, Any]:
    """Begin a sign-in from a server with AWS credentials."""
    return await _begin(context, admin=True)


@operation("RespondToAuthChallenge")
async def respond_to_auth_challenge(context: RequestContext) -> dict[str, Any]:
    """Answer a challenge."""
    return await _answer(context, admin=False)


@operation("AdminRespondToAuthChallenge")
async def admin_respond_to_auth_challenge(context: RequestContext) -> dict[str, Any]:
    """Answer a challenge from a server with AWS credentials."""
    return await _answer(context, admin=True)


async def _begin(context: RequestContext, *, admin: bool) -> dict[str, Any]:
    request = _request(context, "AuthParameters", admin=admin)
    request.begins, request.begun_with = True, context.members.get("Session")
    flow, state, client = context.members["AuthFlow"], context.state, request.client
    if flow in _ADMIN_FLOWS and not admin:
        raise invalid_parameter("Initiate Auth method not supported.")
    # Recorded (Refresh tokens): of a client that rotates, whether or not it lists the flow.
    if flow in _REFRESHES and client.rotates and state.assumptions.rotation_refuses_refresh_flow:
        raise ApiError("UnsupportedOperationException", "This API does not support refresh token rotation")
    if not client.permits(flow):
        raise invalid_parameter(_disabled_text(state, flow))
    if flow not in _REFRESHES:
        _find_user(request)
        await pre_authentication.run(request)
    return await sequence.begin(flow, request)


def _request(context: RequestContext, member: str, *, admin: bool) -> AuthRequest:
    """Return the request, with the parameters or responses of a member."""
    pool, client = context.pool_and_client()
    given = context.members.get(member, {})
    return AuthRequest(
        context.state,
        pool,
        client,
        given,
        admin=admin,
        metadata=context.metadata,
        address=_address(client, context.members),
    )


def _find_user(request: AuthRequest) -> None:
    request.name = request.need("USERNAME")
    request.client.check_hash(request.name, request.given.get("SECRET_HASH"))
    request.user = request.pool.users.find(request.name)


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


async def _answer(context: RequestContext, *, admin: bool) -> dict[str, Any]:
    request = _request(context, "ChallengeResponses", admin=admin)
    _find_user(request)
    if request.user is None and not request.client.hides_users:
        raise user_not_found()
    challenge, handle = context.members["ChallengeName"], context.members.get("Session")
    if handle is not None:
        request.session = _redeem(request, handle, challenge)
    elif challenge not in _WITHOUT_SESSION:
        raise missing_parameter("Session")
    if challenge not in CHALLENGES:
        raise invalid_parameter(f"{challenge} cannot be answered.")
    return await sequence.answer(challenge, request)


# Documented (Addresses of users): from administrators, and from app clients that may send them.
def _address(client: AppClient, given: Mapping[str, Any]) -> str:
    if "ContextData" in given:
        return str(given["ContextData"]["IpAddress"])
    if client.settings.get("EnablePropagateAdditionalUserContextData"):
        return str(given.get("UserContextData", {}).get("IpAddress", LOCAL))
    return LOCAL


def _redeem(request: AuthRequest, handle: str, challenge: str) -> AuthSession:
    return request.pool.auth_sessions.redeem(
        handle,
        client_id=request.client.id,
        user=request.user,
        challenge=challenge,
        now=request.state.clock(),
    )
