"""Text as the value of an HTTP header."""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 1024
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s\[\]:/@\\?#]+))(?::[0-9]*)?")


def one_line(text: str) -> str:
    """Return a text as a header's value: one line of ASCII without control characters (RFC 9110, 5.5).

    A long text is cut off. Node.js refuses responses with more than 16 KiB of headers, and the whole text is
    in the body.
    """
    shown = "".join(character if character.isprintable() else " " for character in text[:_LONGEST])
    return " ".join(shown.split()).encode("ascii", "replace").decode()


def host_name(host: str) -> str:
    """Return the name in a ``Host`` header; empty if it is not a name and a port (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(host)
    return "" if found is None else (found[1] or found[2]).lower()
