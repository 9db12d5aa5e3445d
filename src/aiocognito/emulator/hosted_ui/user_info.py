"""``/oauth2/userInfo``: the user of an access token (OpenID Connect Core, 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import ApiError
from ..tokens import bearer, scopes
from .oauth_errors import OAuthError

if TYPE_CHECKING:
    from ..state import EmulatorState

_BAD_REQUEST: Final = "Bad OAuth2 request at UserInfo Endpoint"
# Recorded (userInfo): the literal text.
_NO_OPENID: Final = "Access token does not contain openid scope"
_BAD_TOKEN: Final = "Access token is expired, disabled, or deleted, or the user has globally signed out."  # noqa: S105 - a message


async def answer(state: EmulatorState, authorization: str | None) -> dict[str, str]:
    """Answer one request; all values are strings, also ``email_verified``.

    Args:
        state: The emulator's state.
        authorization: The ``Authorization`` header.

    Raises:
        OAuthError: The token is missing, or not valid.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refusal("invalid_request", _BAD_REQUEST, 400)
    try:
        caller = await bearer.authorize(state, token.strip(), scope=scopes.OPENID)
    except bearer.MissingScope:
        raise _refusal("invalid_token", _NO_OPENID, 401) from None
    except ApiError:
        raise _refusal("invalid_token", _BAD_TOKEN, 401) from None
    shown = scopes.readable(caller.client, caller.user, caller.claims["scope"].split())
    return {"sub": caller.user.sub, **shown, "username": caller.user.username}


def _refusal(error: str, description: str, status: int) -> OAuthError:
    challenge = f'error="{error}", error_description="{description}"'
    return OAuthError(error, description, status=status, headers={"WWW-Authenticate": challenge})
