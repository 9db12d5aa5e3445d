"""Signed tokens in compact form (RFC 7515): parse them and verify their signatures."""

from __future__ import annotations

import json
from typing import Any

from anyio import to_thread
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from .. import base64url
from ..signing_keys import SigningKey


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a token's header and claims, which are not verified yet.

    Raises:
        ValueError: It is not a JWT.
    """
    try:
        header, claims, _signature = token.split(".")
        parts = json.loads(base64url.decode(header)), json.loads(base64url.decode(claims))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not all(isinstance(part, dict) for part in parts):
        raise ValueError("not made of JSON objects")
    return parts


async def is_signed(key: SigningKey, token: str) -> bool:
    """Return whether a token's RS256 signature is a key's."""
    return await to_thread.run_sync(_is_signed, key, token)


def _is_signed(key: SigningKey, token: str) -> bool:
    message, _, signature = token.rpartition(".")
    try:
        key.private.public_key().verify(
            base64url.decode(signature), message.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, ValueError):
        return False
    return True
