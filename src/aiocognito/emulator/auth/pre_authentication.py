"""The PreAuthentication trigger, which may refuse a sign-in before a password is checked."""

from __future__ import annotations

from .. import triggers
from .auth_request import AuthRequest


async def run(request: AuthRequest) -> None:
    """Run the trigger, if the pool has it; for unknown users only where their absence is hidden.

    Raises:
        ApiError: The trigger raised an error.
    """
    if request.user is None and not request.client.hides_users:
        return
    event = triggers.about(request.user, validationData=dict(request.metadata) or None)
    if request.client.hides_users:
        event["userNotFound"] = request.user is None
    await triggers.run(
        request.pool,
        "PreAuthentication",
        "PreAuthentication_Authentication",
        client=request.client,
        username=request.name if request.user is None else request.user.username,
        request=event,
        response={},
    )
