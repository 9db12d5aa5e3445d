"""Confirmation codes: draw, send, store, check and count them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from . import senders
from .errors import ApiError, attempts_exceeded
from .messages import Occasion, wording_of
from .outbox import Medium, Message, Purpose
from .records import Code
from .schema import masked

if TYPE_CHECKING:
    from .attempts import Attempts
    from .pool import UserPool
    from .state import EmulatorState
    from .users import User

DAY: Final = 86_400.0
HOUR: Final = 3600.0
SIGN_UP: Final[Purpose] = "sign_up"
RESET_PASSWORD: Final[Purpose] = "reset_password"  # noqa: S105 - a purpose
VERIFY: Final[Purpose] = "verify_attribute"
MFA: Final[Purpose] = "mfa"
SIGN_IN: Final[Purpose] = "sign_in"
INVITATION: Final[Purpose] = "invitation"
_MEDIA: Final[Mapping[str, Medium]] = {"email": "EMAIL", "phone_number": "SMS"}


@frozen
class Delivery:
    """A message to one address of a user.

    Args:
        pool: The user pool.
        user: The recipient.
        attribute: The attribute that holds the address: ``email`` or ``phone_number``.
        address: The address.
        purpose: What the code is for.
        occasion: The reason, for the CustomMessage trigger.
    """

    pool: UserPool = field(repr=False)
    user: User
    attribute: str
    address: str = field(repr=False)
    purpose: Purpose
    occasion: Occasion


async def send(
    state: EmulatorState, delivery: Delivery, *, life: float, digits: int = 6, link: str | None = None
) -> Code:
    """Draw a code, put it into the outbox and return it; the caller stores it.

    Args:
        state: The emulator's state.
        delivery: Where to, and why.
        life: Seconds until the code expires.
        digits: The length of the code.
        link: The beginning of a link that the code completes, where a link is sent instead.

    Raises:
        ApiError: The CustomMessage trigger failed.
    """
    value = state.random.digits(digits)
    code = Code(value, delivery.attribute, delivery.address, state.clock() + life)
    await deliver(state, delivery, value, link=None if link is None else f"{link}{value}")
    return code


async def send_and_keep(
    state: EmulatorState,
    delivery: Delivery,
    *,
    life: float,
    kind: str | None = None,
    link: str | None = None,
) -> dict[str, str]:
    """Send a code, store it with the user in place of an older one, and return CodeDeliveryDetails.

    Args:
        state: The emulator's state.
        delivery: Where to, and why.
        life: Seconds until the code expires.
        kind: The key that it is stored under; ``delivery.purpose`` by default.
        link: The beginning of a link that the code completes, where a link is sent instead.

    Raises:
        ApiError: The CustomMessage trigger failed.
    """
    code = await send(state, delivery, life=life, link=link)
    delivery.user.codes[kind or delivery.purpose] = code
    return details(delivery.attribute, delivery.address)


async def deliver(state: EmulatorState, delivery: Delivery, code: str, *, link: str | None = None) -> None:
    """Pass a code to the pool's own sender, or put a message into the outbox.

    Args:
        state: The emulator's state.
        delivery: Where to, and why.
        code: The code; of an invitation, the temporary password.
        link: The whole link, of a message that has one.

    Raises:
        ApiError: The CustomMessage trigger failed.
    """
    medium, user = medium_of(delivery.attribute), delivery.user
    if await senders.send(delivery.pool, user, medium, delivery.occasion, code):
        return
    wording = await wording_of(delivery.pool, user, medium, delivery.occasion, by_link=link is not None)
    filled = wording.filled(user, code, link)
    state.outbox.send(
        Message(
            to=delivery.address,
            username=user.username,
            medium=medium,
            code=code,
            purpose=delivery.purpose,
            user_pool_id=delivery.pool.id,
            link=link,
            subject=filled.subject,
            text=filled.text,
        )
    )


def medium_of(attribute: str) -> Medium:
    """``EMAIL`` or ``SMS``."""
    return _MEDIA[attribute]


def details(attribute: str, address: str) -> dict[str, str]:
    """Return CodeDeliveryDetails."""
    return {
        "AttributeName": attribute,
        "DeliveryMedium": medium_of(attribute),
        "Destination": masked(address),
    }


# Recorded (Codes): a missing code has expired, a wrong one does not match.
def spend(
    state: EmulatorState, user: User, kind: str, given: str, *, limit: int, attempts: str | None = None
) -> Code:
    """Check a code that was typed in, and delete it if it is right.

    Args:
        state: The emulator's state.
        user: The user whom the code was sent to.
        kind: The key that it is stored under.
        given: The code as it was typed.
        limit: The attempts that are allowed within an hour.
        attempts: The key that attempts are counted under; ``kind`` by default.

    Raises:
        ApiError: There were too many attempts, or the code is wrong, expired or missing.
    """
    count(state, user.attempts, attempts or kind, limit)
    code = user.codes.get(kind)
    if code is None or state.clock() >= code.expires:
        raise expired()
    if not code.equals(given):
        raise mismatch()
    del user.codes[kind]
    return code


# Documented (Attempts): 5 or 15 an hour.
def count(state: EmulatorState, attempts: Attempts, kind: str, limit: int) -> None:
    """Count a request for a code, or an attempt with one.

    Raises:
        ApiError: There were too many within an hour.
    """
    now = state.clock()
    if attempts.count(kind, now) >= limit:
        raise attempts_exceeded()
    attempts.add(kind, now)


def mismatch() -> ApiError:
    """Return the error for a wrong code."""
    return ApiError("CodeMismatchException", "Invalid verification code provided, please try again.")


def expired() -> ApiError:
    """Return the error for an expired code, and for any code if none was sent."""
    return ApiError("ExpiredCodeException", "Invalid code provided, please request a code again.")


def simulated_details(pool: UserPool, username: str, attributes: tuple[str, ...]) -> dict[str, Any]:
    """Return CodeDeliveryDetails for a user who does not exist, made of the name and the pool's settings."""
    if username.startswith("+") and "phone_number" in attributes:
        return details("phone_number", username)
    if "email" in attributes:
        made_up = f"{pool.decoy_letter(username)}@{pool.decoy_letter(username[::-1])}"
        return details("email", username if "@" in username else made_up)
    return details("phone_number", pool.decoy_phone(username))
