"""New users: their name and attributes, checked against the pool's settings."""

from __future__ import annotations

from collections.abc import Mapping

from . import schema
from .errors import ApiError, invalid_parameter
from .pool import UserPool
from .state import EmulatorState
from .users import User


# Recorded (Usernames that are addresses): the username is a UUID, equal to `sub`.
def draft(
    state: EmulatorState, pool: UserPool, name: str, attributes: Mapping[str, str], *, admin: bool = False
) -> User:
    """Return a user who is not in the directory yet, with name and attributes checked.

    Raises:
        ApiError: The name has not the form that the pool asks for, or an attribute cannot be.
    """
    schema.require_known(pool.schema, attributes, admin=admin)
    given = {name: value for name, value in schema.normalised(attributes).items() if value}
    schema.require_valid(pool.schema, given)
    sub = state.new_uuid()
    username = name
    if wanted := pool.users.username_attributes:
        form = pool.users.address_of(name)
        if form is None:
            raise invalid_parameter(_wanted_text(wanted))
        given.setdefault(form, name)
        username = sub
    else:
        _refuse_alias_form(pool, name)
        require_preferred(pool, None, given)
        if not pool.users.case_sensitive and state.assumptions.lower_case_usernames:
            username = name.lower()
    now = state.clock()
    return User(username, sub, now, now, attributes=given)


# Recorded (Usernames that are taken): SignUp and AdminCreateUser have different messages.
def require_new(pool: UserPool, user: User, *, admin: bool = False) -> None:
    """Refuse a username, or an address that serves as one, that another user has."""
    if pool.users.username_attributes:
        taken = pool.users.conflict(user)
        if taken is not None and taken in pool.users.username_attributes:
            raise ApiError("UsernameExistsException", f"An account with the given {taken} already exists.")
    elif pool.users.find(user.username) is not None:
        text = "User account already exists" if admin else "User already exists"
        raise ApiError("UsernameExistsException", text)


# Recorded (Attributes of the signed-in user): what a `preferred_username` cannot be in a pool with aliases.
def require_preferred(pool: UserPool, user: User | None, attributes: Mapping[str, str]) -> None:
    """Refuse a ``preferred_username`` in the form of another alias, or that is another user's username.

    Args:
        pool: The user pool.
        user: The user whose attributes are changed; ``None`` for a new one.
        attributes: The values.

    Raises:
        ApiError: It has such a form, or is taken.
    """
    name = attributes.get("preferred_username")
    if not name:
        return
    _refuse_alias_form(pool, name)
    holder = pool.users.named(name)
    if "preferred_username" in pool.users.alias_attributes and holder is not None and holder is not user:
        raise ApiError(
            "AliasExistsException",
            "User account already exists for the alias.",
            instead="UsernameExistsException",
        )


def _wanted_text(wanted: tuple[str, ...]) -> str:
    if len(wanted) > 1:
        return "Username should be either an email or a phone number."
    return "Username should be an email." if wanted == ("email",) else "Username should be a phone number."


def _refuse_alias_form(pool: UserPool, name: str) -> None:
    form = schema.address_form(name)
    if form == "email" and "email" in pool.users.alias_attributes:
        text = "Username cannot be of email format, since user pool is configured for email alias."
        raise invalid_parameter(text)
    if form == "phone_number" and "phone_number" in pool.users.alias_attributes:
        text = (
            "Username cannot be of phone number format, since user pool is configured for phone number alias."
        )
        raise invalid_parameter(text)
