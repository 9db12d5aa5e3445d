"""URLs as messages and reprs show them."""

from __future__ import annotations

import re
from typing import Final

# The user name and the password: all before the last @ of the authority (RFC 3986, section 3.2.1).
_USER_INFO: Final = re.compile(r"^([^/]*//)?[^/]*@")


def shown_url(url: str) -> str:
    """Return a URL without user name, password, query and fragment: each may hold a secret.

    Args:
        url: The URL; it may be malformed.
    """
    return _USER_INFO.sub(r"\1", re.split(r"[?#]", url, maxsplit=1)[0])


def url_repr(url: object) -> str:
    """Return the repr of a field that holds a URL or None."""
    return repr(shown_url(url) if isinstance(url, str) else url)
