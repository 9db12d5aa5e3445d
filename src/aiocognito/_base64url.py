"""base64url without padding (RFC 7515, section 2)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from typing import Final

# The characters that base64 has and base64url has not are mapped to one that neither has.
_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
# The last characters whose unused bits are zero, by the length of the last group.
_CANONICAL_ENDS: Final = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}


def decode(part: bytes) -> bytes:
    """Decode unpadded base64url strictly (RFC 7515, section 2): one text for each value.

    Raises:
        ValueError: There is another character, padding, an unused bit that is set, or nothing at all.
    """
    rest = len(part) % 4
    if not part or rest == 1 or (rest and part[-1] not in _CANONICAL_ENDS[rest]):
        raise ValueError("not base64url")
    part = part.translate(_TO_BASE64)
    return a2b_base64(part + b"==="[: 4 - rest] if rest else part, strict_mode=True)


def encode(data: bytes) -> str:
    """Encode bytes, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
