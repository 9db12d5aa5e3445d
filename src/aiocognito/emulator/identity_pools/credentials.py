"""Temporary AWS credentials in the form of STS; no service of the emulator accepts them."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..identity_pool import IssuedCredentials
from ..randomness import BASE32, secret_text

if TYPE_CHECKING:
    from ..identity_pool import Identity, IdentityPool
    from ..state import EmulatorState
    from .logins import Login

# Documented (Lifetimes): one hour.
LIFE: Final = 3600
_SECRET: Final = string.ascii_letters + string.digits + "+/"
# How session tokens of STS begin: a tag and the word "origin_ec".
_TOKEN_START: Final = bytes.fromhex("210a096f726967696e5f6563")
_TOKEN_LENGTH: Final = 600


def issue(
    state: EmulatorState, pool: IdentityPool, identity: Identity, role_arn: str, logins: Sequence[Login]
) -> IssuedCredentials:
    """Issue credentials, and store their identity and role. They are never seeded."""
    now = state.clock()
    credentials = IssuedCredentials(
        access_key_id=f"ASIA{secret_text(16, BASE32)}",
        secret_key=secret_text(40, _SECRET),
        session_token=base64.b64encode(_TOKEN_START + secrets.token_bytes(_TOKEN_LENGTH)).decode(),
        expires=float(int(now) + LIFE),
        identity_pool_id=pool.id,
        identity_id=identity.id,
        role_arn=role_arn,
        authenticated=bool(logins),
        principal_tags=principal_tags(pool, logins),
    )
    pool.remember(credentials, now)
    return credentials


def describe(credentials: IssuedCredentials) -> dict[str, Any]:
    """Return Credentials."""
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretKey": credentials.secret_key,
        "SessionToken": credentials.session_token,
        "Expiration": credentials.expires,
    }


# Documented (Principal tags): claims by map, or sub and aud.
def principal_tags(pool: IdentityPool, logins: Sequence[Login]) -> Mapping[str, str]:
    """Return the claims that become principal tags, for attribute-based access control."""
    tags = dict[str, str]()
    for login in logins:
        found = pool.tag_maps.get(login.provider)
        if found is None:
            continue
        wanted = _DEFAULT_TAGS if found["UseDefaults"] else found["PrincipalTags"]
        claims = ((tag, login.claims.get(claim)) for tag, claim in wanted.items())
        tags.update({tag: str(claim) for tag, claim in claims if claim is not None})
    return tags


_DEFAULT_TAGS: Final = {"username": "sub", "client": "aud"}
