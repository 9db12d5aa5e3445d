"""DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: a remembered device stands in for the second factor.

Clients in wide use answer both without the session handle. The auth session of the first challenge is then
found by the device, that of the second one by the secret block. Each is for one answer.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

from attrs import frozen

from ... import _srp as srp
from .. import devices, srp_server
from ..auth_sessions import AuthSession
from ..errors import invalid_parameter, wrong_credentials
from ..records import Device
from ..serialization import persisted
from ..srp_server import Exchange
from .auth_request import AuthRequest
from .outcomes import Outcome, Proof, Proven
from .registry import challenge
from .srp_proof import decode, timely


@persisted("device-challenge")
@frozen
class Proving:
    """What an auth session of the second challenge stores: the device, and the exchange behind its block."""

    device: Device
    exchange: Exchange
    block: str


# Documented (Devices): a remembered device replaces the second factor.
async def ask(request: AuthRequest, _proven: Proven) -> dict[str, Any] | None:
    """Ask a remembered device for its public value, in place of the second factor; ``None`` without one.

    Raises:
        ApiError: The request names a device that does not exist.
    """
    device = _remembered(request)
    if device is None:
        return None
    parameters = {"USERNAME": request.known_user.username}
    place = _place(request, device.key)
    return request.challenge("DEVICE_SRP_AUTH", parameters, state=device.key, found_by=place)


def _remembered(request: AuthRequest) -> Device | None:
    key = request.given.get("DEVICE_KEY")
    if key is None or devices.configuration(request.pool) is None:
        return None
    device = devices.confirmed(request.known_user, key)
    return device if device.remembered and devices.asks_on_new_device(request.pool) else None


def _place(request: AuthRequest, device_key: str) -> str:
    """Return the text by which the auth session of a device is found."""
    sub = "" if request.user is None else request.user.sub
    return f"DEVICE_SRP_AUTH {request.client.id} {sub} {device_key}"


# Recorded (Device challenges): answered with or without the session handle.
def _session(request: AuthRequest, text: str, name: str) -> AuthSession:
    """Return the auth session of the answer, or look it up if the answer came without one."""
    if request.session is not None:
        return request.session
    return request.pool.auth_sessions.redeem(
        text, client_id=request.client.id, user=request.user, challenge=name, now=request.state.clock()
    )


@challenge("DEVICE_SRP_AUTH")
async def answer_device_srp_auth(request: AuthRequest) -> Outcome:
    """Take the device's public value and send the server's."""
    public = srp_server.public_value(request.need("SRP_A"))
    if public is None:
        raise invalid_parameter(request.state.assumptions.srp_bad_a_message)
    key = request.need("DEVICE_KEY")
    session = _session(request, _place(request, key), "DEVICE_SRP_AUTH")
    if key != session.state:
        raise invalid_parameter("Invalid device key given.")
    device = devices.confirmed(request.known_user, key)
    assert device.secret is not None  # noqa: S101 - it is confirmed
    session.spent = True
    exchange = await srp.run(srp_server.begin, device.secret, public)
    block = base64.b64encode(secrets.token_bytes(request.state.assumptions.secret_block_bytes)).decode()
    parameters = {
        "SALT": exchange.salt_hex,
        "SECRET_BLOCK": block,
        "SRP_B": exchange.public_hex,
        "DEVICE_KEY": device.key,
        "USERNAME": request.known_user.username,
    }
    proving = Proving(device, exchange, block)
    return request.challenge("DEVICE_PASSWORD_VERIFIER", parameters, state=proving, found_by=block)


# Documented (The device's proof): group key and device key in place of user pool and user.
@challenge("DEVICE_PASSWORD_VERIFIER")
async def answer_device_password_verifier(request: AuthRequest) -> Outcome:
    """Judge the device's proof; the auth session is good for one, right or wrong."""
    signature = decode(request.need("PASSWORD_CLAIM_SIGNATURE"))
    block = request.need("PASSWORD_CLAIM_SECRET_BLOCK")
    timestamp = request.need("TIMESTAMP")
    session = _session(request, block, "DEVICE_PASSWORD_VERIFIER")
    proving: Proving = session.state
    device = proving.device
    session.spent = True
    same = request.need("DEVICE_KEY") == device.key and hmac.compare_digest(
        block.encode(), proving.block.encode()
    )
    if not same or not timely(request, timestamp) or device.key not in request.known_user.devices:
        raise wrong_credentials()
    expected = await srp.run(
        srp_server.expected_signature,
        proving.exchange,
        device.group_key,
        device.key,
        decode(block),
        timestamp,
    )
    if not hmac.compare_digest(expected, signature):
        raise wrong_credentials()
    return Proven(Proof.DEVICE)
