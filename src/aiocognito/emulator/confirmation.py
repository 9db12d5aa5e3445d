"""PostConfirmation: the trigger that is called after an account was confirmed."""

from __future__ import annotations

from collections.abc import Mapping

from . import triggers
from .clients import AppClient
from .pool import UserPool
from .users import User


async def after(
    pool: UserPool, user: User, source: str, client: AppClient | None, metadata: Mapping[str, str]
) -> None:
    """Call the trigger, if the pool has it.

    Args:
        pool: The user pool.
        user: The user.
        source: ``ConfirmSignUp`` or ``ConfirmForgotPassword``.
        client: The app client; an administrator has none.
        metadata: ``ClientMetadata``.

    Raises:
        ApiError: It failed; the account stays confirmed.
    """
    await triggers.run(
        pool,
        "PostConfirmation",
        f"PostConfirmation_{source}",
        client=client,
        username=user.username,
        request=triggers.about(user, metadata),
        response={},
    )
