"""Where a browser may be sent after signing in: paths of this site alone."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

MAX_LENGTH: Final = 2048
# Browsers drop tabs and line breaks, read a backslash as a slash, and find a host after two slashes.
_SAFE: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
# The characters of a URL that need no escape, and the percent sign of escapes (RFC 3986, section 2).
_URL_CHARACTERS: Final = "/:@!$&'()*+,;=~?#[]%"


def safe_return_path(text: object, default: str = "/") -> str:
    """Return a path, with its query, that leads to this site; the default in place of any other text.

    Args:
        text: The text, as the browser sent it.
        default: A path.
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH or not _SAFE.fullmatch(text):
        return default
    try:
        return quote(text, safe=_URL_CHARACTERS)
    except UnicodeEncodeError:  # a lone surrogate
        return default


def with_next(login_path: str, target: str, **more: str) -> str:
    """Return the login page's path with the page to come back to.

    Args:
        login_path: The path of the login page.
        target: The path and query of the page.
        more: Further parameters.
    """
    joiner = "&" if "?" in login_path else "?"
    rest = "".join(f"&{name}={quote(value, safe='')}" for name, value in more.items())
    return f"{login_path}{joiner}next={quote(target, safe='')}{rest}"
