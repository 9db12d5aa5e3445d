"""NEW_PASSWORD_REQUIRED: a temporary password is replaced at the first sign-in."""

from __future__ import annotations

import json
from typing import Any

from .. import password_policy, passwords, schema, users
from ..errors import invalid_parameter, not_authorized
from . import mfa
from .auth_request import AuthRequest

_PREFIX = "userAttributes."


def ask(turn: AuthRequest) -> dict[str, Any]:
    """Ask for a new password, and for the required attributes that have no value."""
    user = turn.person
    parameters = {
        "USER_ID_FOR_SRP": user.username,
        "requiredAttributes": schema.names_json(schema.missing(turn.pool.schema, user.attributes)),
        "userAttributes": json.dumps(user.attributes, separators=(",", ":"), ensure_ascii=False),
    }
    return turn.challenge("NEW_PASSWORD_REQUIRED", parameters)


async def NEW_PASSWORD_REQUIRED(turn: AuthRequest) -> dict[str, Any]:
    """Take the new password and attributes."""
    password = turn.given.get("NEW_PASSWORD")
    if not password:
        text = "Invalid attributes given, new password should be given with key NEW_PASSWORD."
        raise invalid_parameter(text)
    user = turn.person
    with turn.ticket.spending():
        attributes = _attributes(turn)
        await passwords.replace(turn.world, turn.pool, user, password, password_policy.AFTERWARDS)
    user.attributes.update(attributes)
    turn.pool.users.index(user)
    user.status = users.CONFIRMED
    return await mfa.go_on(turn)


def _attributes(turn: AuthRequest) -> dict[str, str]:
    given = {
        name.removeprefix(_PREFIX): value for name, value in turn.given.items() if name.startswith(_PREFIX)
    }
    known, pool = turn.person.attributes, turn.pool
    schema.require_known(pool.schema, given)
    for name in given:
        if not turn.client.may_write(name):
            raise not_authorized("A client attempted to write unauthorized attribute")
        if known.get(name) and pool.schema[name]["Required"]:
            raise not_authorized(f"Cannot modify an already provided {name}")
    missing = schema.missing(pool.schema, {**known, **given})
    if missing:
        raise invalid_parameter(f"Invalid attributes given, {missing[0]} is missing")
    schema.require_valid(pool.schema, given)
    return given
