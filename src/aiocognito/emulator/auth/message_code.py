"""SMS_OTP, SMS_MFA and EMAIL_OTP: codes that are sent, as the first or as the second factor.

EMAIL_OTP is the name of a first factor and of a second one; the auth session says which one was asked for.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from .. import codes, confirmation, schema, users
from ..errors import ApiError, invalid_parameter, not_authorized
from ..outbox import Purpose
from ..pool import UserPool
from ..records import Code
from ..serialization import persisted
from ..users import User
from . import first_factors, second_factors
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven
from .registry import challenge

# Recorded (Codes as first factor): eight digits.
_DIGITS_OF_FIRST_FACTOR: Final = 8
_DIGITS_OF_SECOND_FACTOR: Final = 6


@persisted("code-challenge")
@frozen
class Sent:
    """What an auth session stores of a code that was sent.

    Args:
        code: The code; ``None`` if the user does not exist or is disabled, and that is hidden.
        enrols: The factor that it sets up.
        is_first: Whether it is the first factor.
    """

    code: Code | None
    enrols: str | None = None
    is_first: bool = False


async def ask(request: AuthRequest, asked: Ask) -> Outcome:
    """Send a code and ask for it.

    Raises:
        ApiError: The user has no address for the factor, or is disabled.
    """
    if asked.is_first:
        return await _ask_first(request, asked.factor)
    user = request.known_user
    attribute = second_factors.ATTRIBUTES[asked.factor]
    address = asked.address or user.attributes.get(attribute)
    if not address:
        raise invalid_parameter(f"User does not have delivery config set to turn on {asked.factor}")
    code = await _send(request, attribute, address, codes.MFA, _DIGITS_OF_SECOND_FACTOR)
    parameters = {
        "USER_ID_FOR_SRP": user.username,
        **_delivery(codes.medium_of(attribute), schema.masked(address)),
    }
    state = Sent(code, enrols=asked.factor if asked.address else None)
    return request.challenge(asked.factor, parameters, state=state)


async def _ask_first(request: AuthRequest, factor: str) -> dict[str, Any]:
    attribute = first_factors.ATTRIBUTES[factor]
    if request.user is None or not request.user.enabled:
        return _pretend_to_send(request, factor)
    address = request.user.attributes[attribute]
    code = await _send(request, attribute, address, codes.SIGN_IN, _DIGITS_OF_FIRST_FACTOR)
    parameters = _delivery(codes.medium_of(attribute), schema.masked(address))
    return request.challenge(factor, parameters, state=Sent(code, is_first=True))


async def _send(request: AuthRequest, attribute: str, address: str, purpose: Purpose, digits: int) -> Code:
    user, occasion = request.known_user, request.occasion
    delivery = codes.Delivery(request.pool, user, attribute, address, purpose, occasion)
    return await codes.send(request.state, delivery, life=request.client.session_life, digits=digits)


# Documented (Unknown users who choose a first factor): no code is sent.
def _pretend_to_send(request: AuthRequest, factor: str) -> dict[str, Any]:
    """Return the same challenge for a user who does not exist or is disabled, where that is hidden."""
    if not request.client.hides_users:
        raise not_authorized("User is disabled.")
    attributes = (first_factors.ATTRIBUTES[factor],)
    details = codes.simulated_details(request.pool, request.name, attributes)
    parameters = _delivery(details["DeliveryMedium"], details["Destination"])
    return request.challenge(factor, parameters, state=Sent(None, is_first=True))


def _delivery(medium: str, destination: str) -> dict[str, str]:
    return {"CODE_DELIVERY_DELIVERY_MEDIUM": medium, "CODE_DELIVERY_DESTINATION": destination}


@challenge("SMS_OTP")
async def answer_sms_otp(request: AuthRequest) -> Outcome:
    """Judge a code that was sent by SMS as the first factor."""
    return await _judge(request, request.need("SMS_OTP_CODE"))


@challenge("SMS_MFA")
async def answer_sms_mfa(request: AuthRequest) -> Outcome:
    """Judge a code that was sent by SMS as the second factor."""
    return await _judge(request, request.need("SMS_MFA_CODE"))


@challenge("EMAIL_OTP")
async def answer_email_otp(request: AuthRequest) -> Outcome:
    """Judge a code that was sent by email as the first or the second factor."""
    return await _judge(request, request.need("EMAIL_OTP_CODE"))


async def _judge(request: AuthRequest, given: str) -> Outcome:
    sent: Sent = request.answered.state
    if sent.code is None or not sent.code.equals(given):
        if sent.is_first:
            _count_wrong_first(request)
        else:
            second_factors.count_wrong(request)
        raise ApiError("CodeMismatchException", "Invalid code or auth state for the user.")
    request.answered.spent = True
    user = request.known_user
    _verify(request.pool, user, sent.code)
    if sent.enrols:
        user.factors.add(sent.enrols)
    if not sent.is_first:
        return Proven(Proof.SECOND_FACTOR)
    if user.status == users.UNCONFIRMED:
        user.status = users.CONFIRMED
        user.codes.pop(codes.SIGN_UP, None)
        await confirmation.after(request.pool, user, "ConfirmSignUp", request.client, request.client_metadata)
    return Proven(Proof.FIRST_FACTOR_CODE)


# Documented (A code as first factor): verifies the address and confirms the account.
def _verify(pool: UserPool, user: User, code: Code) -> None:
    """Mark the address as verified: the code came back. It may be one that is being set up."""
    pool.users.update(user, {code.attribute: code.address, f"{code.attribute}_verified": "true"})


def _count_wrong_first(request: AuthRequest) -> None:
    session = request.answered
    session.wrong += 1
    session.dead = session.wrong >= request.state.assumptions.wrong_first_codes_per_handle
