"""Signing up: SignUp, ConfirmSignUp, ResendConfirmationCode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .. import auth_events, codes, confirmation, password_policy, passwords, schema, triggers, users
from ..auth import after_sign_up
from ..clients import AppClient
from ..errors import ApiError, alias_exists, invalid_parameter, not_authorized, user_not_found
from ..messages import Occasion
from ..new_users import draft, require_new
from ..pool import UserPool
from ..records import Code
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..users import User

_UNKNOWN = "Username/client id combination not found."


@operation("SignUp")
async def sign_up(context: RequestContext) -> dict[str, Any]:
    """Create a user, to be confirmed by code."""
    given = context.members
    pool, client = context.pool_and_client()
    name = given["Username"]
    client.check_hash(name, given.get("SecretHash"))
    if (pool.settings.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly"):
        raise not_authorized("SignUp is not permitted for this user pool")
    attributes = schema.from_list(given.get("UserAttributes", ()))
    schema.require_mutable(attributes)
    _require_writable(client, attributes)
    password = given.get("Password")
    if not password and not pool.code_factors:
        raise invalid_parameter("Password is required for this user pool.")
    user = draft(context.state, pool, name, attributes)
    if password:
        password_policy.require_conforming(pool.password_policy, password, password_policy.AT_SIGN_UP)
    schema.require_required(pool.schema, user.attributes)
    if "preferred_username" in pool.users.alias_attributes and "preferred_username" in attributes:
        raise invalid_parameter("preferred_username can not be set for an unconfirmed user.")
    require_new(pool, user)
    decided = await ask_before(pool, user, "SignUp", client, given)
    _apply(user, decided)
    if password:
        user.secret = await passwords.make_verifier(pool, user.username, password)
    # Another request may have taken the name meanwhile; and an address that is verified is an alias.
    require_new(pool, user)
    if (taken := pool.users.conflict(user)) is not None:
        raise ApiError("UsernameExistsException", f"An account with the given {taken} already exists.")
    pool.users.add(user)
    auth_events.record(context.state, pool, user, "SignUp")
    metadata = context.metadata
    if user.status == users.CONFIRMED:
        await confirmation.after(pool, user, "ConfirmSignUp", client, metadata)
        return {"UserConfirmed": True, "UserSub": user.sub}
    answer: dict[str, Any] = {"UserConfirmed": False, "UserSub": user.sub}
    if target := _target(pool, user):
        occasion = Occasion("SignUp", client, metadata)
        answer["CodeDeliveryDetails"] = await _send(context.state, pool, client, user, target, occasion)
        if session := after_sign_up.begin(context.state, pool, client, user, target):
            answer["Session"] = session
    return answer


async def ask_before(
    pool: UserPool, user: User, source: str, client: AppClient | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Call PreSignUp, if the pool has it, and return its decision.

    Args:
        pool: The user pool.
        user: The new user, who is not in the pool yet.
        source: ``SignUp`` or ``AdminCreateUser``.
        client: The app client; an administrator has none.
        given: The request.

    Raises:
        ApiError: It raised an error.
    """
    validation = schema.from_list(given.get("ValidationData", ()))
    request: dict[str, Any] = {"userAttributes": user.attributes, "validationData": validation or None}
    if "ClientMetadata" in given:
        request["clientMetadata"] = given["ClientMetadata"]
    undecided: dict[str, Any] = {
        "autoConfirmUser": False,
        "autoVerifyEmail": False,
        "autoVerifyPhone": False,
    }
    decided = await triggers.run(
        pool,
        "PreSignUp",
        f"PreSignUp_{source}",
        client=client,
        username=user.username,
        request=request,
        response=undecided,
    )
    return undecided if decided is None else decided


def _apply(user: User, decided: Mapping[str, Any]) -> None:
    if triggers.flag(decided, "autoConfirmUser"):
        user.status = users.CONFIRMED
    for member, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if triggers.flag(decided, member) and attribute in user.attributes:
            user.attributes[f"{attribute}_verified"] = "true"


@operation("ConfirmSignUp")
async def confirm_sign_up(context: RequestContext) -> dict[str, Any]:
    """Confirm an account with the code that was sent."""
    given = context.members
    state = context.state
    pool, client = context.pool_and_client()
    client.check_hash(given["Username"], given.get("SecretHash"))
    user = pool.users.find(given["Username"])
    if user is None:
        raise _hidden(state) if client.hides_users else user_not_found(_UNKNOWN)
    session = after_sign_up.take(state, pool, client, user, given.get("Session"))
    force = bool(given.get("ForceAliasCreation"))
    code = _confirm(state, pool, user, given["ConfirmationCode"], force=force)
    if session is not None:
        session.spent = True
    await confirmation.after(pool, user, "ConfirmSignUp", client, context.metadata)
    return after_sign_up.confirmed(state, pool, client, user, code.attribute)


async def confirm_by_link(state: EmulatorState, client_id: str, username: str, code: str) -> None:
    """Confirm an account with the link that was sent.

    Raises:
        ApiError: The client or the user does not exist, or the code in the link is no longer valid.
    """
    pool, client = state.client(client_id)
    user = pool.users.find(username)
    if user is None:
        raise codes.expired()
    _confirm(state, pool, user, code, force=False)
    await confirmation.after(pool, user, "ConfirmSignUp", client, {})


def _confirm(state: EmulatorState, pool: UserPool, user: User, given: str, *, force: bool) -> Code:
    if user.status != users.UNCONFIRMED:
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
    limit = state.assumptions.confirm_sign_up_attempts_per_hour
    code = codes.spend(state, user, codes.SIGN_UP, given, limit=limit)
    verified = f"{code.attribute}_verified"
    before = user.attributes.get(verified)
    user.attributes[code.attribute] = code.address
    user.attributes[verified] = "true"
    taken = pool.users.conflict(user)
    if taken is not None and not force:
        _restore(user, verified, before)
        user.codes[codes.SIGN_UP] = code
        raise alias_exists(taken)
    pool.users.take_alias(user)
    user.status = users.CONFIRMED
    user.modified = state.clock()
    pool.users.index(user)
    return code


def _restore(user: User, name: str, value: str | None) -> None:
    if value is None:
        del user.attributes[name]
    else:
        user.attributes[name] = value


@operation("ResendConfirmationCode")
async def resend_confirmation_code(context: RequestContext) -> dict[str, Any]:
    """Send another code, which replaces the previous one."""
    pool, client = context.pool_and_client()
    name = context.members["Username"]
    client.check_hash(name, context.members.get("SecretHash"))
    user = pool.users.find(name)
    if user is None or not user.enabled:
        if client.hides_users:
            return {"CodeDeliveryDetails": codes.simulated_details(pool, name, pool.auto_verified)}
        raise user_not_found(_UNKNOWN) if user is None else not_authorized("User is disabled.")
    if user.status != users.UNCONFIRMED:
        raise invalid_parameter("User is already confirmed.")
    target = _target(pool, user)
    if target is None:
        raise invalid_parameter("Cannot resend codes. Auto verification not turned on.")
    codes.count(context.state, user.attempts, "resend", context.state.assumptions.resend_attempts_per_hour)
    occasion = Occasion("ResendCode", client, context.metadata)
    auth_events.record(context.state, pool, user, "ResendCode")
    return {"CodeDeliveryDetails": await _send(context.state, pool, client, user, target, occasion)}


def _require_writable(client: AppClient, attributes: Mapping[str, str]) -> None:
    if not all(map(client.may_write, attributes)):
        raise not_authorized("A client attempted to write unauthorized attribute")


def _target(pool: UserPool, user: User) -> str | None:
    # With both, the phone comes first.
    for attribute in ("phone_number", "email"):
        if attribute in pool.auto_verified and user.attributes.get(attribute):
            return attribute
    return None


async def _send(
    state: EmulatorState, pool: UserPool, client: AppClient, user: User, attribute: str, occasion: Occasion
) -> dict[str, str]:
    link = _link(state, client, user) if attribute == "email" and pool.confirms_by_link else None
    delivery = codes.Delivery(pool, user, attribute, user.attributes[attribute], codes.SIGN_UP, occasion)
    return await codes.send_and_keep(state, delivery, life=codes.DAY, link=link)


def _link(state: EmulatorState, client: AppClient, user: User) -> str:
    query = urlencode({"client_id": client.id, "user_name": user.username, "confirmation_code": ""})
    return f"{state.url}/confirmUser?{query}"


def _hidden(state: EmulatorState) -> ApiError:
    if state.assumptions.hidden_user_confirm_sign_up == "CodeMismatchException":
        return codes.mismatch()
    return codes.expired()
