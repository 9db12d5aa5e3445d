"""Changes of the attributes of an existing user."""

from __future__ import annotations

from collections.abc import Mapping

from . import codes, schema
from .errors import alias_exists
from .new_users import require_preferred
from .pool import UserPool
from .users import User


def require_free(pool: UserPool, user: User, attributes: Mapping[str, str]) -> None:
    """Refuse values that are another user's sign-in name.

    Raises:
        ApiError: One of them is, or cannot be an alias.
    """
    require_preferred(pool, user, attributes)
    for name in (*pool.users.username_attributes, *pool.users.alias_attributes):
        holder = pool.users.holder(name, attributes.get(name, ""))
        if holder is not None and holder is not user:
            raise alias_exists(name)


def replace(user: User, attributes: Mapping[str, str]) -> None:
    """Set attributes: a blank value deletes one, and a changed address is no longer verified.

    An administrator's flag counts for the address of the same request, in any order.
    """
    for name, value in sorted(attributes.items(), key=lambda item: item[0] in schema.VERIFIED):
        if name in schema.VERIFIABLE and value != user.attributes.get(name):
            user.attributes.pop(f"{name}_verified", None)
            user.codes.pop(code_kind(name), None)
            user.pending.pop(name, None)
            if value:
                user.attributes[f"{name}_verified"] = "false"
        if value:
            user.attributes[name] = value
        else:
            user.attributes.pop(name, None)


def code_kind(name: str) -> str:
    """Return the key under which the code that verifies an address is stored."""
    return f"{codes.VERIFY}:{name}"
