"""AWS credentials from an identity pool, for signed-in users and guests."""

from __future__ import annotations

from collections.abc import Mapping

from .._gateways.identity_pool import IdentityPool, IssuedCredentials
from .._jwt import JWT
from .._models import Credentials
from ..errors import (
    CredentialsException,
    CredentialsNotFoundException,
    InvalidIdTokenException,
    NotAuthorizedException,
    ResourceConflictException,
    ResourceNotFoundException,
    UserUnAuthenticatedException,
)

# The errors for an identity that was deleted, or that belongs to another login.
_NOT_THIS_IDENTITY = (ResourceNotFoundException, NotAuthorizedException, ResourceConflictException)


def logins_of(id_token: JWT | None) -> Mapping[str, str]:
    """Return an id token as the logins of GetId: the token by its issuer without the scheme.

    Raises:
        UserUnAuthenticatedException: The id token is missing. An access token is not enough.
        InvalidIdTokenException: The id token has no issuer.
    """
    if id_token is None:
        raise UserUnAuthenticatedException(
            "AWS credentials need an id token, and this session has none",
            recovery_suggestion="Sign in with the scope openid, or pass credentials=False.",
        )
    issuer = id_token.payload.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise InvalidIdTokenException("the id token has no issuer")
    return {issuer.removeprefix("https://"): id_token.token}


async def obtain_credentials(
    pool: IdentityPool,
    logins: Mapping[str, str] | None,
    *,
    identity_id: str | None = None,
    custom_role_arn: str | None = None,
) -> tuple[str, Credentials]:
    """Return credentials for a known identity or a new one (GetCredentialsForIdentity, GetId).

    A guest's identity that is sent with a login becomes the login's identity, or is merged into it.

    Args:
        pool: The identity pool.
        logins: The user's id token by its issuer; None for a guest.
        identity_id: The last identity, if there is one. It is replaced if the pool refuses it.
        custom_role_arn: The role to request, one of those in the id token; None for the default.

    Returns:
        The identity id, and the credentials.

    Raises:
        CredentialsNotFoundException: The pool returned no complete credentials for a guest.
        CredentialsException: The pool returned no complete credentials for a user.
        ServiceError: The identity pool refused.
    """
    if identity_id is not None:
        try:
            issued = await pool.get_credentials_for_identity(
                identity_id, logins, custom_role_arn=custom_role_arn
            )
        except _NOT_THIS_IDENTITY:
            pass  # Deleted, or linked to another login. Any other cause raises again below.
        else:
            return _complete(issued, logins)
    new_id = await pool.get_id(logins or {})
    issued = await pool.get_credentials_for_identity(new_id, logins, custom_role_arn=custom_role_arn)
    return _complete(issued, logins)


def _complete(issued: IssuedCredentials, logins: Mapping[str, str] | None) -> tuple[str, Credentials]:
    if issued.credentials is None:
        error = CredentialsNotFoundException if logins is None else CredentialsException
        raise error("the identity pool returned no complete credentials")
    return issued.identity_id, issued.credentials
