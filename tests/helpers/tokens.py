"""Signed tokens, with generated keys that are published as a JSON Web Key Set."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from helpers.clock import NOW

POOL = "us-east-1_Signed"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: Any) -> str:
    return b64(json.dumps(value).encode())


@frozen
class Key:
    """A key pair and its key ID."""

    kid: str
    private: rsa.RSAPrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        numbers = self.private.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {
            "alg": "RS256",
            "e": b64(numbers.e.to_bytes(3, "big")),
            "kid": self.kid,
            "kty": "RSA",
            "n": b64(numbers.n.to_bytes(size, "big")),
            "use": "sig",
        }

    def sign(self, signed: str) -> str:
        return b64(self.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """Return a token with these claims. Header members that are None are left out."""
        head = {"kid": self.kid, "alg": "RS256", **header}
        signed = f"{part({k: v for k, v in head.items() if v is not None})}.{part(claims)}"
        return f"{signed}.{self.sign(signed)}"


@cache
def key(kid: str = "key-1", bits: int = 2048) -> Key:
    return Key(kid, rsa.generate_private_key(public_exponent=65537, key_size=bits))


def jwks(*keys: Key) -> dict[str, Any]:
    return {"keys": [each.jwk for each in keys]}


def access_claims(**claims: Any) -> dict[str, Any]:
    """Return the claims of an access token as Cognito issues it. A claim that is None is left out."""
    common = {
        "sub": "b0b0b0b0-0000",
        "cognito:groups": ["admins", "staff"],
        "iss": ISSUER,
        "client_id": "client",
        "origin_jti": "origin",
        "token_use": "access",
        "scope": "openid read/all",
        "auth_time": int(NOW),
        "exp": int(NOW) + 3600,
        "iat": int(NOW),
        "jti": "jti",
        "username": "ana",
    }
    return {name: value for name, value in {**common, **claims}.items() if value is not None}


def id_claims(**claims: Any) -> dict[str, Any]:
    """Return the claims of an ID token, with those that the hosted UI adds."""
    common = {
        "at_hash": "gWfqbGZqnnP4qqPzJ1JrFg",
        "sub": "b0b0b0b0-0000",
        "iss": ISSUER,
        "cognito:username": "ana",
        "aud": "client",
        "token_use": "id",
        "auth_time": int(NOW),
        "exp": int(NOW) + 3600,
        "iat": int(NOW),
        "email": "ana@example.com",
    }
    return {name: value for name, value in {**common, **claims}.items() if value is not None}
