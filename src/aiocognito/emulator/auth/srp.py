"""Secure Remote Password: USER_SRP_AUTH, and the proof that answers PASSWORD_VERIFIER."""

from __future__ import annotations

import base64
import binascii
import calendar
import hmac
import re
import secrets
from typing import Any, Final

from attrs import frozen

from ... import _srp as srp
from .. import srp_server
from ..auth_sessions import AuthSession, invalid
from ..errors import (
    ApiError,
    invalid_parameter,
    missing_parameter,
    not_authorized,
    user_not_found,
    wrong_credentials,
)
from ..serialization import kept
from ..srp_server import Exchange
from .auth_request import AuthRequest
from .password import Then, judge, refuse_stranger

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>[A-Z][a-z]{2}) (?P<day>[1-9][0-9]?) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) UTC (?P<year>[0-9]{4})"
)


@kept("srp-challenge")
@frozen
class Begun:
    """What a secret block stands for.

    Args:
        name: The name that was typed.
        exchange: The exchange.
        with_session: The proof must bring the session handle, too.
        then: What comes next.
    """

    name: str
    exchange: Exchange
    with_session: bool = False
    then: Then | None = None


async def USER_SRP_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """Begin with the client's public value; the password stays where it is."""
    return await begin(turn)


async def begin(turn: AuthRequest, *, with_session: bool = False, then: Then | None = None) -> dict[str, Any]:
    """Ask for the proof of a password.

    Args:
        turn: The request, with ``SRP_A``.
        with_session: Whether a session handle comes with it, which the answer must bring back.
        then: What comes next; a second factor, if nothing is said.
    """
    client_public = srp_server.public_value(turn.need("SRP_A"))
    if client_public is None:
        raise invalid_parameter(turn.world.unsettled.srp_bad_a_message)
    if turn.user is None and not turn.client.hides_users:
        raise user_not_found()
    secret = await _secret(turn)
    exchange = await srp.run(srp_server.begin, secret, client_public)
    block = base64.b64encode(secrets.token_bytes(turn.world.unsettled.secret_block_bytes)).decode()
    handle = _handle(turn, Begun(turn.name, exchange, with_session, then))
    turn.pool.handles.put(block, handle, turn.world.clock())
    name = turn.pool.decoy_uuid(turn.name) if turn.user is None else turn.user.username
    answer: dict[str, Any] = {
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeParameters": {
            "SALT": exchange.salt_hex,
            "SECRET_BLOCK": block,
            "SRP_B": exchange.public_hex,
            "USERNAME": name,
            "USER_ID_FOR_SRP": name,
        },
    }
    if with_session or turn.world.unsettled.srp_challenge_has_session:
        answer["Session"] = turn.pool.handles.issue(handle, turn.world.clock())
    return answer


async def _secret(turn: AuthRequest) -> srp_server.Secret:
    if turn.user is not None and turn.user.secret is not None:
        return turn.user.secret
    salt, exponent = turn.pool.decoy_salt(turn.name), turn.pool.decoy("verifier", turn.name)
    return await srp.run(srp_server.decoy, salt, exponent)


def _handle(turn: AuthRequest, begun: Begun) -> AuthSession:
    sub = None if turn.user is None else turn.user.sub
    expires = turn.world.clock() + turn.client.session_life
    return AuthSession("PASSWORD_VERIFIER", turn.client.id, sub, expires, begun)


async def PASSWORD_VERIFIER(turn: AuthRequest) -> dict[str, Any]:
    """Judge the proof that somebody knows the password.

    The secret block names the exchange; it is good for one answer, right or wrong.
    """
    signature = decode(turn.need("PASSWORD_CLAIM_SIGNATURE"))
    block = turn.need("PASSWORD_CLAIM_SECRET_BLOCK")
    timestamp = turn.need("TIMESTAMP")
    handle = turn.pool.handles.get(block)
    if not _fits(turn, handle):
        raise wrong_credentials()
    assert handle is not None  # noqa: S101 - it fits
    begun: Begun = handle.state
    if begun.with_session and turn.handle is None:
        raise missing_parameter("Session")
    if turn.handle is not None and turn.handle is not handle:
        raise invalid()
    handle.spent = True
    if not timely(turn, timestamp):
        raise not_authorized(turn.world.unsettled.srp_timestamp_message)

    async def proves() -> bool:
        name = turn.person.username
        expected = await srp.run(
            srp_server.expected_signature, begun.exchange, turn.pool.name, name, decode(block), timestamp
        )
        return hmac.compare_digest(expected, signature)

    if turn.user is None:
        raise refuse_stranger(turn, begun.name)
    try:
        return await judge(turn, proves, then=begun.then)
    except ApiError as refusal:
        # Whose device is gone answers again, with the same proof and without the device.
        handle.spent = refusal.code != "ResourceNotFoundException"
        raise


def _fits(turn: AuthRequest, handle: AuthSession | None) -> bool:
    if handle is None or handle.challenge != "PASSWORD_VERIFIER" or handle.client_id != turn.client.id:
        return False
    same = handle.sub == (None if turn.user is None else turn.user.sub)
    return same and not handle.spent and turn.world.clock() < handle.expires


def timely(turn: AuthRequest, text: str) -> bool:
    """Say whether TIMESTAMP is of this moment, give or take a few minutes."""
    sent = parse_timestamp(text)
    if sent is None:
        return False
    # A client of another make has its own clock, which nobody can advance.
    tolerance = turn.world.unsettled.srp_timestamp_tolerance
    return any(abs(sent - now) <= tolerance for now in (turn.world.clock(), turn.world.clock.base()))


def parse_timestamp(text: str) -> int | None:
    """Read TIMESTAMP, ``Tue May 7 00:09:40 UTC 2025``, as seconds since 1970; ``None`` in any other form."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None or match["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"]) + 1
    numbers = (int(match[name]) for name in ("day", "hour", "minute", "second"))
    return calendar.timegm((int(match["year"]), month, *numbers, 0, 0, 0))


def decode(text: str) -> bytes:
    """Read standard base64; whatever else it is, it is a wrong proof."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong_credentials() from None
