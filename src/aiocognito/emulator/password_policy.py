"""A user pool's password policy: its defaults, and the refusal of passwords that break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .errors import ApiError

SYMBOLS: Final = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-")
DEFAULTS: Final[Mapping[str, Any]] = {
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
# Recorded (Passwords): the first violated rule is reported, in three wordings.
AT_SIGN_UP: Final = "Password did not conform with policy"
AT_CREATION: Final = "Password did not conform with password policy"
AFTERWARDS: Final = "Password does not conform to policy"


def require_conforming(policy: Mapping[str, Any], password: str, prefix: str) -> None:
    """Refuse a password that breaks the policy, for the first rule that it breaks.

    Args:
        policy: ``PasswordPolicy``.
        password: The password.
        prefix: How the text begins: :data:`AT_SIGN_UP`, :data:`AT_CREATION` (by an administrator) or
            :data:`AFTERWARDS`.
    """
    if len(password) < policy["MinimumLength"]:
        raise ApiError("InvalidPasswordException", f"{prefix}: Password not long enough")
    for setting, text, fits in _RULES:
        if policy.get(setting) and not any(map(fits, password)):
            raise ApiError("InvalidPasswordException", f"{prefix}: {text}")
