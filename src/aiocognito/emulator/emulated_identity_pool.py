"""An identity pool of an emulator, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from .._config import AuthConfig
from .._partitions import service_host
from .._public import public
from .account import ACCOUNT
from .administration import Emulator
from .emulated_pool import EmulatedUserPool
from .identity_pools import providers

if TYPE_CHECKING:
    from .identity_pool import Identity, IdentityPool

ROLES: Final = {
    kind: f"arn:aws:iam::{ACCOUNT}:role/emulated-{kind}" for kind in ("authenticated", "unauthenticated")
}


def provider_name(pool: EmulatedUserPool) -> str:
    """Return the provider name of a user pool in identity pools."""
    return f"{service_host('cognito-idp', pool.state.region)}/{pool.id}"


def with_test_defaults(given: Mapping[str, Any], user_pools: Sequence[EmulatedUserPool]) -> dict[str, Any]:
    """Return the members of CreateIdentityPool, with defaults that suit tests."""
    members: dict[str, Any] = {"IdentityPoolName": "emulated", "AllowUnauthenticatedIdentities": False}
    if user_pools:
        members["CognitoIdentityProviders"] = [
            {"ProviderName": provider_name(pool), "ClientId": pool.client_id} for pool in user_pools
        ]
    return {**members, **given}


def roles_with_test_defaults(
    roles: Mapping[str, str] | None, mappings: Mapping[str | EmulatedUserPool, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the members of SetIdentityPoolRoles, with default roles."""
    members: dict[str, Any] = {"Roles": dict(ROLES if roles is None else roles)}
    if mappings:
        members["RoleMappings"] = {
            pool if isinstance(pool, str) else f"{provider_name(pool)}:{pool.client_id}": dict(mapping)
            for pool, mapping in mappings.items()
        }
    return members


@public("aiocognito.emulator")
class EmulatedIdentityPool:
    """An identity pool of an emulator.

    Args:
        emulator: The emulator.
        pool_id: Its id.
    """

    def __init__(self, emulator: Emulator, pool_id: str) -> None:
        self._emulator = emulator
        self.id = pool_id

    @property
    def state(self) -> IdentityPool:
        """The emulator's state of the pool."""
        return self._emulator.state.identity_pool(self.id)

    @property
    def identities(self) -> Sequence[Identity]:
        """All identities, oldest first; those that were merged into others, too."""
        return list(self.state.identities.values())

    @property
    def config(self) -> AuthConfig:
        """The configuration with which a client finds it, and the first of its user pools."""
        user_pool = self._user_pool()
        return evolve(
            AuthConfig(clock=self._emulator.state.clock) if user_pool is None else user_pool.config,
            identity_pool_id=self.id,
            identity_pool_endpoint=self._emulator.url,
            allow_guest_access=self.state.allows_guests,
        )

    def _user_pool(self) -> EmulatedUserPool | None:
        for entry in self.state.settings.get("CognitoIdentityProviders", ()):
            pool = self._emulator.state.pools.get(providers.user_pool_id(entry["ProviderName"]) or "")
            if pool is not None and entry["ClientId"] in pool.clients:
                return EmulatedUserPool(self._emulator, pool.id, entry["ClientId"])
        return None
