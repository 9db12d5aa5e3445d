"""Logins: the tokens of identity providers, verified as far as this emulator can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from ..errors import ApiError, invalid_parameter, not_authorized
from ..tokens import jws
from . import providers

if TYPE_CHECKING:
    from ..identity_pool import IdentityPool, LoginKey
    from ..pool import UserPool
    from ..state import EmulatorState

ISSUER: Final = "https://cognito-identity.amazonaws.com"
_UNSUPPORTED: Final = "Token is not from a supported provider of this identity pool."
_REQUIRED: Final = ("aud", "iss", "sub", "exp")


@frozen
class Login:
    """A verified login.

    Args:
        provider: The identity provider.
        subject: The provider's id of the user.
        claims: The other claims of the token.
    """

    provider: str
    subject: str
    claims: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def key(self) -> LoginKey:
        """The key that identities are found by."""
        return self.provider, self.subject

    @property
    def mapped_name(self) -> str:
        """The name by which role mappings know the provider."""
        return f"{self.provider}:{self.claims['aud']}" if "aud" in self.claims else self.provider


async def verify(state: EmulatorState, pool: IdentityPool, given: Mapping[str, str]) -> list[Login]:
    """Verify all logins of a request; an invalid one fails the request.

    Args:
        state: The emulator's state.
        pool: The identity pool.
        given: Tokens by provider.

    Raises:
        ApiError: A provider is malformed or not configured in this pool, or a token is invalid.
    """
    if given and not providers.names(pool):
        raise not_authorized(f"Identity pool - {pool.id} does not have identity providers configured.")
    logins: dict[LoginKey, Login] = {}
    for name, token in given.items():
        login = await _verify_one(state, pool, name, token)
        logins[login.key] = login
    return list(logins.values())


async def _verify_one(state: EmulatorState, pool: IdentityPool, name: str, token: str) -> Login:
    provider = _aws_name(state, name)
    if not providers.possible(provider):
        raise invalid_parameter("Please provide a valid public provider.")
    if provider not in providers.names(pool):
        raise not_authorized(_UNSUPPORTED)
    pool_id = providers.user_pool_id(provider)
    if pool_id is None:
        # The keys of other providers are out of reach, and an unverified token must not pass.
        raise _invalid("Couldn't verify signed token.")
    claims = await _verify_jwt(state, provider, state.pools.get(pool_id), token)
    _check_client(pool, provider, state.pools[pool_id], claims)
    return Login(provider, claims["sub"], claims)


async def _verify_jwt(
    state: EmulatorState, provider: str, user_pool: UserPool | None, token: str
) -> dict[str, Any]:
    try:
        header, claims = jws.read(token)
    except ValueError:
        raise _not_an_id_token() from None
    if claims.get("iss") == ISSUER:
        raise _invalid("Can't pass in a Cognito token.")
    for name in _REQUIRED:
        if claims.get(name) is None:
            raise _invalid(f"Missing a required claim: {name}")
    if _aws_name(state, str(claims["iss"]).partition("://")[2]) != provider:
        raise _invalid("Issuer doesn't match providerName")
    if user_pool is None or not await _is_signed(state, user_pool, header, token):
        raise _invalid("Couldn't verify signed token.")
    # From here on these are claims that this emulator made.
    now = int(state.clock())
    if now >= claims["exp"]:
        raise _invalid(f"Token expired: {now} >= {int(claims['exp'])}")
    if claims.get("token_use") != "id":
        raise _not_an_id_token()
    return claims


def _aws_name(state: EmulatorState, name: str) -> str:
    """Return the provider's name, which for a user pool with a local issuer is AWS's, too."""
    user_pool = None if state.issuer_base is None else state.pool_of_issuer(name)
    return providers.canonical(name if user_pool is None else user_pool.issuer.removeprefix("https://"))


async def _is_signed(
    state: EmulatorState, user_pool: UserPool, header: Mapping[str, Any], token: str
) -> bool:
    keys = await state.keys.of(user_pool.id)
    if header.get("alg") != "RS256" or header.get("kid") != keys.id.kid:
        return False
    return await jws.is_signed(keys.id, token)


def _check_client(pool: IdentityPool, provider: str, user_pool: UserPool, claims: Mapping[str, Any]) -> None:
    entries = providers.user_pool_clients(pool, provider)
    entry = next((entry for entry in entries if entry["ClientId"] == claims["aud"]), None)
    if entry is None:
        raise not_authorized(_UNSUPPORTED)
    if entry.get("ServerSideTokenCheck") and not _is_active(user_pool, claims):
        raise not_authorized("Token is inactive")


# Documented (ServerSideTokenCheck): refuses signed-out, deleted and disabled users.
def _is_active(user_pool: UserPool, claims: Mapping[str, Any]) -> bool:
    """Check in the user pool that the sign-in, the user and the app client still exist."""
    grant = user_pool.tokens.grants.get(claims.get("event_id", ""))
    user = user_pool.users.by_subject(claims["sub"])
    if grant is None or user is None or not user.enabled:
        return False
    return (
        not user_pool.tokens.is_revoked(claims) and grant.refreshable and grant.client_id in user_pool.clients
    )


# Recorded (Logins): "Invalid login token. …" with seven reasons.
def _invalid(reason: str) -> ApiError:
    return not_authorized(f"Invalid login token. {reason}")


def _not_an_id_token() -> ApiError:
    return _invalid("Not a valid OpenId Connect identity token.")
