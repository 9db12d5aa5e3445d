"""What a session's record says of its device: whether it is confirmed, and when to try again."""

from __future__ import annotations

import math
from typing import Final

from .record import SessionRecord

# Calls that use tokens send a confirmation that failed again, but no more often than this.
RETRY_SECONDS: Final = 30.0


def next_attempt_at(record: SessionRecord) -> float:
    """Return when the confirmation is to be sent again, in seconds since the epoch; never is infinity."""
    device = record.device
    if record.tokens is None or device is None or device.is_settled or device.refused:
        return math.inf
    return device.tried_at + RETRY_SECONDS


def is_due(record: SessionRecord, now: float) -> bool:
    """Return whether the confirmation is to be sent again by the next call that uses tokens."""
    return next_attempt_at(record) <= now


def waits_for_confirmation(record: SessionRecord) -> bool:
    """Return whether Cognito would refuse to renew these tokens, since their device is not confirmed."""
    tokens, device = record.tokens, record.device
    return (
        tokens is not None
        and device is not None
        and not device.confirmed
        # Renewed tokens prove that Cognito does not ask for the device.
        and device.access_token == tokens.access_token
    )
