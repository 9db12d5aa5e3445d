"""What a route can require of the signed-in user."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from .._client import AuthClient
from .._config_checks import is_number
from .._models import AuthUser
from ..errors import AuthError, UserUnAuthenticatedException, http_status_for
from .errors import AuthForbiddenError, RecentSignInRequiredError


def required_groups(groups: Collection[object]) -> frozenset[str]:
    """Return the groups after checking them.

    Raises:
        ValueError: A group is not text, or no group is given: that would let every user in.
    """
    names = frozenset(each for each in groups if isinstance(each, str) and each)
    if not names or len(names) != len(set(groups)):
        raise ValueError("require_groups needs the names of groups, such as require_groups('admins')")
    return names


def max_age_seconds(max_age: float | timedelta) -> float:
    """Return an age in seconds.

    Raises:
        ValueError: It is not positive.
    """
    seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
    if not is_number(seconds) or not 0 < seconds < 1e10:
        raise ValueError("recent_sign_in needs a positive number of seconds, such as recent_sign_in(600)")
    return float(seconds)


async def check_groups(auth: AuthClient, groups: frozenset[str]) -> AuthUser:
    """Return the user, who must be in one of the groups.

    Raises:
        UserUnAuthenticatedException: No user is signed in.
        AuthForbiddenError: The user is in none of the groups.
    """
    user, claims = await user_and_claims(auth)
    found = claims.get("cognito:groups")
    if not isinstance(found, list) or groups.isdisjoint(each for each in found if isinstance(each, str)):
        raise AuthForbiddenError(f"this needs a user of the group {' or '.join(sorted(groups))}")
    return user


async def check_recent(auth: AuthClient, seconds: float, clock: Callable[[], float]) -> AuthUser:
    """Return the user, who must have signed in recently.

    Args:
        auth: The client of the session.
        seconds: How long ago the sign-in may be.
        clock: Returns seconds since the epoch.

    Raises:
        UserUnAuthenticatedException: No user is signed in.
        RecentSignInRequiredError: The sign-in was longer ago.
    """
    user, claims = await user_and_claims(auth)
    signed_in_at = claims.get("auth_time")
    if not is_number(signed_in_at) or clock() - signed_in_at > seconds:
        raise RecentSignInRequiredError("this needs a more recent sign-in", max_age=seconds)
    return user


async def user_and_claims(auth: AuthClient) -> tuple[AuthUser, dict[str, Any]]:
    """Return the user, and the claims of the access token.

    Args:
        auth: The client of the session.

    Raises:
        UserUnAuthenticatedException: No user is signed in.
        AuthError: The storage or Cognito failed.
    """
    user = await auth.get_current_user()
    tokens = (await auth.fetch_auth_session(credentials=False)).tokens
    if tokens is None:
        raise UserUnAuthenticatedException("no user is signed in")
    return user, dict(tokens.access_token.payload)


async def user_or_none(auth: AuthClient) -> AuthUser | None:
    """Return the user; None if no user is signed in.

    Args:
        auth: The client of the session.

    Raises:
        AuthError: The storage or Cognito failed.
    """
    try:
        return await auth.get_current_user()
    except AuthError as error:
        if not is_signed_out(error):
            raise
    return None


def is_signed_out(error: AuthError) -> bool:
    """Return whether an error says that no user is signed in, rather than that something failed."""
    return http_status_for(error) == 401
