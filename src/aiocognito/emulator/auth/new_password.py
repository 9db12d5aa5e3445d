"""NEW_PASSWORD_REQUIRED: a temporary password is replaced at the first sign-in."""

from __future__ import annotations

import json
from typing import Any

from .. import password_policy, passwords, schema, users
from ..attribute_changes import replace, require_free
from ..errors import invalid_parameter, not_authorized
from .auth_request import AuthRequest
from .outcomes import Outcome, Proof, Proven
from .registry import challenge

_PREFIX = "userAttributes."


# Recorded (NEW_PASSWORD_REQUIRED): before MFA.
async def ask(request: AuthRequest, _proven: Proven) -> dict[str, Any] | None:
    """Ask for a new password, and for the required attributes that have no value, after a temporary one.

    Raises:
        ApiError: The temporary password has expired.
    """
    user = request.known_user
    if user.status != users.FORCE_CHANGE_PASSWORD:
        return None
    if user.temporary_until is not None and request.state.clock() >= user.temporary_until:
        raise not_authorized("Temporary password has expired and must be reset by an administrator.")
    parameters = {
        "USER_ID_FOR_SRP": user.username,
        "requiredAttributes": schema.names_json(schema.missing(request.pool.schema, user.attributes)),
        "userAttributes": json.dumps(user.attributes, separators=(",", ":"), ensure_ascii=False),
    }
    return request.challenge("NEW_PASSWORD_REQUIRED", parameters)


@challenge("NEW_PASSWORD_REQUIRED")
async def answer(request: AuthRequest) -> Outcome:
    """Store the new password and the attributes."""
    password = request.given.get("NEW_PASSWORD")
    if not password:
        text = "Invalid attributes given, new password should be given with key NEW_PASSWORD."
        raise invalid_parameter(text)
    user = request.known_user
    with request.answered.spending():
        attributes = _attributes(request)
        # Before the password is replaced, and again afterwards: another request may take a name meanwhile.
        require_free(request.pool, user, attributes)
        await passwords.replace(request.state, request.pool, user, password, password_policy.AFTERWARDS)
    require_free(request.pool, user, attributes)
    replace(user, attributes)
    request.pool.users.index(user)
    user.status = users.CONFIRMED
    return Proven(Proof.NEW_PASSWORD)


def _attributes(request: AuthRequest) -> dict[str, str]:
    given = {
        name.removeprefix(_PREFIX): value for name, value in request.given.items() if name.startswith(_PREFIX)
    }
    known, pool = request.known_user.attributes, request.pool
    schema.require_known(pool.schema, given)
    schema.require_mutable(given)
    for name in given:
        entry = pool.schema[name]
        if not request.client.may_write(name):
            raise not_authorized("A client attempted to write unauthorized attribute")
        if known.get(name) and entry["Required"]:
            raise not_authorized(f"Cannot modify an already provided {name}")
        # Documented (Attributes): immutable ones are set at creation; a required one that is missing is, too.
        if not (entry["Mutable"] or entry["Required"]):
            raise invalid_parameter(f"user.{name}: Attribute cannot be updated.\n")
    missing = schema.missing(pool.schema, {**known, **given})
    if missing:
        raise invalid_parameter(f"Invalid attributes given, {missing[0]} is missing")
    schema.require_valid(pool.schema, given)
    return given
