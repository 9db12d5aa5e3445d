"""Passwords: their verifiers, comparison, history and replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _srp as srp
from . import srp_server
from .errors import ApiError
from .password_policy import require_conforming

if TYPE_CHECKING:
    from .pool import UserPool
    from .state import EmulatorState
    from .users import User


async def make_verifier(pool: UserPool, username: str, password: str) -> srp_server.Verifier:
    """Return the verifier of a password, computed in a thread."""
    return await srp.run(srp_server.make_verifier, pool.name, username, password)


async def matches(pool: UserPool, user: User, password: str) -> bool:
    """Return whether a password is the user's, computed in a thread."""
    if user.secret is None:
        # Do the same work as with a password, so that the time does not give the user away.
        await make_verifier(pool, user.username, password)
        return False
    return await srp.run(srp_server.matches, user.secret, pool.name, user.username, password)


async def replace(state: EmulatorState, pool: UserPool, user: User, password: str, prefix: str) -> None:
    """Give a user a new password, if policy and history allow.

    Raises:
        ApiError: They do not; nothing was changed.
    """
    policy = pool.password_policy
    require_conforming(policy, password, prefix)
    remembered = int(policy.get("PasswordHistorySize") or 0)
    history = [secret for secret in (user.secret, *user.old_secrets) if secret is not None][:remembered]
    for secret in history:
        if await srp.run(srp_server.matches, secret, pool.name, user.username, password):
            message = state.assumptions.password_history_message
            raise ApiError("PasswordHistoryPolicyViolationException", message)
    new = await make_verifier(pool, user.username, password)
    user.old_secrets = history[: max(remembered - 1, 0)]
    user.secret = new
    user.temporary_until = None
    user.modified = state.clock()
