"""Secure Remote Password: USER_SRP_AUTH, and the proof that answers PASSWORD_VERIFIER."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

from attrs import frozen

from ... import _srp as srp
from .. import srp_server
from ..auth_sessions import AuthSession, invalid
from ..errors import (
    invalid_parameter,
    missing_parameter,
    not_authorized,
    user_not_found,
    wrong_credentials,
)
from ..serialization import persisted
from ..srp_server import Exchange
from . import password_attempts
from .auth_request import AuthRequest
from .outcomes import Ask, CustomRounds, Outcome, Proof, Proven
from .registry import challenge, flow
from .srp_proof import decode, timely


@persisted("srp-challenge", renamed={"then": "rounds"})
@frozen
class Begun:
    """What a secret block stands for.

    Args:
        name: The username that was typed.
        exchange: The exchange.
        with_session: Whether the proof must come with the session handle, too.
        rounds: The rounds of a custom authentication that the password is asked for in.
    """

    name: str
    exchange: Exchange
    with_session: bool = False
    rounds: CustomRounds | None = None


@flow("USER_SRP_AUTH")
async def user_srp_auth(request: AuthRequest) -> Outcome:
    """Begin with the client's public value; the password is not sent."""
    return await _ask_for_proof(request)


async def ask(request: AuthRequest, asked: Ask) -> Outcome:
    """Ask for the client's public value; or for the proof, if the public value came with the request."""
    if request.given.get("SRP_A"):
        return await _ask_for_proof(request, with_session=True, rounds=asked.rounds)
    return request.challenge("PASSWORD_SRP", {})


@challenge("PASSWORD_SRP")
async def answer_password_srp(request: AuthRequest) -> Outcome:
    """Take the client's public value; the proof comes next, with a session handle of its own."""
    request.spend(request.answered)
    return await _ask_for_proof(request, with_session=True)


async def _ask_for_proof(
    request: AuthRequest, *, with_session: bool = False, rounds: CustomRounds | None = None
) -> dict[str, Any]:
    client_public = srp_server.public_value(request.need("SRP_A"))
    if client_public is None:
        raise invalid_parameter(request.state.assumptions.srp_bad_a_message)
    if request.user is None and not request.client.hides_users:
        raise user_not_found()
    secret = await _secret(request)
    exchange = await srp.run(srp_server.begin, secret, client_public)
    block = base64.b64encode(secrets.token_bytes(request.state.assumptions.secret_block_bytes)).decode()
    session = _session(request, Begun(request.name, exchange, with_session, rounds))
    request.pool.auth_sessions.put(block, session, request.state.clock())
    name = request.pool.decoy_uuid(request.name) if request.user is None else request.user.username
    response: dict[str, Any] = {
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeParameters": {
            "SALT": exchange.salt_hex,
            "SECRET_BLOCK": block,
            "SRP_B": exchange.public_hex,
            "USERNAME": name,
            "USER_ID_FOR_SRP": name,
        },
    }
    if with_session or request.state.assumptions.srp_challenge_has_session:
        response["Session"] = request.pool.auth_sessions.issue(session, request.state.clock())
    return response


async def _secret(request: AuthRequest) -> srp_server.Verifier:
    if request.user is not None and request.user.secret is not None:
        return request.user.secret
    salt, exponent = request.pool.decoy_salt(request.name), request.pool.decoy("verifier", request.name)
    return await srp.run(srp_server.decoy, salt, exponent)


def _session(request: AuthRequest, begun: Begun) -> AuthSession:
    sub = None if request.user is None else request.user.sub
    expires = request.state.clock() + request.client.session_life
    return AuthSession("PASSWORD_VERIFIER", request.client.id, sub, expires, begun)


@challenge("PASSWORD_VERIFIER")
async def answer_password_verifier(request: AuthRequest) -> Outcome:
    """Judge the proof that the user knows the password.

    The secret block identifies the exchange; it is good for one answer, right or wrong.
    """
    signature = decode(request.need("PASSWORD_CLAIM_SIGNATURE"))
    block = request.need("PASSWORD_CLAIM_SECRET_BLOCK")
    timestamp = request.need("TIMESTAMP")
    session = _session_of(request, block)
    begun: Begun = session.state
    if begun.with_session and request.session is None:
        raise missing_parameter("Session")
    if request.session is not None and request.session is not session:
        raise invalid()
    # A client whose device is gone answers again, with the same proof and without the device.
    request.spend(session, unless=lambda refusal: refusal.code == "ResourceNotFoundException")
    if not timely(request, timestamp):
        raise not_authorized(request.state.assumptions.srp_timestamp_message)

    async def proves() -> bool:
        name = request.known_user.username
        expected = await srp.run(
            srp_server.expected_signature, begun.exchange, request.pool.name, name, decode(block), timestamp
        )
        return hmac.compare_digest(expected, signature)

    if request.user is None:
        raise password_attempts.refusal_of_unknown_user(request, begun.name)
    await password_attempts.judge(request, proves)
    if begun.rounds is None:
        return Proven(Proof.PASSWORD)
    return Proven(Proof.PASSWORD_IN_CUSTOM_AUTH, begun.rounds)


def _session_of(request: AuthRequest, block: str) -> AuthSession:
    """Return the auth session of a secret block.

    Raises:
        ApiError: The block is unknown, of another sign-in, or was answered before.
    """
    session = request.pool.auth_sessions.get(block)
    if session is None or not _is_open(request, session):
        raise wrong_credentials("PASSWORD_CLAIM_SECRET_BLOCK is not of this sign-in, or was answered before")
    return session


def _is_open(request: AuthRequest, session: AuthSession) -> bool:
    if session.challenge != "PASSWORD_VERIFIER" or session.client_id != request.client.id:
        return False
    same = session.sub == (None if request.user is None else request.user.sub)
    return same and not session.spent and request.state.clock() < session.expires
