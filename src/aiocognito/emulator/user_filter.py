"""ListUsers' filters: ``email = "ana@example.com"``, ``given_name ^= "An"``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from .errors import invalid_parameter
from .users import User

_FORM: Final = re.compile(
    r'\s*(?P<name>[\w:]+)\s*(?P<operator>\^?=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*', re.ASCII
)
_SEARCHABLE: Final = frozenset(
    {
        "username",
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "cognito:user_status",
        "status",
        "sub",
    }
)

_EXACT: Final = frozenset({"username", "status"})


def parse_filter(text: str | None) -> Callable[[User], bool]:
    """Parse a filter.

    Args:
        text: One comparison, or nothing.

    Raises:
        ApiError: It has another form, or is about something that cannot be searched for.
    """
    if not text:
        return lambda _user: True
    match = _FORM.fullmatch(text)
    if match is None:
        raise invalid_parameter("Error while parsing filter.")
    if match["name"] not in _SEARCHABLE:
        raise invalid_parameter("Invalid search attribute: " + match["name"])
    name, wanted = match["name"], re.sub(r"\\(.)", r"\1", match["value"])
    prefix = match["operator"] == "^="

    def fits(user: User) -> bool:
        found = _value(user, name)
        if found is None:
            return False
        # Documented (Filters of ListUsers): only username and status are compared with regard to case.
        exact = name in _EXACT
        found, sought = (found, wanted) if exact else (found.lower(), wanted.lower())
        return found.startswith(sought) if prefix else found == sought

    return fits


def _value(user: User, name: str) -> str | None:
    own = {
        "username": user.username,
        "sub": user.sub,
        "cognito:user_status": user.status,
        "status": "Enabled" if user.enabled else "Disabled",
    }
    return own.get(name) or user.attributes.get(name)
