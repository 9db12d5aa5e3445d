"""The hash under which random secrets are stored: cookies, codes, session handles, tokens."""

from __future__ import annotations

import hashlib


def digest(text: str) -> bytes:
    """Hash a random secret, which is stored and compared in that form only."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
