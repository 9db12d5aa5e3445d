"""Second factors: which one is asked for, and the codes that answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from .. import codes, confirmation, schema, users
from ..errors import ApiError, invalid_parameter
from ..pool import UserPool
from ..records import Code
from ..serialization import kept
from ..totp import Verdict
from ..users import User
from . import complete, device, mfa_setup
from .auth_request import AuthRequest

_ATTRIBUTES: Final = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}
_RECOVERY: Final = {"SMS_MFA": "verified_phone_number", "EMAIL_OTP": "verified_email"}
_MESSAGES: Final = ("SMS_MFA", "EMAIL_OTP")
TOTP: Final = "SOFTWARE_TOKEN_MFA"


@kept("code-challenge")
@frozen
class Sent:
    """What a handle knows of a code on its way.

    Args:
        code: The code; ``None`` if there is nobody to send one to, which is hidden.
        enrols: The factor that it sets up, if it does.
        is_first: It is the first factor.
    """

    code: Code | None
    enrols: str | None = None
    is_first: bool = False


async def go_on(turn: AuthRequest) -> dict[str, Any]:
    """Ask for the second factor that is due, or for the device that stands in for it; or issue the tokens."""
    known = device.remembered(turn)
    if known is not None:
        return device.ask(turn, known)
    choice = due(turn.pool, turn.person)
    first = not turn.person.signed_in_before
    if turn.pool.mfa_mode == "OFF" or (first and turn.world.unsettled.first_sign_in_skips_mfa):
        return await complete.done(turn)
    if not choice:
        return mfa_setup.ask(turn) if turn.pool.mfa_mode == "ON" else await complete.done(turn)
    if len(choice) == 1:
        return await ask(turn, choice[0])
    parameters = {"MFAS_CAN_CHOOSE": json.dumps(choice), "USER_ID_FOR_SRP": turn.person.username}
    return turn.challenge("SELECT_MFA_TYPE", parameters, state=tuple(choice))


def due(pool: UserPool, user: User) -> list[str]:
    """List the factors that a user may answer with; one if there is nothing to choose."""
    active = user.active_factors()
    if user.preferred_factor in active:
        return [str(user.preferred_factor)]
    if pool.mfa_mode == "ON":
        return _due_where_required(pool, user, active)
    return active


def _due_where_required(pool: UserPool, user: User, active: Sequence[str]) -> list[str]:
    messages = [factor for factor in _MESSAGES if factor in active or _eligible(pool, user, factor)]
    registered = user.token is not None and TOTP in (*pool.factors, *active)
    return [*messages[:1], TOTP, *messages[1:]] if registered else messages


def _eligible(pool: UserPool, user: User, factor: str) -> bool:
    address = user.attributes.get(_ATTRIBUTES[factor])
    return bool(address) and factor in pool.factors and not is_primary_recovery(pool, factor)


def is_primary_recovery(pool: UserPool, factor: str) -> bool:
    """Whether an account is recovered through the same channel, where the pool says so itself."""
    if not pool.settings.get("AccountRecoverySetting"):
        return False
    return pool.recovery[:1] == (_RECOVERY.get(factor),)


async def ask(turn: AuthRequest, factor: str, *, address: str | None = None) -> dict[str, Any]:
    """Ask for one factor; message factors get their code sent."""
    user = turn.person
    parameters = {"USER_ID_FOR_SRP": user.username}
    if factor == TOTP:
        if user.token is not None and user.token.friendly_name:
            parameters["FRIENDLY_DEVICE_NAME"] = user.token.friendly_name
        return turn.challenge(factor, parameters)
    attribute = _ATTRIBUTES[factor]
    to = address or user.attributes.get(attribute)
    if not to:
        raise invalid_parameter(f"User does not have delivery config set to turn on {factor}")
    code = await codes.send(
        turn.world,
        turn.pool,
        user,
        attribute=attribute,
        address=to,
        purpose=codes.MFA,
        life=turn.client.session_life,
        occasion=turn.occasion,
    )
    parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] = codes.medium_of(attribute)
    parameters["CODE_DELIVERY_DESTINATION"] = schema.masked(to)
    return turn.challenge(factor, parameters, state=Sent(code, enrols=factor if address else None))


async def SMS_MFA(turn: AuthRequest) -> dict[str, Any]:
    """Judge a code that was sent by SMS."""
    return await judge_message(turn, turn.need("SMS_MFA_CODE"))


async def EMAIL_OTP(turn: AuthRequest) -> dict[str, Any]:
    """Judge a code that was sent by e-mail, be it the first or the second factor."""
    return await judge_message(turn, turn.need("EMAIL_OTP_CODE"))


async def judge_message(turn: AuthRequest, given: str) -> dict[str, Any]:
    """Judge a code that was sent."""
    sent: Sent = turn.ticket.state
    if sent.code is None or not sent.code.equals(given):
        if sent.is_first:
            _count_wrong_first(turn)
        else:
            _count_wrong(turn)
        raise ApiError("CodeMismatchException", "Invalid code or auth state for the user.")
    turn.ticket.spent = True
    user = turn.person
    _verify(turn.pool, user, sent.code)
    if sent.enrols:
        user.factors.add(sent.enrols)
    if not sent.is_first:
        return await complete.done(turn)
    if user.status == users.UNCONFIRMED:
        user.status = users.CONFIRMED
        user.codes.pop(codes.SIGN_UP, None)
        await confirmation.after(turn.pool, user, "ConfirmSignUp", turn.client, turn.client_metadata)
    return await go_on(turn)


def _verify(pool: UserPool, user: User, code: Code) -> None:
    """A code that came back proves the address, also one that is only being set up."""
    before = dict(user.attributes)
    user.attributes.update({code.attribute: code.address, f"{code.attribute}_verified": "true"})
    taken = pool.users.conflict(user)
    if taken is not None:
        user.attributes = before
        raise ApiError("AliasExistsException", f"An account with the given {taken} already exists.")
    pool.users.index(user)


async def SOFTWARE_TOKEN_MFA(turn: AuthRequest) -> dict[str, Any]:
    """Judge a code of an authenticator app."""
    given = turn.need("SOFTWARE_TOKEN_MFA_CODE")
    token = turn.person.token
    verdict = Verdict.WRONG if token is None else token.check(given, turn.world.clock())
    if verdict is Verdict.USED:
        raise ApiError("ExpiredCodeException", "Your software token has already been used once.")
    if verdict is Verdict.WRONG:
        _count_wrong(turn)
        raise ApiError("CodeMismatchException", "Invalid code received for user")
    turn.ticket.spent = True
    return await complete.done(turn)


async def SELECT_MFA_TYPE(turn: AuthRequest) -> dict[str, Any]:
    """Take the choice between factors."""
    answer = turn.need("ANSWER")
    if answer not in turn.ticket.state:
        raise invalid_parameter(turn.world.unsettled.mfa_not_offered_message)
    turn.ticket.spent = True
    return await ask(turn, answer)


def _count_wrong_first(turn: AuthRequest) -> None:
    turn.ticket.wrong += 1
    turn.ticket.dead = turn.ticket.wrong >= turn.world.unsettled.wrong_first_codes_per_handle


def _count_wrong(turn: AuthRequest) -> None:
    handle, unsettled = turn.ticket, turn.world.unsettled
    handle.wrong += 1
    if handle.wrong >= unsettled.wrong_codes_per_handle:
        handle.dead = True
        lockout = turn.person.lockout
        lockout.failures = max(lockout.failures, unsettled.failed_passwords_before_lock - 1)
        lockout.fail(
            turn.world.clock(), free=unsettled.failed_passwords_before_lock, longest=unsettled.longest_lock
        )
