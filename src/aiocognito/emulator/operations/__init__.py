"""The operations of the user-pool API, one module per family.

In these modules, a function with a capital first letter is the operation of that name: it takes the
emulator's state and the checked request, and returns the answer or raises a refusal. The table of
operations is read off the modules: a new operation is a new function.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from ..state import EmulatorState
from . import (
    account,
    admin_users,
    app_clients,
    attributes,
    authentication,
    devices,
    domains,
    groups,
    identity_providers,
    linked_users,
    mfa,
    passkeys,
    passwords,
    resource_servers,
    sessions,
    sign_up,
    user_pools,
)

Given = Mapping[str, Any]
Answer = dict[str, Any]
Operation = Callable[[EmulatorState, Given], Awaitable[Answer]]

_MODULES: Final = (
    account,
    admin_users,
    app_clients,
    attributes,
    authentication,
    devices,
    domains,
    groups,
    identity_providers,
    linked_users,
    mfa,
    passkeys,
    passwords,
    resource_servers,
    sessions,
    sign_up,
    user_pools,
)
TABLE: Final[Mapping[str, Operation]] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if name[0].isupper() and callable(value) and value.__module__ == module.__name__
}
