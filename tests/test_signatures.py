"""Which keys signatures are checked with, and that they tell good from bad."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA512

from aiocognito._signatures import public_key
from helpers.tokens import Key, b64, key


def test_a_signature_belongs_to_its_message() -> None:
    usable = public_key(key().jwk)
    raw = key().private.sign(b"message", padding.PKCS1v15(), SHA512())
    from cryptography.hazmat.primitives.hashes import SHA256

    good = key().private.sign(b"message", padding.PKCS1v15(), SHA256())
    assert usable.verify(b"message", good)
    assert not usable.verify(b"another", good)
    assert not usable.verify(b"message", good[:-1])
    assert not usable.verify(b"message", b"")
    assert not usable.verify(b"message", raw)  # another hash


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "oct", "k": b64(b"secret")},
        {"kty": "EC"},
        {"kty": None},
        {"use": "enc"},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"n": None},
        {"e": 65537},
        {"n": b64(b"")},
        {"n": "é"},
        {"e": b64(b"\x01")},
        {"e": b64(b"\x02")},
    ],
)
def test_keys_that_are_not_for_rs256(changes: dict[str, Any]) -> None:
    jwk = {name: value for name, value in {**key().jwk, **changes}.items() if value is not None}
    with pytest.raises(ValueError, match="RSA key"):
        public_key(jwk)


def test_a_small_key() -> None:
    """A key of 1,024 bits is refused."""
    with pytest.raises(ValueError, match="few bits"):
        public_key(Key("small", key("small", 1024).private).jwk)


def test_private_members_are_ignored() -> None:
    assert public_key({**key().jwk, "d": "x", "p": "y"}).verify(b"", b"") is False


def test_use_and_alg_may_be_left_out() -> None:
    jwk = {name: value for name, value in key().jwk.items() if name not in ("use", "alg")}
    assert public_key(jwk) is not None
