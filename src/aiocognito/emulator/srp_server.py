"""The server's half of SRP-6a (RFC 5054, RFC 2945), as Cognito speaks it.

The powers are taken with gmpy2 outside the interpreter lock: a coroutine calls these functions through
:func:`aiocognito._srp.run`. The client's half is :mod:`aiocognito._srp`, whose group and hashes these are.
"""
# ruff: noqa: N803, N806 - the RFCs' names

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from attrs import field, frozen

from .. import _srp as srp
from .serialization import persisted

SALT_BYTES: Final = 16
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,1024}")


@persisted("verifier")
@frozen
class Verifier:
    """The form in which a user pool stores a password: salt s and verifier v = g^x."""

    salt: int = field(repr=False)
    verifier: int = field(repr=False)


@persisted("srp-exchange")
@frozen
class Exchange:
    """The server's pair for one sign-in, and what the client sent."""

    A: int = field(repr=False)
    b: int = field(repr=False)
    B: int = field(repr=False)
    secret: Verifier = field(repr=False)

    @property
    def public_hex(self) -> str:
        """SRP_B as Java's BigInteger prints itself: no leading zeros, so of odd length now and then."""
        return f"{self.B:x}"

    @property
    def salt_hex(self) -> str:
        """SALT, printed likewise."""
        return f"{self.secret.salt:x}"


def make_verifier(pool_name: str, user_id: str, password: str) -> Verifier:
    """Return the salt and verifier of a new password; for a device, of its group key, key and password."""
    salt = secrets.randbits(8 * SALT_BYTES)
    return Verifier(salt, _power(srp.G, srp.private_key(pool_name, user_id, password, salt)))


def matches(secret: Verifier, pool_name: str, user_id: str, password: str) -> bool:
    """Return whether a plain password is the one that the verifier was made of."""
    found = _power(srp.G, srp.private_key(pool_name, user_id, password, secret.salt))
    return hmac.compare_digest(srp.pad(found), srp.pad(secret.verifier))


def decoy(salt: bytes, exponent: bytes) -> Verifier:
    """Return the verifier of a user who does not exist, which no known password fits."""
    return Verifier(int.from_bytes(salt, "big"), _power(srp.G, int.from_bytes(exponent, "big")))


def public_value(text: str) -> int | None:
    """Parse SRP_A; ``None`` if it is malformed or a multiple of N (RFC 2945: abort)."""
    if not _HEX.fullmatch(text):
        return None
    A = int(text, 16)
    return A if A % srp.N else None


def begin(secret: Verifier, A: int) -> Exchange:
    """Return the server's pair: B = k * v + g^b (RFC 5054, 2.6)."""
    b = secrets.randbits(256)
    B = (srp.K * secret.verifier + _power(srp.G, b)) % srp.N
    return Exchange(A, b, B, secret)


def expected_signature(
    exchange: Exchange, pool_name: str, user_id: str, block: bytes, timestamp: str
) -> bytes:
    """Return the signature of a client that knows the password: S = (A * v^u)^b, HKDF, HMAC."""
    u = srp.scrambling_parameter(exchange.A, exchange.B)
    base = exchange.A * _power(exchange.secret.verifier, u) % srp.N
    key = srp.hkdf(srp.pad(_power(base, exchange.b)), salt=srp.pad(u))
    message = pool_name.encode() + user_id.encode() + block + timestamp.encode()
    return hmac.digest(key, message, "sha256")


def _power(base: int, exponent: int) -> int:
    import gmpy2

    with gmpy2.context(allow_release_gil=True):
        return int(gmpy2.powmod(base, exponent, srp.N))
