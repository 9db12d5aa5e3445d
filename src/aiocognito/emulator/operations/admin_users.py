"""The administrator's operations on users."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .. import codes, confirmation, password_policy, passwords, schema, users
from ..attribute_changes import replace
from ..errors import ApiError, alias_exists, invalid_parameter, not_authorized, user_not_found
from ..messages import INVITED, Occasion
from ..new_users import draft, require_new, require_preferred
from ..pool import UserPool
from ..randomness import LOWER, secret_text
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..user_filter import parse_filter
from ..users import User
from .account import described_factors, mfa_options
from .attributes import new_addresses, require_deletable, send_code
from .passwords import send_reset_code
from .sign_up import ask_before

_MEDIA: Final = {"SMS": "phone_number", "EMAIL": "email"}


@operation("AdminCreateUser")
async def admin_create_user(context: RequestContext) -> dict[str, Any]:
    """Create a user with a temporary password, and send an invitation."""
    given = context.members
    pool = context.pool
    if given.get("MessageAction") == "RESEND":
        return await _invite_again(context.state, pool, given)
    attributes = schema.from_list(given.get("UserAttributes", ()))
    schema.require_mutable(attributes, admin=True)
    user = draft(context.state, pool, given["Username"], attributes, admin=True)
    require_new(pool, user, admin=True)
    await ask_before(pool, user, "AdminCreateUser", None, given)
    _require_free(pool, user, given)
    if "TemporaryPassword" in given:
        password_policy.require_conforming(
            pool.password_policy, given["TemporaryPassword"], password_policy.AT_CREATION
        )
    if _passwordless(pool, given):
        user.status = users.CONFIRMED
    else:
        await _give_temporary(context.state, pool, user, given)
    # Another request may have taken the name or an alias meanwhile.
    require_new(pool, user, admin=True)
    _require_free(pool, user, given)
    pool.users.take_alias(user)
    pool.users.add(user)
    return {"User": described(user)}


def _require_free(pool: UserPool, user: User, given: Mapping[str, Any]) -> None:
    taken = pool.users.conflict(user)
    if taken is not None and not given.get("ForceAliasCreation"):
        raise ApiError("UsernameExistsException", f"An account with the {taken} already exists.")


# Recorded (Accounts without a password): confirmed, if codes are allowed as first factor.
def _passwordless(pool: UserPool, given: Mapping[str, Any]) -> bool:
    return bool(pool.code_factors) and "TemporaryPassword" not in given


async def _give_temporary(state: EmulatorState, pool: UserPool, user: User, given: Mapping[str, Any]) -> None:
    password = given.get("TemporaryPassword") or temporary_password(pool)
    secret = await passwords.make_verifier(pool, user.username, password)
    user.status = users.FORCE_CHANGE_PASSWORD
    if given.get("MessageAction") != "SUPPRESS":
        await _invite(state, pool, user, password, given)
    # Stored last: if a trigger fails, the user still has the password of the earlier invitation.
    user.secret = secret
    days = pool.password_policy["TemporaryPasswordValidityDays"] or 7
    user.temporary_until = state.clock() + days * codes.DAY


def temporary_password(pool: UserPool) -> str:
    """Return a random password that the pool's policy accepts."""
    length = max(int(pool.password_policy["MinimumLength"]), 12)
    letters = [*secret_text(length - 3, LOWER), "A", "7", "!"]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


async def _invite(
    state: EmulatorState, pool: UserPool, user: User, password: str, given: Mapping[str, Any]
) -> None:
    media = given.get("DesiredDeliveryMediums") or ["SMS"]
    occasion = Occasion(INVITED, metadata=given.get("ClientMetadata", {}))
    # SMS is the default medium; a user without a phone number gets e-mail instead.
    wanted = [attribute for medium, attribute in _MEDIA.items() if medium in media]
    has = [attribute for attribute in _MEDIA.values() if user.attributes.get(attribute)]
    reached = [attribute for attribute in wanted if attribute in has]
    for attribute in reached or has[:1]:
        address = user.attributes[attribute]
        delivery = codes.Delivery(pool, user, attribute, address, codes.INVITATION, occasion)
        await codes.deliver(state, delivery, password)


async def _invite_again(state: EmulatorState, pool: UserPool, given: Mapping[str, Any]) -> dict[str, Any]:
    user = pool.users.find(given["Username"])
    if user is None:
        raise user_not_found()
    if user.status != users.FORCE_CHANGE_PASSWORD:
        text = f"Resend not possible. {given['Username']} status is not FORCE_CHANGE_PASSWORD"
        raise ApiError("UnsupportedUserStateException", text)
    await _give_temporary(state, pool, user, {**given, "MessageAction": None})
    return {"User": described(user)}


@operation("AdminGetUser")
async def admin_get_user(context: RequestContext) -> dict[str, Any]:
    """Describe a user."""
    _pool, user = context.pool_and_user()
    description = described(user)
    description["UserAttributes"] = description.pop("Attributes")
    return {**description, **described_factors(user)}


@operation("AdminUpdateUserAttributes")
async def admin_update_user_attributes(context: RequestContext) -> dict[str, Any]:
    """Set attributes, ``email_verified`` and ``phone_number_verified`` included."""
    pool, user = context.pool_and_user()
    attributes = schema.normalised(schema.from_list(context.members["UserAttributes"]))
    _require_changeable(pool, attributes)
    require_preferred(pool, user, attributes)
    waiting = [name for name in new_addresses(user, attributes) if _waits(pool, attributes, name)]
    before = dict(user.attributes)
    for name in attributes:
        user.pending.pop(name, None)
    replace(user, {name: value for name, value in attributes.items() if name not in waiting})
    taken = pool.users.conflict(user)
    if taken is not None:
        user.attributes = before
        raise alias_exists(taken)
    user.pending.update({name: attributes[name] for name in waiting})
    pool.users.index(user)
    user.modified = context.state.clock()
    occasion = Occasion("UpdateUserAttribute", metadata=context.metadata)
    for name in waiting:
        await send_code(context.state, pool, user, name, occasion)
    return {}


def _require_changeable(pool: UserPool, attributes: Mapping[str, str]) -> None:
    schema.require_mutable(attributes, admin=True)
    schema.require_known(pool.schema, attributes, admin=True)
    for name, value in attributes.items():
        if not pool.schema[name]["Mutable"]:
            raise invalid_parameter(f"user.{name}: Attribute cannot be updated.\n")
        if not value:
            require_deletable(pool, name)
    schema.require_valid(pool.schema, attributes, update=True)


# Documented (Attributes): the flag in the same request replaces the verification before the update.
def _waits(pool: UserPool, attributes: Mapping[str, str], name: str) -> bool:
    return name in pool.verified_before_update and attributes.get(f"{name}_verified") != "true"


@operation("AdminDeleteUserAttributes")
async def admin_delete_user_attributes(context: RequestContext) -> dict[str, Any]:
    """Delete attributes."""
    given = context.members
    pool, user = context.pool_and_user()
    schema.require_mutable(given["UserAttributeNames"], admin=True)
    for name in given["UserAttributeNames"]:
        require_deletable(pool, name)
    replace(user, dict.fromkeys(given["UserAttributeNames"], ""))
    pool.users.index(user)
    user.modified = context.state.clock()
    return {}


@operation("AdminConfirmSignUp")
async def admin_confirm_sign_up(context: RequestContext) -> dict[str, Any]:
    """Confirm an account without a code; its addresses stay unverified."""
    pool, user = context.pool_and_user()
    if user.status != users.UNCONFIRMED:
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
    user.status = users.CONFIRMED
    user.modified = context.state.clock()
    await confirmation.after(pool, user, "ConfirmSignUp", None, context.metadata)
    return {}


@operation("AdminSetUserPassword")
async def admin_set_user_password(context: RequestContext) -> dict[str, Any]:
    """Set a password: permanent, or to be changed at the next sign-in."""
    pool, user = context.pool_and_user()
    await passwords.replace(
        context.state, pool, user, context.members["Password"], password_policy.AFTERWARDS
    )
    user.lockout.clear()
    if context.members.get("Permanent"):
        user.status = users.CONFIRMED
        return {}
    user.status = users.FORCE_CHANGE_PASSWORD
    days = pool.password_policy["TemporaryPasswordValidityDays"] or 7
    user.temporary_until = context.state.clock() + days * codes.DAY
    return {}


@operation("AdminResetUserPassword")
async def admin_reset_user_password(context: RequestContext) -> dict[str, Any]:
    """Require a new password, and send a code for it."""
    pool, user = context.pool_and_user()
    if user.status in {users.FORCE_CHANGE_PASSWORD, users.UNCONFIRMED}:
        raise not_authorized("User password cannot be reset in the current state.")
    await send_reset_code(context.state, pool, user, Occasion("ForgotPassword", metadata=context.metadata))
    user.status = users.RESET_REQUIRED
    user.modified = context.state.clock()
    return {}


@operation("AdminDisableUser")
async def admin_disable_user(context: RequestContext) -> dict[str, Any]:
    """Disable a user, and revoke the user's tokens and browser sessions."""
    pool, user = context.pool_and_user()
    user.enabled = False
    user.modified = context.state.clock()
    pool.tokens.revoke_user(user.sub)
    pool.hosted.sessions.end_all(user.sub)
    return {}


@operation("AdminEnableUser")
async def admin_enable_user(context: RequestContext) -> dict[str, Any]:
    """Enable a user."""
    _pool, user = context.pool_and_user()
    user.enabled = True
    user.modified = context.state.clock()
    return {}


@operation("AdminDeleteUser")
async def admin_delete_user(context: RequestContext) -> dict[str, Any]:
    """Delete an account."""
    pool, user = context.pool_and_user()
    pool.tokens.revoke_user(user.sub)
    pool.users.remove(user)
    return {}


@operation("AdminUserGlobalSignOut")
async def admin_user_global_sign_out(context: RequestContext) -> dict[str, Any]:
    """End all of a user's sign-ins."""
    pool, user = context.pool_and_user()
    pool.tokens.revoke_user(user.sub, access=context.state.assumptions.admin_sign_out_ends_access_tokens)
    return {}


@operation("ListUsers")
async def list_users(context: RequestContext) -> dict[str, Any]:
    """List users: all, or those that match a filter."""
    given = context.members
    pool = context.pool
    fits = parse_filter(given.get("Filter"))
    shown = given.get("AttributesToGet")
    _require_attributes(pool, shown)
    found = [described(user) for user in pool.users if fits(user)]
    # Recorded (Pages): a token belongs to one query.
    answer = context.page(found, "Users", marker="PaginationToken", limit="Limit")
    if shown is not None:
        answer["Users"] = [_narrowed(user, shown) for user in answer["Users"]]
    return answer


# Recorded (AttributesToGet): each user of the page must have each of them.
def _require_attributes(pool: UserPool, shown: Sequence[str] | None) -> None:
    if any(name not in pool.schema for name in shown or ()):
        raise invalid_parameter(_NOT_THERE)


def _narrowed(described_user: Mapping[str, Any], shown: Sequence[str]) -> dict[str, Any]:
    values = schema.from_list(described_user["Attributes"])
    if not set(shown) <= values.keys():
        raise invalid_parameter(_NOT_THERE)
    return {**described_user, "Attributes": schema.to_list({name: values[name] for name in shown})}


_NOT_THERE: Final = "One or more requested attributes do not exist."


def described(user: User) -> dict[str, Any]:
    """Return UserType."""
    attributes = {"sub": user.sub, **user.attributes}
    return {
        "Username": user.username,
        "Attributes": schema.to_list(attributes),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
        **mfa_options(user),
    }
