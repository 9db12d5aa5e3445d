"""One's own attributes: set, verified by code, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .. import codes, schema
from ..pool import UserPool
from ..refusals import Refusal, invalid_parameter, not_authorized
from ..tokens import bearer
from ..tokens.bearer import Bearer
from ..users import User
from ..world import World

_BEFORE_UPDATE: Final = "AttributesRequireVerificationBeforeUpdate"


async def UpdateUserAttributes(world: World, given: Mapping[str, Any]) -> dict[str, Any]:
    """Set attributes; a new address is in force at once and unverified, or waits for its code."""
    who = await bearer.authorize(world, given["AccessToken"])
    wanted = schema.from_list(given["UserAttributes"])
    _require_changeable(who, wanted)
    for name, value in wanted.items():
        if not value and who.pool.schema[name]["Required"]:
            raise _cannot("deleted", name)
    schema.require_valid(who.pool.schema, wanted)
    changed = {
        name: value
        for name, value in wanted.items()
        if name in schema.VERIFIABLE and value and value != who.user.attributes.get(name)
    }
    waiting = {name: value for name, value in changed.items() if name in _verified_first(who.pool)}
    _require_free(who.pool, who.user, {**wanted, **changed})
    _apply(who.user, {name: value for name, value in wanted.items() if name not in waiting})
    for name in wanted:
        who.user.pending.pop(name, None)
    who.user.pending.update(waiting)
    who.pool.users.index(who.user)
    who.user.modified = world.clock()
    sent = [
        _send(world, who.pool, who.user, name, value)
        for name, value in changed.items()
        if name in who.pool.auto_verified
    ]
    return {"CodeDeliveryDetailsList": sent}


async def GetUserAttributeVerificationCode(world: World, given: Mapping[str, Any]) -> dict[str, Any]:
    """Send a code to an address of one's own, or to the one that waits to replace it."""
    who = await bearer.authorize(world, given["AccessToken"])
    name = given["AttributeName"]
    schema.require_known(who.pool.schema, [name])
    address = who.user.pending.get(name) or who.user.attributes.get(name)
    if name not in schema.VERIFIABLE or not address:
        raise invalid_parameter(f"There is no {name} to verify.")
    limit = world.unsettled.attribute_code_attempts_per_hour
    codes.count(world, who.user, f"{codes.VERIFY}_code", limit)
    return {"CodeDeliveryDetails": _send(world, who.pool, who.user, name, address)}


async def VerifyUserAttribute(world: World, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the code: the address is verified, and in force if it waited."""
    who = await bearer.authorize(world, given["AccessToken"])
    name, user = given["AttributeName"], who.user
    limit = world.unsettled.verify_attribute_attempts_per_hour
    code = codes.spend(world, user, _kind(name), given["Code"], limit=limit*100, attempts=codes.VERIFY)
    before = dict(user.attributes)
    user.attributes[name] = code.address
    user.attributes[f"{name}_verified"] = "true"
    if who.pool.users.conflict(user) is not None:
        user.attributes = before
        raise _taken(name)
    user.pending.pop(name, None)
    who.pool.users.index(user)
    user.modified = world.clock()
    return {}


async def DeleteUserAttributes(world: World, given: Mapping[str, Any]) -> dict[str, Any]:
    """Delete attributes that are not required."""
    who = await bearer.authorize(world, given["AccessToken"])
    names = given["UserAttributeNames"]
    _require_changeable(who, names)
    for name in names:
        if who.pool.schema[name]["Required"]:
            raise _cannot("deleted", name)
    _apply(who.user, dict.fromkeys(names, ""))
    who.pool.users.index(who.user)
    who.user.modified = world.clock()
    return {}


def _require_changeable(who: Bearer, names: Iterable[str]) -> None:
    names = list(names)
    # What the client may do comes first, what the schema allows second.
    if not all(map(who.client.may_write, names)):
        raise not_authorized("A client attempted to write unauthorized attribute")
    schema.require_known(who.pool.schema, names)
    for name in names:
        if not who.pool.schema[name]["Mutable"]:
            raise _cannot("updated", name)


def _require_free(pool: UserPool, user: User, wanted: Mapping[str, str]) -> None:
    names = (*pool.users.username_attributes, *pool.users.alias_attributes)
    for name, value in wanted.items():
        holder = pool.users.holder(name, value) if name in names and value else None
        if holder is not None and holder is not user:
            raise _taken(name)


def _verified_first(pool: UserPool) -> tuple[str, ...]:
    settings = pool.settings.get("UserAttributeUpdateSettings") or {}
    return tuple(settings.get(_BEFORE_UPDATE) or ())


def _apply(user: User, wanted: Mapping[str, str]) -> None:
    for name, value in wanted.items():
        if name in schema.VERIFIABLE and value != user.attributes.get(name):
            user.codes.pop(_kind(name), None)
            user.pending.pop(name, None)
            user.attributes.pop(f"{name}_verified", None)
            if value:
                user.attributes[f"{name}_verified"] = "false"
        if value:
            user.attributes[name] = value
        else:
            user.attributes.pop(name, None)


def _send(world: World, pool: UserPool, user: User, name: str, address: str) -> dict[str, str]:
    user.codes[_kind(name)] = codes.send(
        world, pool, user, attribute=name, address=address, purpose=codes.VERIFY, life=codes.DAY
    )
    return codes.details(name, address)


def _kind(name: str) -> str:
    """Under which name a code is kept: the phone's does not verify the e-mail address."""
    return f"{codes.VERIFY}:{name}"


def _taken(name: str) -> Refusal:
    return Refusal("AliasExistsException", f"An account with the given {name} already exists.")


def _cannot(what: str, name: str) -> Refusal:
    return invalid_parameter(f"user.{name}: Attribute cannot be {what}.\n")
