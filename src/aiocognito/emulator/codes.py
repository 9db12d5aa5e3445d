"""Confirmation codes: made, sent, compared, spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .errors import ApiError, attempts_exceeded
from .messages import Occasion, words
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


async def send(
    world: EmulatorState,
    pool: UserPool,
    user: User,
    *,
    attribute: str,
    address: str,
    purpose: Purpose,
    life: float,
    occasion: Occasion,
    digits: int = 6,
    link: str | None = None,
) -> Code:
    """Draw a code and put it into the outbox; it is the caller who keeps it.

    Args:
        world: The randomness, clock and outbox.
        pool: The user pool.
        user: Who gets it.
        attribute: The attribute that holds the address.
        address: The address.
        purpose: What it is for.
        life: Seconds for which it is good.
        occasion: Why it is sent.
        digits: How many it has.
        link: The beginning of a link that the code completes, where one is sent instead.

    Raises:
        ApiError: The trigger that words messages failed.
    """
    code = Code(world.random.digits(digits), attribute, address, world.clock() + life)
    whole = None if link is None else f"{link}{code.value}"
    await deliver(
        world,
        pool,
        user,
        attribute=attribute,
        address=address,
        purpose=purpose,
        occasion=occasion,
        code=code.value,
        link=whole,
    )
    return code


async def send_and_keep(
    world: EmulatorState,
    pool: UserPool,
    user: User,
    *,
    attribute: str,
    address: str,
    purpose: Purpose,
    life: float,
    occasion: Occasion,
    kind: str | None = None,
    link: str | None = None,
) -> dict[str, str]:
    """Send a code that the user's account keeps, in the place of an older one; return CodeDeliveryDetails.

    Args:
        world: The randomness, clock and outbox.
        pool: The user pool.
        user: Who gets it.
        attribute: The attribute that holds the address.
        address: The address.
        purpose: What it is for.
        life: Seconds for which it is good.
        occasion: Why it is sent.
        kind: Under which name it is kept; ``purpose`` if not said.
        link: The beginning of a link that the code completes, where one is sent instead.

    Raises:
        ApiError: The trigger that words messages failed.
    """
    user.codes[kind or purpose] = await send(
        world,
        pool,
        user,
        attribute=attribute,
        address=address,
        purpose=purpose,
        life=life,
        occasion=occasion,
        link=link,
    )
    return details(attribute, address)


async def deliver(
    world: EmulatorState,
    pool: UserPool,
    user: User,
    *,
    attribute: str,
    address: str,
    purpose: Purpose,
    occasion: Occasion,
    code: str,
    link: str | None = None,
) -> None:
    """Put a message into the outbox.

    Raises:
        ApiError: The trigger that words messages failed.
    """
    medium = medium_of(attribute)
    wording = await words(pool, user, medium, occasion, by_link=link is not None)
    said = wording.filled(user, code, link)
    world.outbox.send(
        Message(
            to=address,
            username=user.username,
            medium=medium,
            code=code,
            purpose=purpose,
            user_pool_id=pool.id,
            link=link,
            subject=said.subject,
            text=said.text,
        )
    )


def medium_of(attribute: str) -> Medium:
    """``EMAIL`` or ``SMS``."""
    return _MEDIA[attribute]


def details(attribute: str, address: str) -> dict[str, str]:
    """Write CodeDeliveryDetails."""
    return {
        "AttributeName": attribute,
        "DeliveryMedium": medium_of(attribute),
        "Destination": masked(address),
    }


def spend(
    world: EmulatorState, user: User, kind: str, given: str, *, limit: int, attempts: str | None = None
) -> Code:
    """Take a code that somebody typed in; a good one is spent.

    Args:
        world: The clock.
        user: Whose code it is.
        kind: Under which name it is kept.
        given: What was typed.
        limit: How many tries an hour are allowed.
        attempts: Under which name they are counted; ``kind`` if not said.

    Raises:
        ApiError: Too many tries, no code or an old one, another code.
    """
    count(world, user.attempts, attempts or kind, limit)
    code = user.codes.get(kind)
    if code is None or world.clock() >= code.expires:
        raise expired()
    if not code.equals(given):
        raise mismatch()
    del user.codes[kind]
    return code


def count(world: EmulatorState, attempts: Attempts, kind: str, limit: int) -> None:
    """Count a request for a code, or a try with one.

    Raises:
        ApiError: There were too many within the hour.
    """
    now = world.clock()
    if attempts.count(kind, now) >= limit:
        raise attempts_exceeded()
    attempts.add(kind, now)


def mismatch() -> ApiError:
    """The refusal of a wrong code."""
    return ApiError("CodeMismatchException", "Invalid verification code provided, please try again.")


def expired() -> ApiError:
    """The refusal of an old code, and of any code where none is outstanding."""
    return ApiError("ExpiredCodeException", "Invalid code provided, please request a code again.")


def simulated_details(pool: UserPool, username: str, attributes: tuple[str, ...]) -> dict[str, Any]:
    """Make up CodeDeliveryDetails for a user who is not there, from the name and the pool's settings."""
    if username.startswith("+") and "phone_number" in attributes:
        return details("phone_number", username)
    if "email" in attributes:
        made_up = f"{pool.decoy_letter(username)}@{pool.decoy_letter(username[::-1])}"
        return details("email", username if "@" in username else made_up)
    return details("phone_number", pool.decoy_phone(username))
