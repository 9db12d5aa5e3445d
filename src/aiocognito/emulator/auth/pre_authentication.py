"""The beginning of a sign-in: the trigger that may refuse it before a password is looked at."""

from __future__ import annotations

from .. import triggers
from .auth_request import AuthRequest


async def before(turn: AuthRequest) -> None:
    """Ask PreAuthentication, if the pool has it; of unknown_users it hears only where they are hidden.

    Raises:
        ApiError: It raised an error.
    """
    if turn.user is None and not turn.client.hides_users:
        return
    request = triggers.about(turn.user, validationData=dict(turn.metadata) or None)
    if turn.client.hides_users:
        request["userNotFound"] = turn.user is None
    await triggers.run(
        turn.pool,
        "PreAuthentication",
        "PreAuthentication_Authentication",
        client=turn.client,
        username=turn.name if turn.user is None else turn.user.username,
        request=request,
        response={},
    )
