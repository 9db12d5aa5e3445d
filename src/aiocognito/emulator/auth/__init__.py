"""Signing in: the flows that begin it, and the challenges on the way to tokens.

In these modules, a function in capitals is what it is named after: ``USER_SRP_AUTH`` begins that flow,
``SMS_MFA`` judges the answer to that challenge. The tables of both are read off the modules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import Any, Final

from . import custom_auth, device, mfa, mfa_setup, new_password, passkey, password, refresh, srp, user_auth
from .auth_request import AuthRequest

Step = Callable[[AuthRequest], Awaitable[dict[str, Any]]]


def _in_capitals(module: ModuleType) -> dict[str, Step]:
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and callable(value) and value.__module__ == module.__name__
    }


_MODULES: Final = (
    password,
    srp,
    user_auth,
    custom_auth,
    refresh,
    new_password,
    mfa,
    mfa_setup,
    passkey,
    device,
)
FLOWS: Final[Mapping[str, Step]] = {
    name: step
    for module in _MODULES
    for name, step in _in_capitals(module).items()
    if (name.endswith("_AUTH") and name != "DEVICE_SRP_AUTH") or name == "REFRESH_TOKEN"
}
CHALLENGES: Final[Mapping[str, Step]] = {
    name: step for module in _MODULES for name, step in _in_capitals(module).items() if name not in FLOWS
}
