"""The page to return to after a sign-in."""

import re
from typing import Final
from urllib.parse import urlencode

# Browsers find a host after two slashes, and read a backslash as a slash.
_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
MAX_LENGTH: Final = 500


def local_path(text: str | None) -> str:
    """Return a path of this site; the first page in place of any other text."""
    return text if text and len(text) <= MAX_LENGTH and _LOCAL.fullmatch(text) else "/"


def with_query(path: str, **values: str) -> str:
    """Return a path with a query; empty values are left out."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
