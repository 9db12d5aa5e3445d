"""Text as the value of an HTTP header."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return a text as a header's value: one line of ASCII without control characters (RFC 9110, 5.5)."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split()).encode("ascii", "replace").decode()
