"""AWS credentials from an identity pool, for whoever is signed in and for guests."""

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

# What an identity pool says of an identity that it does not know any more, or that is somebody's.
_NOT_THIS_IDENTITY = (ResourceNotFoundException, NotAuthorizedException, ResourceConflictException)


def logins_of(id_token: JWT | None) -> Mapping[str, str]:
    """Return the login that an id token is: its issuer, without the scheme, and the token.

    Raises:
        UserUnAuthenticatedException: There is no id token; an access token opens no identity.
        InvalidIdTokenException: It names no issuer.
    """
    if id_token is None:
        raise UserUnAuthenticatedException(
            "AWS credentials need an id token, and this session has none",
            recovery_suggestion="Ask for the scope openid, or for a session with credentials=False.",
        )
    issuer = id_token.payload.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise InvalidIdTokenException("the id token names no issuer")
    return {issuer.removeprefix("https://"): id_token.token}


async def obtain_credentials(
    pool: IdentityPool,
    logins: Mapping[str, str] | None,
    *,
    identity_id: str | None = None,
    custom_role_arn: str | None = None,
) -> tuple[str, Credentials]:
    """Get credentials, for a known identity or a new one.

    A guest's identity, sent with a login, becomes that login's own, or is merged into it.

    Args:
        pool: Where.
        logins: Who is signed in; None for a guest.
        identity_id: The identity of before, if there is one. One that the pool does not accept is
            replaced.
        custom_role_arn: The role to ask for, of those that the id token allows; none for a guest.

    Returns:
        The identity that it is now, and its credentials.

    Raises:
        CredentialsNotFoundException: A guest was given none.
        CredentialsException: A signed-in person was given none.
        ServiceError: The identity pool refused.
    """
    if identity_id is not None:
        try:
            issued = await pool.get_credentials_for_identity(
                identity_id, logins, custom_role_arn=custom_role_arn
            )
        except _NOT_THIS_IDENTITY:
            pass  # Deleted, or linked to another login meanwhile. Any other cause shows again below.
        else:
            return _complete(issued, logins)
    new_id = await pool.get_id(logins or {})
    issued = await pool.get_credentials_for_identity(new_id, logins, custom_role_arn=custom_role_arn)
    return _complete(issued, logins)


def _complete(issued: IssuedCredentials, logins: Mapping[str, str] | None) -> tuple[str, Credentials]:
    if issued.credentials is None:
        error = CredentialsNotFoundException if logins is None else CredentialsException
        raise error("the identity pool gave no complete credentials")
    return issued.identity_id, issued.credentials
