"""From a sign-up straight to its sign-in: the code that confirmed the account is proof enough.

SignUp returns a session handle that ConfirmSignUp may take; ConfirmSignUp returns one that USER_AUTH takes.
"""

from __future__ import annotations

from typing import Any, Final

from ..auth_sessions import AuthSession
from ..clients import AppClient
from ..pool import UserPool
from ..state import EmulatorState
from ..users import User
from . import first_factors
from .auth_request import AuthRequest

# Not the names of challenges, so that RespondToAuthChallenge takes neither.
_CONFIRMATION: Final = "after SignUp"
_SIGN_IN: Final = "after ConfirmSignUp"
_FACTORS: Final = {attribute: factor for factor, attribute in first_factors.ATTRIBUTES.items()}


def begin(state: EmulatorState, pool: UserPool, client: AppClient, user: User, attribute: str) -> str | None:
    """Issue a session handle for the confirmation, if a code to the same address could sign the user in.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        user: The new user.
        attribute: The attribute that the confirmation code was sent to.
    """
    return _issue(state, pool, client, user, _CONFIRMATION, attribute)


def take(
    state: EmulatorState, pool: UserPool, client: AppClient, user: User, text: str | None
) -> AuthSession | None:
    """Return the auth session that a confirmation came with, not spent yet; ``None`` if it came without.

    Raises:
        ApiError: It is of another user, used or expired.
    """
    if text is None:
        return None
    now = state.clock()
    return pool.auth_sessions.redeem(text, client_id=client.id, user=user, challenge=_CONFIRMATION, now=now)


# Recorded (From a sign-up to its sign-in): the handle of ConfirmSignUp needs no second code.
def confirmed(
    state: EmulatorState, pool: UserPool, client: AppClient, user: User, attribute: str
) -> dict[str, Any]:
    """Return the response to a confirmation: with a session handle for the sign-in, where that is possible.

    Amplify for JavaScript sends no handle with the confirmation and uses the one that it receives.
    """
    session = _issue(state, pool, client, user, _SIGN_IN, attribute)
    return {} if session is None else {"Session": session}


def _issue(
    state: EmulatorState, pool: UserPool, client: AppClient, user: User, purpose: str, attribute: str
) -> str | None:
    factor = _FACTORS[attribute]
    if not client.permits("USER_AUTH") or factor not in first_factors.available_challenges(pool, user):
        return None
    now = state.clock()
    return pool.auth_sessions.issue(
        AuthSession(purpose, client.id, user.sub, now + client.session_life, factor), now
    )


def redeem(request: AuthRequest, text: str) -> bool:
    """Spend the session handle of a confirmation; return whether it signs the user in.

    It does not if the factor that the account was confirmed with is no longer available to the user.

    Raises:
        ApiError: The handle is of another user, used or expired.
    """
    now = request.state.clock()
    session = request.pool.auth_sessions.redeem(
        text, client_id=request.client.id, user=request.user, challenge=_SIGN_IN, now=now
    )
    session.spent = True
    return session.state in first_factors.available_challenges(request.pool, request.known_user)
