"""The end of a sign-in: tokens."""

from __future__ import annotations

from typing import Any

from ..refusals import not_authorized
from ..tokens import issue
from .turn import Turn


async def done(turn: Turn) -> dict[str, Any]:
    """Issue the tokens.

    Raises:
        Refusal: The account was disabled while its owner was signing in.
    """
    if not turn.person.enabled:
        raise not_authorized("User is disabled.")
    turn.person.signed_in_before = True
    result = await issue.sign_in(turn.world, turn.pool, turn.client, turn.person)
    return {"ChallengeParameters": {}, "AuthenticationResult": result}
