"""Events of users: sign-ins and others, recorded in user pools with threat protection."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from .records import AuthEvent

if TYPE_CHECKING:
    from .clients import AppClient
    from .pool import UserPool
    from .state import EmulatorState
    from .users import User

LOCAL: Final = "127.0.0.1"
"""The address of a client that sends no other one: all clients are on this machine."""
MOST: Final = 1000
"""The events of a user that are stored; Cognito deletes them by their age."""


def are_recorded(pool: UserPool) -> bool:
    """Return whether a pool's threat protection is on, in audit mode or with full function."""
    return _mode(pool) in {"AUDIT", "ENFORCED"}


def record(state: EmulatorState, pool: UserPool, user: User, kind: str, response: str = "Pass") -> None:
    """Record an event of a user, if the pool records them.

    Args:
        state: The emulator's state.
        pool: The user pool.
        user: The user.
        kind: ``EventType``.
        response: ``EventResponse``.
    """
    if are_recorded(pool):
        add(user, AuthEvent(state.random.uuid(), kind, state.clock(), response, LOCAL))


def add(user: User, event: AuthEvent) -> None:
    """Add an event to those of a user."""
    user.auth_events.append(event)
    del user.auth_events[:-MOST]


# Documented (Blocked addresses): with full function; an app client's own configuration counts.
def blocks(pool: UserPool, client: AppClient, address: str) -> bool:
    """Return whether sign-ins from an address are blocked."""
    if _mode(pool) != "ENFORCED":
        return False
    configuration = pool.risk_configurations.get(client.id) or pool.risk_configurations.get("", {})
    ranges = configuration.get("RiskExceptionConfiguration", {}).get("BlockedIPRangeList", ())
    return any(_is_in(address, each) for each in ranges)


def _is_in(address: str, text: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(text, strict=False)
    except ValueError:
        # What a client calls its address need not be one.
        return False


def _mode(pool: UserPool) -> str | None:
    mode: str | None = (pool.settings.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode")
    return mode
