"""CustomSMSSender and CustomEmailSender: the triggers that send a pool's messages in place of Cognito."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from . import triggers
from .messages import Occasion
from .outbox import Medium

if TYPE_CHECKING:
    from .pool import UserPool
    from .users import User

_NAMES: Final = {"SMS": "CustomSMSSender", "EMAIL": "CustomEmailSender"}
_TYPES: Final = {"SMS": "customSMSSenderRequestV1", "EMAIL": "customEmailSenderRequestV1"}


# Documented (Senders): the event; Cognito does not wait for the function, and sends nothing itself.
async def send(pool: UserPool, user: User, medium: Medium, occasion: Occasion, code: str) -> bool:
    """Pass a code to the trigger that sends a pool's messages.

    Args:
        pool: The user pool.
        user: The recipient.
        medium: ``EMAIL`` or ``SMS``.
        occasion: Why it is sent.
        code: The code, or a temporary password.

    Returns:
        Whether the pool has the trigger.
    """
    name = _NAMES[medium]
    # Cognito encrypts the code with a key of AWS KMS, which the emulator does not have.
    encoded = base64.b64encode(code.encode()).decode()
    request = {"type": _TYPES[medium], "code": encoded, "clientMetadata": None}
    return await triggers.notify(
        pool,
        name,
        f"{name}_{occasion.source}",
        client=occasion.client,
        username=user.username,
        request={**request, **triggers.about(user, occasion.metadata)},
    )
