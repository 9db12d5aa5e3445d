"""From a sign-up straight to its sign-in: the code that confirmed the account is proof enough.

SignUp gives a handle that ConfirmSignUp may take, and that gives one which USER_AUTH takes.
"""

from __future__ import annotations

from typing import Any, Final

from ..auth_sessions import AuthSession
from ..clients import AppClient
from ..pool import UserPool
from ..state import EmulatorState
from ..users import User
from . import complete, user_auth
from .auth_request import AuthRequest

# No names of challenges, so that RespondToAuthChallenge takes neither.
_CONFIRMATION: Final = "after SignUp"
_SIGN_IN: Final = "after ConfirmSignUp"
_FACTORS: Final = {"email": "EMAIL_OTP", "phone_number": "SMS_OTP"}


def begin(world: EmulatorState, pool: UserPool, client: AppClient, user: User, attribute: str) -> str | None:
    """Give a handle for the confirmation, where a code to the same address could sign the person in.

    Args:
        world: The clock.
        pool: The user pool.
        client: The app client.
        user: Who signed up.
        attribute: Which address the confirmation code went to.
    """
    return _issue(world, pool, client, user, _CONFIRMATION, attribute)


def take(
    world: EmulatorState, pool: UserPool, client: AppClient, user: User, text: str | None
) -> AuthSession | None:
    """Find the handle that a confirmation came with, if it did; it is not spent yet.

    Raises:
        ApiError: It is somebody else's, used or expired.
    """
    if text is None:
        return None
    now = world.clock()
    return pool.handles.redeem(text, client_id=client.id, user=user, challenge=_CONFIRMATION, now=now)


def confirmed(
    world: EmulatorState, pool: UserPool, client: AppClient, user: User, attribute: str
) -> dict[str, Any]:
    """Answer a confirmation: with a handle for the sign-in, also if none for the confirmation came.

    Amplify for JavaScript sends none and goes on with the one that it gets.
    """
    session = _issue(world, pool, client, user, _SIGN_IN, attribute)
    return {} if session is None else {"Session": session}


def _issue(
    world: EmulatorState, pool: UserPool, client: AppClient, user: User, purpose: str, attribute: str
) -> str | None:
    factor = _FACTORS[attribute]
    if not client.permits("USER_AUTH") or factor not in user_auth.available_challenges(pool, user):
        return None
    now = world.clock()
    return pool.handles.issue(
        AuthSession(purpose, client.id, user.sub, now + client.session_life, factor), now
    )


async def sign_in(turn: AuthRequest, text: str) -> dict[str, Any] | None:
    """Issue the tokens without another factor; ``None`` if the person may not use that one any more.

    Raises:
        ApiError: The handle is somebody else's, used or expired.
    """
    now = turn.world.clock()
    handle = turn.pool.handles.redeem(
        text, client_id=turn.client.id, user=turn.user, challenge=_SIGN_IN, now=now
    )
    handle.spent = True
    if handle.state not in user_auth.available_challenges(turn.pool, turn.person):
        return None
    return await complete.done(turn)
