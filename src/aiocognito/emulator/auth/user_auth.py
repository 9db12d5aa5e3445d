"""USER_AUTH: a person chooses a first factor, or begins with the preferred one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .. import codes, schema, users
from ..errors import invalid_parameter, not_authorized, user_not_found, wrong_credentials
from ..pool import UserPool
from ..users import User
from . import after_sign_up, mfa, passkey, password, srp
from .auth_request import AuthRequest
from .mfa import Sent

_DIGITS: Final = 8
"""Of a code that is the first factor; those of a second one have six."""
ATTRIBUTES: Final = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
_PASSWORDS: Final = ("PASSWORD_SRP", "PASSWORD")


async def USER_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """Begin with the preferred factor if it is to be had, or offer what is."""
    if turn.user is None and not turn.client.hides_users:
        raise user_not_found()
    if turn.begun_with is not None and (answer := await after_sign_up.sign_in(turn, turn.begun_with)):
        return answer
    available = offered(turn)
    if not available:
        raise wrong_credentials()
    preferred = turn.given.get("PREFERRED_CHALLENGE")
    if preferred in available:
        return _listing(await _begin(turn, preferred), available)
    return _listing(turn.challenge("SELECT_CHALLENGE", {}, state=available), available)


def offered(turn: AuthRequest) -> tuple[str, ...]:
    """Name the first factors to choose from; to somebody who does not exist, those of the pool."""
    if turn.user is not None:
        return available_challenges(turn.pool, turn.user)
    factors = turn.pool.first_factors
    passwords = _PASSWORDS if "PASSWORD" in factors else ()
    messages = ATTRIBUTES if turn.pool.mfa_mode != "ON" else ()
    return (*passwords, *(factor for factor in messages if factor in factors))


def available_challenges(pool: UserPool, user: User) -> tuple[str, ...]:
    """Name the first factors that a person may choose from, in Cognito's order."""
    factors = pool.first_factors
    available: list[str] = []
    if "PASSWORD" in factors and user.secret is not None:
        available += _PASSWORDS
    if not _may_go_without_password(pool, user):
        return tuple(available)
    available += [
        factor
        for factor, attribute in ATTRIBUTES.items()
        if factor in factors and user.attributes.get(attribute)
    ]
    if "WEB_AUTHN" in factors and user.passkeys:
        available.append("WEB_AUTHN")
    return tuple(available)


def _may_go_without_password(pool: UserPool, user: User) -> bool:
    """Whether a code or a passkey alone may sign somebody in.

    Not where a second factor is on, which only follows a password; nor where the password is to be
    replaced first; nor whom an identity provider signs in.
    """
    if user.status in {users.FORCE_CHANGE_PASSWORD, users.RESET_REQUIRED, users.EXTERNAL_PROVIDER}:
        return False
    return pool.mfa_mode == "OFF" or (pool.mfa_mode == "OPTIONAL" and not user.active_factors())


async def SELECT_CHALLENGE(turn: AuthRequest) -> dict[str, Any]:
    """Take the choice, and what may come with it to finish in one step."""
    available: tuple[str, ...] = turn.ticket.state
    answer = turn.need("ANSWER")
    if answer not in available:
        raise invalid_parameter(turn.world.unsettled.challenge_not_offered_message)
    with turn.ticket.spending():
        return _listing(await _begin(turn, answer), available)


async def _begin(turn: AuthRequest, factor: str) -> dict[str, Any]:
    """Ask for a factor, or judge it at once if the answer came along."""
    if factor == "PASSWORD" and turn.given.get("PASSWORD"):
        return await password.USER_PASSWORD_AUTH(turn)
    if factor == "PASSWORD_SRP" and turn.given.get("SRP_A"):
        return await srp.begin(turn, with_session=True)
    if factor in ATTRIBUTES:
        return await _send(turn, factor)
    if factor == "WEB_AUTHN":
        return await passkey.ask(turn)
    return turn.challenge(factor, {})


async def PASSWORD(turn: AuthRequest) -> dict[str, Any]:
    """Take the password itself."""
    with turn.ticket.spending():
        return await password.USER_PASSWORD_AUTH(turn)


async def PASSWORD_SRP(turn: AuthRequest) -> dict[str, Any]:
    """Take the client's public value; the proof comes next, with a handle of its own."""
    with turn.ticket.spending():
        return await srp.begin(turn, with_session=True)


async def SMS_OTP(turn: AuthRequest) -> dict[str, Any]:
    """Judge a code that was sent by SMS; the one by e-mail shares its name with a second factor."""
    return await mfa.judge_message(turn, turn.need("SMS_OTP_CODE"))


async def _send(turn: AuthRequest, factor: str) -> dict[str, Any]:
    attribute = ATTRIBUTES[factor]
    if turn.user is None or not turn.user.enabled:
        return _pretend_to_send(turn, factor)
    address = turn.person.attributes[attribute]
    code = await codes.send(
        turn.world,
        turn.pool,
        turn.person,
        attribute=attribute,
        address=address,
        purpose=codes.SIGN_IN,
        life=turn.client.session_life,
        occasion=turn.occasion,
        digits=_DIGITS,
    )
    parameters = _delivery(codes.medium_of(attribute), schema.masked(address))
    return turn.challenge(factor, parameters, state=Sent(code, is_first=True))


def _pretend_to_send(turn: AuthRequest, factor: str) -> dict[str, Any]:
    """Play along with somebody who does not exist, or must not sign in, where that is hidden."""
    if not turn.client.hides_users:
        raise not_authorized("User is disabled.")
    details = codes.simulated_details(turn.pool, turn.name, (ATTRIBUTES[factor],))
    parameters = _delivery(details["DeliveryMedium"], details["Destination"])
    return turn.challenge(factor, parameters, state=Sent(None, is_first=True))


def _delivery(medium: str, destination: str) -> dict[str, str]:
    return {"CODE_DELIVERY_DELIVERY_MEDIUM": medium, "CODE_DELIVERY_DESTINATION": destination}


def _listing(answer: dict[str, Any], available: Sequence[str]) -> dict[str, Any]:
    """Name the available challenges beside a first factor; what comes after one is not chosen."""
    if answer.get("ChallengeName") in {*available, "SELECT_CHALLENGE", "PASSWORD_VERIFIER"}:
        answer["AvailableChallenges"] = list(available)
    return answer
