"""The attributes of the signed-in user: update, delete and verify them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .. import codes, schema
from ..attribute_changes import code_kind, replace, require_free
from ..errors import invalid_parameter, not_authorized
from ..messages import Occasion
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..tokens import bearer
from ..tokens.bearer import Bearer
from ..users import User


@operation("UpdateUserAttributes")
async def update_user_attributes(context: RequestContext) -> dict[str, Any]:
    """Set attributes; a new address is sent a code, and may be stored only after its verification."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    pool, user = caller.pool, caller.user
    attributes = schema.from_list(context.members["UserAttributes"])
    _require_changeable(caller, attributes)
    for name, value in attributes.items():
        if not value:
            require_deletable(pool, name)
    schema.require_valid(pool.schema, attributes, update=True)
    require_free(pool, user, attributes)
    addresses = new_addresses(user, attributes)
    waiting = [name for name in addresses if name in pool.verified_before_update]
    for name in attributes:
        user.pending.pop(name, None)
    replace(user, {name: value for name, value in attributes.items() if name not in waiting})
    user.pending.update({name: attributes[name] for name in waiting})
    pool.users.index(user)
    user.modified = context.state.clock()
    sent = [name for name in addresses if name in waiting or name in pool.auto_verified]
    occasion = Occasion("UpdateUserAttribute", caller.client, context.metadata)
    deliveries = [await send_code(context.state, pool, user, name, occasion) for name in sent]
    # Recorded (Attributes of the signed-in user): the list is absent if no code was sent.
    return {"CodeDeliveryDetailsList": deliveries} if deliveries else {}


def new_addresses(user: User, attributes: Mapping[str, str]) -> list[str]:
    """Return the attributes that get another address."""
    given = [name for name in schema.VERIFIABLE if attributes.get(name)]
    return [name for name in given if attributes[name] != user.attributes.get(name)]


# Recorded (Attributes of the signed-in user): the texts of each refusal.
def _require_writable(caller: Bearer, names: Collection[str]) -> None:
    schema.require_mutable(names)
    if not all(name not in caller.pool.schema or caller.client.may_write(name) for name in names):
        raise not_authorized("A client attempted to write unauthorized attribute")


# Documented (Attributes): immutable and read-only ones.
def _require_changeable(caller: Bearer, names: Collection[str]) -> None:
    _require_writable(caller, names)
    for name in names:
        if name not in caller.pool.schema:
            raise invalid_parameter(f"user.{name}: Attribute does not exist in the schema.\n")
        if not caller.pool.schema[name]["Mutable"]:
            raise invalid_parameter(f"user.{name}: Attribute cannot be updated.\n")


def require_deletable(pool: UserPool, name: str) -> None:
    """Refuse to delete an attribute.

    Raises:
        ApiError: It is unknown, immutable or required.
    """
    if name not in pool.schema:
        text = f"Type for attribute {{{name}}} could not be determined"
    elif not pool.schema[name]["Mutable"]:
        path = name.replace("custom:", "Custom.User.", 1)
        text = f"{path}: This attribute does not satisfy the mutability validation defined in the schema."
    elif pool.schema[name]["Required"]:
        path = schema.SCIM_PATHS.get(name, name)
        text = f"{path}: The attribute {path} is required"
    else:
        return
    raise invalid_parameter(f"Invalid user attributes: {text}")


@operation("DeleteUserAttributes")
async def delete_user_attributes(context: RequestContext) -> dict[str, Any]:
    """Delete attributes."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    names = context.members["UserAttributeNames"]
    _require_writable(caller, names)
    for name in names:
        require_deletable(caller.pool, name)
    replace(caller.user, dict.fromkeys(names, ""))
    caller.pool.users.index(caller.user)
    caller.user.modified = context.state.clock()
    return {}


@operation("GetUserAttributeVerificationCode")
async def get_user_attribute_verification_code(context: RequestContext) -> dict[str, Any]:
    """Send a code to an address: the pending one, if the address is being changed."""
    state = context.state
    caller = await bearer.authorize(state, context.members["AccessToken"])
    name = context.members["AttributeName"]
    _require_verifiable(name)
    if not _address(caller.user, name):
        raise invalid_parameter(f"User does not have a value for {name} to verify.")
    limit = state.assumptions.attribute_code_attempts_per_hour
    codes.count(state, caller.user.attempts, "attribute_code", limit)
    occasion = Occasion("VerifyUserAttribute", caller.client, context.metadata)
    return {"CodeDeliveryDetails": await send_code(state, caller.pool, caller.user, name, occasion)}


@operation("VerifyUserAttribute")
async def verify_user_attribute(context: RequestContext) -> dict[str, Any]:
    """Verify an address with the code that was sent to it; a pending address becomes the user's."""
    given = context.members
    state = context.state
    caller = await bearer.authorize(state, given["AccessToken"])
    pool, user, name = caller.pool, caller.user, given["AttributeName"]
    _require_verifiable(name)
    limit = state.assumptions.verify_attribute_attempts_per_hour
    code = codes.spend(state, user, code_kind(name), given["Code"], limit=limit, attempts="verify_attribute")
    require_free(pool, user, {name: code.address})
    user.pending.pop(name, None)
    user.attributes.update({name: code.address, f"{name}_verified": "true"})
    pool.users.index(user)
    user.modified = state.clock()
    return {}


def _require_verifiable(name: str) -> None:
    if name not in schema.VERIFIABLE:
        raise invalid_parameter(f"{name} cannot be verified: only email and phone_number can.")


async def send_code(
    state: EmulatorState, pool: UserPool, user: User, name: str, occasion: Occasion
) -> dict[str, str]:
    """Send a code that verifies an address, the pending one if there is one: CodeDeliveryDetailsType."""
    delivery = codes.Delivery(pool, user, name, _address(user, name), codes.VERIFY, occasion)
    return await codes.send_and_keep(state, delivery, life=codes.DAY, kind=code_kind(name))


def _address(user: User, name: str) -> str:
    return user.pending.get(name) or user.attributes.get(name, "")
