"""Events of users, in user pools with threat protection: list them, and say which were the user's own."""

from __future__ import annotations

import hmac
from typing import Any

from .. import auth_events
from ..errors import ApiError, not_authorized, not_found
from ..pool import UserPool
from ..records import AuthEvent
from ..registration import operation
from ..request_context import RequestContext
from ..users import User


@operation("AdminListUserAuthEvents")
async def admin_list_user_auth_events(context: RequestContext) -> dict[str, Any]:
    """List the events of a user, the newest first."""
    _pool, user = _pool_and_user(context)
    return context.page([event.to_dict() for event in reversed(user.auth_events)], "AuthEvents")


@operation("AdminUpdateAuthEventFeedback")
async def admin_update_auth_event_feedback(context: RequestContext) -> dict[str, Any]:
    """Note the administrator's verdict on an event."""
    _pool, user = _pool_and_user(context)
    _judge(context, _event(context, user), "Admin")
    return {}


@operation("UpdateAuthEventFeedback")
async def update_auth_event_feedback(context: RequestContext) -> dict[str, Any]:
    """Note the user's verdict on an event. No notification is sent: the token is the event's id."""
    _pool, user = _pool_and_user(context)
    event = _event(context, user)
    if not hmac.compare_digest(event.id.encode(), context.members["FeedbackToken"].encode()):
        raise not_authorized("Invalid feedback token")
    _judge(context, event, "User")
    return {}


# Recorded (Events of users): refused without threat protection.
def _pool_and_user(context: RequestContext) -> tuple[UserPool, User]:
    if not auth_events.are_recorded(context.pool):
        text = "User pool add-ons are not enabled for this user pool."
        raise ApiError("UserPoolAddOnNotEnabledException", text)
    return context.pool_and_user()


def _event(context: RequestContext, user: User) -> AuthEvent:
    for event in user.auth_events:
        if event.id == context.members["EventId"]:
            return event
    raise not_found(f"Event {context.members['EventId']} does not exist.")


def _judge(context: RequestContext, event: AuthEvent, provider: str) -> None:
    event.feedback = {
        "FeedbackValue": context.members["FeedbackValue"],
        "Provider": provider,
        "FeedbackDate": context.state.clock(),
    }
