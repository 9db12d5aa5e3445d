"""base64url without padding (RFC 4648, section 5)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(data: bytes) -> str:
    """Encode bytes, without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Decode base64url, padded or not.

    Raises:
        ValueError: The text is malformed.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
