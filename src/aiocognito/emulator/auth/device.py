"""DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: a remembered device stands in for the second factor.

Clients in wide use answer both without the session handle. The handle is then found by the device that is
asked, and by the secret block: it is the same one, good for one answer.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ... import _srp as srp
from .. import devices, srp_server
from ..auth_sessions import AuthSession
from ..errors import invalid_parameter, wrong_credentials
from ..records import Device
from ..serialization import kept
from ..srp_server import Exchange
from . import complete
from .auth_request import AuthRequest
from .srp import decode, timely


@kept("device-challenge")
@frozen
class Proving:
    """What a handle of the second challenge knows: the device, and the exchange behind its block."""

    device: Device
    exchange: Exchange
    block: str


def remembered(turn: AuthRequest) -> Device | None:
    """Find the device that an answer named, if it stands in for the second factor.

    Raises:
        ApiError: There is no such device.
    """
    key = turn.given.get("DEVICE_KEY")
    if key is None or devices.configuration(turn.pool) is None:
        return None
    device = devices.confirmed(turn.person, key)
    return device if device.remembered and devices.asks_on_new_device(turn.pool) else None


def ask(turn: AuthRequest, device: Device) -> dict[str, Any]:
    """Ask the device for its public value."""
    answer = turn.challenge("DEVICE_SRP_AUTH", {"USERNAME": turn.person.username}, state=device.key)
    _find_by(turn, _place(turn, device.key), answer)
    return answer


def _find_by(turn: AuthRequest, text: str, challenge: Mapping[str, Any]) -> None:
    handle = turn.pool.handles.get(challenge["Session"])
    assert handle is not None  # noqa: S101 - it was issued just now
    turn.pool.handles.put(text, handle, turn.world.clock())


def _place(turn: AuthRequest, device_key: str) -> str:
    sub = "" if turn.user is None else turn.user.sub
    return f"DEVICE_SRP_AUTH {turn.client.id} {sub} {device_key}"


def _ticket(turn: AuthRequest, text: str, challenge: str) -> AuthSession:
    """Take the handle that came with the answer, or look it up where none came."""
    if turn.handle is not None:
        return turn.handle
    return turn.pool.handles.redeem(
        text, client_id=turn.client.id, user=turn.user, challenge=challenge, now=turn.world.clock()
    )


async def DEVICE_SRP_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """Take the device's public value and send ours."""
    public = srp_server.public_value(turn.need("SRP_A"))
    if public is None:
        raise invalid_parameter(turn.world.unsettled.srp_bad_a_message)
    key = turn.need("DEVICE_KEY")
    ticket = _ticket(turn, _place(turn, key), "DEVICE_SRP_AUTH")
    if key != ticket.state:
        raise invalid_parameter("Invalid device key given.")
    device = devices.confirmed(turn.person, key)
    assert device.secret is not None  # noqa: S101 - it is confirmed
    ticket.spent = True
    exchange = await srp.run(srp_server.begin, device.secret, public)
    block = base64.b64encode(secrets.token_bytes(turn.world.unsettled.secret_block_bytes)).decode()
    parameters = {
        "SALT": exchange.salt_hex,
        "SECRET_BLOCK": block,
        "SRP_B": exchange.public_hex,
        "DEVICE_KEY": device.key,
        "USERNAME": turn.person.username,
    }
    proving = Proving(device, exchange, block)
    answer = turn.challenge("DEVICE_PASSWORD_VERIFIER", parameters, state=proving)
    _find_by(turn, block, answer)
    return answer


async def DEVICE_PASSWORD_VERIFIER(turn: AuthRequest) -> dict[str, Any]:
    """Judge the device's proof; the handle is good for one, right or wrong."""
    signature = decode(turn.need("PASSWORD_CLAIM_SIGNATURE"))
    block = turn.need("PASSWORD_CLAIM_SECRET_BLOCK")
    timestamp = turn.need("TIMESTAMP")
    ticket = _ticket(turn, block, "DEVICE_PASSWORD_VERIFIER")
    proving: Proving = ticket.state
    device = proving.device
    ticket.spent = True
    same = turn.need("DEVICE_KEY") == device.key and hmac.compare_digest(
        block.encode(), proving.block.encode()
    )
    if not same or not timely(turn, timestamp) or device.key not in turn.person.devices:
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
    return await complete.done(turn)
