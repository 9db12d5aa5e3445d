"""Access tokens: the check that they are valid, and the user they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .. import users
from ..errors import ApiError, not_authorized, user_not_found
from ..token_store import Grant
from . import jws

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState
    from ..users import User

SCOPE: Final = "aws.cognito.signin.user.admin"


class MissingScope(ApiError):
    """The access token is valid, but lacks the required scope."""


@frozen
class Bearer:
    """The bearer of a valid access token: the user, the app client and the grant."""

    pool: UserPool
    client: AppClient
    user: User
    grant: Grant
    claims: Mapping[str, Any] = field(repr=False)


# Recorded (Access tokens): five messages.
async def authorize(state: EmulatorState, token: str, *, scope: str = SCOPE) -> Bearer:
    """Return the bearer of an access token.

    Args:
        state: The emulator's state.
        token: The access token.
        scope: The scope that it must have.

    Raises:
        ApiError: The token is not an access token of this emulator, has a wrong signature, has expired, was
            revoked or lacks the scope, or its user is gone or disabled; each with Cognito's own text.
    """
    try:
        header, claims = jws.read(token)
    except ValueError:
        raise not_authorized("Invalid Access Token") from None
    pool = state.pool_of_issuer(claims.get("iss"))
    if pool is None or claims.get("token_use") != "access":
        raise not_authorized("Invalid Access Token")
    if not pool.tokens.genuine(token):
        await _verify(state, pool, header, token)
    if state.clock() >= claims["exp"]:
        raise not_authorized("Access Token has expired")
    if scope not in claims["scope"].split():
        raise MissingScope("NotAuthorizedException", "Access Token does not have required scopes")
    grant = pool.tokens.grants.get(claims.get("event_id", ""))
    # Recorded (Access tokens): a deleted app client is what does not exist, not the token.
    _pool, client = state.client(claims["client_id"], pool.id)
    user = pool.users.by_subject(claims["sub"])
    if user is None:
        raise _gone(pool.users.find(claims["username"]))
    if not user.enabled:
        raise not_authorized("User is disabled.")
    if grant is None or pool.tokens.is_revoked(claims):
        raise not_authorized("Access Token has been revoked")
    return Bearer(pool, client, user, grant, claims)


def _gone(successor: User | None) -> ApiError:
    """Return the refusal of a deleted user's token; another user may have the name by now."""
    if successor is None:
        return user_not_found()
    if successor.status == users.UNCONFIRMED:
        return ApiError("UserNotConfirmedException", "User is not confirmed.")
    return not_authorized("Invalid access token.")


async def _verify(state: EmulatorState, pool: UserPool, header: Mapping[str, Any], token: str) -> None:
    keys = await state.keys.of(pool.id)
    if header.get("alg") != "RS256" or header.get("kid") != keys.access.kid:
        raise not_authorized("Invalid Access Token")
    if not await jws.is_signed(keys.access, token):
        raise not_authorized("Could not verify signature for Access Token")
    pool.tokens.add_genuine(token)
