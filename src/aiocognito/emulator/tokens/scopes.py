"""OAuth scopes, and the attributes that they allow a client to read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import schema
from ..identities import ATTRIBUTE
from .bearer import SCOPE

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..users import User

OPENID: Final = "openid"
STANDARD: Final = (OPENID, "email", "phone", "profile", SCOPE)
"""The scopes that every user pool has."""
_SHOWS: Final[Mapping[str, Collection[str]]] = {
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "profile": schema.PROFILE,
}


def custom(pool: UserPool) -> list[str]:
    """Return the scopes of a pool's resource servers, as ``<identifier>/<name>``."""
    servers = pool.resource_servers.values()
    return [f"{server['Identifier']}/{scope['ScopeName']}" for server in servers for scope in _of(server)]


# Documented (Client credentials): custom scopes only, all of them by default.
def of_machine(pool: UserPool, client: AppClient, wanted: Iterable[str] | None) -> list[str] | None:
    """Return the scopes that an app client gets for itself; None if it does not have those it asks for."""
    own = [scope for scope in custom(pool) if scope in client.scopes]
    granted = list(own if wanted is None else dict.fromkeys(wanted))
    return granted if granted and all(scope in own for scope in granted) else None


def _of(server: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return server.get("Scopes") or []


# Documented (OAuth tokens): openid alone shows all readable attributes.
def readable(client: AppClient, user: User, scopes: Collection[str]) -> dict[str, str]:
    """Return the attributes of a user that a client sees with some scopes.

    ``profile``, ``email`` and ``phone`` narrow; without any of them all is shown that the client may read.
    """
    narrowing = [scope for scope in _SHOWS if scope in scopes]
    attributes = {name: value for name, value in user.attributes.items() if client.may_read(name)}
    if not narrowing:
        return attributes
    return {name: value for name, value in attributes.items() if _shown(name, narrowing)}


def _shown(attribute: str, narrowing: Collection[str]) -> bool:
    if attribute.startswith("custom:"):
        return "profile" in narrowing
    return attribute == ATTRIBUTE or any(attribute in _SHOWS[scope] for scope in narrowing)


def unreadable(client: AppClient, scopes: Collection[str]) -> list[str]:
    """Return the attributes of the scopes ``email`` and ``phone`` that the client may not read."""
    wanted = [name for scope in ("email", "phone") if scope in scopes for name in _SHOWS[scope]]
    return [name for name in wanted if not client.may_read(name)]
