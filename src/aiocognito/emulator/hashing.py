"""How secrets are kept that only have to be known again: cookies, codes, handles, tokens."""

from __future__ import annotations

import hashlib


def digest(text: str) -> bytes:
    """Hash a secret that is random enough not to be guessed: it is kept, and compared, in that form alone."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
