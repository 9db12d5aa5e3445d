"""Tokens of sign-ins on the hosted UI, in OAuth's form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..token_store import Grant
from ..tokens import issue

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState
    from ..users import User

SOURCE: Final = "HostedAuth"
_MEMBERS: Final = {
    "AccessToken": "access_token",
    "IdToken": "id_token",
    "RefreshToken": "refresh_token",
    "TokenType": "token_type",
    "ExpiresIn": "expires_in",
}


def new_grant(
    state: EmulatorState, client: AppClient, user: User, *, scopes: Collection[str], auth_time: float
) -> Grant:
    """Return the grant of a sign-in on the hosted UI.

    Args:
        state: The emulator's state.
        client: The app client.
        user: The user.
        scopes: The granted scopes.
        auth_time: The time of the sign-in, in seconds since 1970.
    """
    return Grant(
        state.random.uuid(),
        state.random.uuid(),
        user.sub,
        client.id,
        auth_time,
        scopes=tuple(scopes),
        hosted=True,
    )


async def sign_in(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    user: User,
    grant: Grant,
    *,
    nonce: str | None = None,
    refreshable: bool = True,
) -> dict[str, Any]:
    """Issue the tokens of a sign-in; the ID token only with the scope ``openid``.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        user: The user.
        grant: The sign-in.
        nonce: The nonce of the ID token.
        refreshable: Whether to issue a refresh token; false in the implicit flow.

    Raises:
        ApiError: PreTokenGeneration failed.
    """
    result = await issue.begin(
        state, pool, client, user, grant, source=SOURCE, nonce=nonce, refreshable=refreshable
    )
    return members(result)


def members(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return AuthenticationResult with the member names of RFC 6749, 5.1."""
    return {name: result[member] for member, name in _MEMBERS.items() if member in result}
