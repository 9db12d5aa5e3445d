"""Password policy, and what is kept of a password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import _srp as srp
from . import srp_server
from .errors import ApiError

if TYPE_CHECKING:
    from .pool import UserPool
    from .state import EmulatorState
    from .users import User

SYMBOLS: Final = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-")
POLICY: Final[Mapping[str, Any]] = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
    "TemporaryPasswordValidityDays": 7,
}
_RULES: Final[tuple[tuple[str, str, Callable[[str], bool]], ...]] = (
    ("RequireUppercase", "Password must have uppercase characters", str.isupper),
    ("RequireLowercase", "Password must have lowercase characters", str.islower),
    ("RequireNumbers", "Password must have numeric characters", str.isdigit),
    ("RequireSymbols", "Password must have symbol characters", SYMBOLS.__contains__),
)
AT_CREATION: Final = "Password did not conform with policy"
AFTERWARDS: Final = "Password does not conform to policy"


def require_conforming(policy: Mapping[str, Any], password: str, prefix: str) -> None:
    """Refuse a password that breaks the policy, for the first rule that it breaks.

    Args:
        policy: ``PasswordPolicy``.
        password: The password.
        prefix: :data:`AT_CREATION` or :data:`AFTERWARDS`: Cognito words it twice.
    """
    if len(password) < policy["MinimumLength"]:
        raise ApiError("InvalidPasswordException", f"{prefix}: Password not long enough")
    for setting, text, fits in _RULES:
        if policy.get(setting) and not any(map(fits, password)):
            raise ApiError("InvalidPasswordException", f"{prefix}: {text}")


async def make_verifier(pool: UserPool, username: str, password: str) -> srp_server.Secret:
    """Make what is kept of a password, off the loop."""
    return await srp.run(srp_server.make_verifier, pool.name, username, password)


async def matches(pool: UserPool, user: User, password: str) -> bool:
    """Say whether a password is the user's, off the loop."""
    if user.secret is None:
        # As much work as with one, so that the time does not tell.
        await make_verifier(pool, user.username, password)
        return False
    return await srp.run(srp_server.matches, user.secret, pool.name, user.username, password)


async def replace(world: EmulatorState, pool: UserPool, user: User, password: str, prefix: str) -> None:
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
            message = world.unsettled.password_history_message
            raise ApiError("PasswordHistoryPolicyViolationException", message)
    new = await make_verifier(pool, user.username, password)
    user.old_secrets = history[: max(remembered - 1, 0)]
    user.secret = new
    user.temporary_until = None
    user.modified = world.clock()
