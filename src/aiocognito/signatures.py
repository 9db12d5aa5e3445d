"""RS256 (RFC 7518, 3.3) by python-jose. The one module that imports it, when it is first needed.

jose makes a key of a JWK and checks the signature. It decides nothing else: headers, claims and time
are judged by `TokenVerifier`, because jose takes the algorithm from the token and checks claims only
if they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

ALGORITHM = "RS256"
SMALLEST_MODULUS_BITS = 2048


class PublicKey(Protocol):
    """A key that signatures are checked with."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Say whether the signature belongs to the message."""
        ...


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """Make a key of a JSON Web Key (RFC 7517). Takes some time: jose is imported for it.

    Raises:
        ValueError: It is no RSA key for RS256 signatures, or a small one.
    """
    from jose import jwk as jose_jwk
    from jose.exceptions import JOSEError

    if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", ALGORITHM) != ALGORITHM:
        raise ValueError("not an RSA key for RS256 signatures")
    if not all(isinstance(jwk.get(member), str) for member in ("n", "e")):
        raise ValueError("not an RSA key: n or e is missing")
    try:
        # Only the public members: whatever else is there is none of our business.
        key: Any = jose_jwk.construct({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}, ALGORITHM)
    except (JOSEError, ValueError, TypeError) as error:
        raise ValueError("not a usable RSA key") from error
    if key.prepared_key.key_size < SMALLEST_MODULUS_BITS:
        raise ValueError("an RSA key of too few bits")
    return key  # type: ignore[no-any-return]  # jose has no types; it verifies as the protocol says
