"""RS256 (RFC 7518, 3.3) by python-jose. The one module that imports it, when it is first needed.

jose constructs a key from a JWK, and nothing else: `TokenVerifier` checks headers, claims and times,
because jose takes the algorithm from the token and checks claims only if they are present. The
signatures are verified with cryptography's key inside jose's, because jose examines its key each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

ALGORITHM = "RS256"
SMALLEST_MODULUS_BITS = 2048


class PublicKey(Protocol):
    """A key that signatures are checked with."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature belongs to the message."""
        ...


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """Make a key of a JSON Web Key (RFC 7517). Takes some time: jose is imported for it.

    Raises:
        ValueError: It is not an RSA key for RS256 signatures, or it is too small.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from jose import jwk as jose_jwk
    from jose.exceptions import JOSEError

    if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", ALGORITHM) != ALGORITHM:
        raise ValueError("not an RSA key for RS256 signatures")
    if not all(isinstance(jwk.get(member), str) for member in ("n", "e")):
        raise ValueError("not an RSA key: n or e is missing")
    try:
        # Only the public members: a private key is not needed.
        key: Any = jose_jwk.construct({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}, ALGORITHM)
    except (JOSEError, ValueError, TypeError) as error:
        raise ValueError("not a usable RSA key") from error
    if key.prepared_key.key_size < SMALLEST_MODULUS_BITS:
        raise ValueError("an RSA key of too few bits")
    return _RsaKey(key.prepared_key.verify, (padding.PKCS1v15(), hashes.SHA256()), InvalidSignature)


class _RsaKey:
    """A key whose `verify` costs little more than the arithmetic.

    Args:
        verify: Called with the signature, the message and the scheme; raises ``invalid`` if the signature
            is wrong.
        scheme: The padding and the hash.
        invalid: The exception for a wrong signature.
    """

    __slots__ = ("_hash", "_invalid", "_padding", "_verify")

    def __init__(
        self,
        verify: Callable[[bytes, bytes, Any, Any], None],
        scheme: tuple[Any, Any],
        invalid: type[Exception],
    ) -> None:
        self._verify, self._invalid = verify, invalid
        self._padding, self._hash = scheme

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature belongs to the message."""
        try:
            # Positional arguments: keywords cost a twentieth of the whole.
            self._verify(signature, message, self._padding, self._hash)
        except self._invalid:
            return False
        return True
