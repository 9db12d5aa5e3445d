"""The marks that replace records which have moved under another key."""

from __future__ import annotations

import json
import secrets
from typing import Final

_MARK: Final = b'{"moved":'
# A mark outlives the procedures that began before it.
MARK_SECONDS: Final = 60.0


def new_mark() -> bytes:
    """Make the mark that replaces a record for a minute after the record moved under another key.

    A mark opens no session and names no key. A procedure that began before the move sees it and stops.
    """
    return _MARK + json.dumps(secrets.token_hex(16)).encode() + b"}"


def is_mark(data: bytes | None) -> bool:
    """Return whether bytes are a mark. A mark counts as an absent record."""
    return data is not None and data.startswith(_MARK)
