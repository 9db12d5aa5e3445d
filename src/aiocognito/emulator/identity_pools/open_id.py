"""OpenID tokens of identities, for the basic flow, in which STS exchanges them for a role's credentials.

They differ from a user pool's tokens: RS512, ``typ`` JWS, and a key id that is a region and a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from .. import base64url
from ..identity_pool import arn
from .credentials import principal_tags
from .logins import ISSUER

if TYPE_CHECKING:
    from ..identity_pool import Identity, IdentityPool
    from ..signing_keys import SigningKey
    from ..state import EmulatorState
    from .logins import Login

KEYS: Final = "cognito-identity"
"""The name in the key ring of the key of all identity pools."""
LIFE: Final = 600
DEVELOPER_LIFE: Final = 900
_TAGS: Final = "https://aws.amazon.com/tags"


async def token(
    state: EmulatorState,
    pool: IdentityPool,
    identity: Identity,
    logins: Sequence[Login],
    *,
    life: int = LIFE,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Issue a token for an identity.

    Args:
        state: The emulator's state.
        pool: The token's audience.
        identity: Its subject.
        logins: Who vouches for it.
        life: In seconds.
        tags: Principal tags, besides those that the pool maps.
    """
    now = int(state.clock())
    claims: dict[str, Any] = {
        "sub": identity.id,
        "aud": pool.id,
        "amr": _methods(pool, logins),
        "iss": ISSUER,
        f"{ISSUER}/identity-pool-arn": arn(pool),
        "exp": now + life,
        "iat": now,
    }
    if all_tags := {**principal_tags(pool, logins), **(tags or {})}:
        claims[_TAGS] = {"principal_tags": {tag: [value] for tag, value in all_tags.items()}}
    key = (await state.keys.of(KEYS)).id
    return await to_thread.run_sync(_sign, key, _key_id(state, key), claims)


async def key_set(state: EmulatorState) -> dict[str, Any]:
    """Return the keys that verify these tokens (RFC 7517)."""
    key = (await state.keys.of(KEYS)).id
    return {"keys": [{**key.jwk(), "alg": "RS512", "kid": _key_id(state, key)}]}


def discovery(base: str) -> dict[str, Any]:
    """Return the OpenID configuration: the issuer is AWS's, the addresses are the emulator's."""
    return {
        "issuer": ISSUER,
        "jwks_uri": f"{base}/.well-known/jwks_uri",
        "authorization_endpoint": ISSUER,
        "response_types_supported": ["none"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS512"],
    }


def _methods(pool: IdentityPool, logins: Sequence[Login]) -> list[str]:
    if not logins:
        return ["unauthenticated"]
    methods = ["authenticated"]
    for login in logins:
        kind = pool.id if login.provider == pool.developer_provider else "CognitoSignIn"
        methods += [login.provider, f"{login.provider}:{kind}:{login.subject}"]
    return methods


def _key_id(state: EmulatorState, key: SigningKey) -> str:
    # Different emulators have different keys, which a verifier must not take for one another.
    number = int.from_bytes(hashlib.sha256(key.kid.encode()).digest()[:4], "big")
    return f"{state.region}{number}"


# Recorded (OpenID tokens of identity pools): RS512, with the type JWS.
def _sign(key: SigningKey, kid: str, claims: Mapping[str, Any]) -> str:
    header = {"kid": kid, "typ": "JWS", "alg": "RS512"}
    message = f"{_part(header)}.{_part(claims)}"
    signature = key.private.sign(message.encode(), padding.PKCS1v15(), hashes.SHA512())
    return f"{message}.{base64url.encode(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return base64url.encode(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
