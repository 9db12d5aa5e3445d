"""Everything that operations act on: the pools of one emulator, its clock, randomness, keys and outbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from typing import TypeVar

from attrs import define, field

from .assumptions import Assumptions
from .clients import AppClient
from .clock import Clock
from .errors import not_found
from .identity_pool import Identity, IdentityPool
from .outbox import Outbox
from .pool import UserPool
from .randomness import LOWER, Randomness
from .signing_keys import KeyRing

_Pool = TypeVar("_Pool", UserPool, IdentityPool)


@define
class EmulatorState:
    """The state of one emulator, without its HTTP side.

    Args:
        region: The region in ids and issuers.
        clock: Returns the time, in seconds since 1970.
        random: Draws ids and codes.
        keys: Makes and holds signing keys.
        outbox: Receives the messages that Cognito would send.
        url: The base URL of links in messages.
        issuer_base: What the issuers of user pools begin with; ``None`` for AWS's issuers.
        assumptions: The assumptions about what is not known of Cognito.
        pools: The user pools.
        identity_pools: The identity pools.
        provisioned_limits: The limits that were set, in requests per second, by category.
        running_imports: The user pools and ids of import jobs that were started.
        persist: Persists the state; ``None`` for an emulator without a data directory.
        next_id: The id of the next pool, app client or user; ``None`` for a random one.
    """

    region: str = "us-east-1"
    clock: Clock = field(factory=Clock)
    random: Randomness = field(factory=Randomness)
    keys: KeyRing = field(factory=KeyRing)
    outbox: Outbox = field(factory=Outbox)
    url: str = "http://localhost"
    issuer_base: str | None = None
    assumptions: Assumptions = field(factory=Assumptions)
    pools: dict[str, UserPool] = field(factory=dict)
    identity_pools: dict[str, IdentityPool] = field(factory=dict)
    provisioned_limits: dict[str, int] = field(factory=dict)
    running_imports: set[tuple[str, str]] = field(factory=set)
    persist: Callable[[], Awaitable[None]] | None = None
    next_id: str | None = None
    # With many pools, a search through all of them would take longer than the rest of a request.
    _found_in: dict[str, str] = field(factory=dict, repr=False)

    async def changed(self) -> None:
        """Persist changes. Await this before sending a response."""
        if self.persist is not None:
            await self.persist()

    def new_id(self, length: int, alphabet: str = LOWER) -> str:
        """Return the id that was chosen for the next pool or app client, or a random one."""
        chosen, self.next_id = self.next_id, None
        return self.random.text(length, alphabet) if chosen is None else chosen

    def new_uuid(self) -> str:
        """Return the id that was chosen for the next identity pool or user, or a random UUID."""
        chosen, self.next_id = self.next_id, None
        return self.random.uuid() if chosen is None else chosen

    def issuer(self, pool: UserPool) -> str:
        """Return the issuer of a user pool's tokens."""
        return pool.issuer if self.issuer_base is None else f"{self.issuer_base}/{pool.id}"

    def pool_of_issuer(self, issuer: object) -> UserPool | None:
        """Return the user pool whose tokens have an issuer. Their signature is still to be verified."""
        pool = self.pools.get(str(issuer).rpartition("/")[2])
        # A client can call the emulator by several names, and each is the local issuer of what it gets.
        is_local = self.issuer_base is not None
        return pool if pool is not None and (is_local or pool.issuer == issuer) else None

    def pool(self, pool_id: str) -> UserPool:
        """Return a user pool.

        Raises:
            ApiError: It does not exist.
        """
        try:
            return self.pools[pool_id]
        except KeyError:
            raise not_found(f"User pool {pool_id} does not exist.") from None

    def forget_pool(self, pool_id: str) -> None:
        """Delete a user pool with its users and its messages in the outbox; a later pool gets its keys."""
        self.pools.pop(pool_id, None)
        self.outbox.forget(pool_id)
        self.keys.release(pool_id)

    def client(self, client_id: str, pool_id: str | None = None) -> tuple[UserPool, AppClient]:
        """Return an app client and its pool.

        Args:
            client_id: The client.
            pool_id: The only pool that it may belong to.

        Raises:
            ApiError: It does not exist.
        """
        if pool_id is not None:
            pool: UserPool | None = self.pool(pool_id)
        else:
            pool = self._pool_with(client_id, self.pools, lambda each: each.clients)
        if pool is None or client_id not in pool.clients:
            raise not_found(f"User pool client {client_id} does not exist.")
        return pool, pool.clients[client_id]

    def identity_pool(self, pool_id: str) -> IdentityPool:
        """Return an identity pool.

        Raises:
            ApiError: It does not exist.
        """
        try:
            return self.identity_pools[pool_id]
        except KeyError:
            raise not_found(f"IdentityPool '{pool_id}' not found.") from None

    def identity(self, identity_id: str) -> tuple[IdentityPool, Identity]:
        """Return an identity and its pool.

        Raises:
            ApiError: It does not exist.
        """
        pool = self._pool_with(identity_id, self.identity_pools, lambda each: each.identities)
        if pool is None:
            raise not_found(f"Identity '{identity_id}' not found.")
        return pool, pool.identities[identity_id]

    def _pool_with(
        self, wanted: str, pools: Mapping[str, _Pool], ids: Callable[[_Pool], Container[str]]
    ) -> _Pool | None:
        """Return the pool that has an id: the one where it was found before, or the first of all."""
        known = pools.get(self._found_in.get(wanted, ""))
        if known is not None and wanted in ids(known):
            return known
        for pool_id, pool in pools.items():
            if wanted in ids(pool):
                self._found_in[wanted] = pool_id
                return pool
        return None
