"""UserMigration: the trigger moves a user of another directory here at the first sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import passwords, schema, triggers, users
from .clients import AppClient
from .new_users import draft
from .pool import UserPool
from .state import EmulatorState
from .users import User

_RESPONSE: Final = (
    "userAttributes",
    "finalUserStatus",
    "messageAction",
    "desiredDeliveryMediums",
    "forceAliasCreation",
    "enableSMSMFA",
)


async def migrate(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    name: str,
    source: str,
    *,
    password: str | None = None,
    metadata: Mapping[str, str],
) -> User | None:
    """Call the trigger for a user who does not exist, and add the user if it returns one.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        name: The name that was typed.
        source: ``Authentication`` or ``ForgotPassword``.
        password: The password that was typed; it becomes the user's.
        metadata: ``ClientMetadata``.

    Raises:
        ApiError: The trigger failed, or returned a user that the pool cannot hold.
    """
    request: dict[str, Any] = {"validationData": dict(metadata) or None}
    if password is not None:
        request["password"] = password
    if metadata:
        request["clientMetadata"] = dict(metadata)
    response = await triggers.run(
        pool,
        "UserMigration",
        f"UserMigration_{source}",
        client=client,
        username=name,
        request=request,
        response=dict.fromkeys(_RESPONSE),
    )
    attributes = {} if response is None else triggers.texts(response, "userAttributes")
    if response is None or not attributes:
        return None
    user = await _made(state, pool, name, attributes, password)
    # Another request may have moved the user meanwhile.
    if (known := pool.users.find(name)) is not None:
        return known
    user.status = users.CONFIRMED if response["finalUserStatus"] == users.CONFIRMED else users.RESET_REQUIRED
    if pool.users.conflict(user) is not None and not triggers.flag(response, "forceAliasCreation"):
        return None
    pool.users.take_alias(user)
    pool.users.add(user)
    return user


async def _made(
    state: EmulatorState, pool: UserPool, name: str, given: Mapping[str, str], password: str | None
) -> User:
    attributes = {key: value for key, value in given.items() if key not in {"username", "sub"}}
    user = draft(state, pool, name, schema.normalised(attributes), admin=True)
    if password is not None:
        user.secret = await passwords.make_verifier(pool, user.username, password)
    return user
