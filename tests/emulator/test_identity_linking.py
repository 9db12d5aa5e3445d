"""Whose identity it is: guests, people, guests who become people, and logins that come together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from aiocognito.emulator import (
    Assumptions,
    Clock,
    CognitoEmulator,
    EmulatedIdentityPool,
    EmulatedUserPool,
    serialization,
)
from aiocognito.emulator.errors import ApiError
from aiocognito.emulator.identity_pool import IdentityPool
from aiocognito.emulator.identity_pools import linking
from aiocognito.emulator.identity_pools import logins as verifying
from aiocognito.emulator.identity_pools.logins import Login
from aiocognito.emulator.randomness import Randomness
from aiocognito.emulator.signing_keys import KeyPair
from aiocognito.emulator.state import EmulatorState
from helpers.api import OnePair

from .identities import Identities, provider

NO_GUESTS = (
    "NotAuthorizedException",
    "Unauthenticated access is not supported for this identity pool.",
)
NO_MATCH = (
    "NotAuthorizedException",
    "Logins don't match. Please include at least one valid login for this identity or identity pool.",
)
CONFLICT = (
    "ResourceConflictException",
    "Logins of the same provider cannot belong to one identity.",
)


@define
class Shop:
    """An identity pool for guests and for the people of two user pools."""

    api: Identities
    pool: EmulatedIdentityPool
    first: EmulatedUserPool
    second: EmulatedUserPool

    async def refused(self, identity_id: str, logins: dict[str, str] | None = None) -> tuple[str, str]:
        """Ask for credentials that must not be given."""
        given = {} if logins is None else {"Logins": logins}
        return await self.api.refused("GetCredentialsForIdentity", IdentityId=identity_id, **given)

    async def one(self, name: str = "ana") -> dict[str, str]:
        return await self.api.login(self.first, name)

    async def two(self, name: str = "ana") -> dict[str, str]:
        return await self.api.login(self.second, name)

    def disabled(self) -> dict[str, str]:
        """Which identity was merged into which."""
        return {found.id: found.successor for found in self.pool.identities if found.successor is not None}


async def open_shop(emulator: CognitoEmulator, api: Identities) -> Shop:
    first, second = await emulator.create_user_pool(), await emulator.create_user_pool()
    pool = await emulator.create_identity_pool(
        user_pools=[first, second], AllowUnauthenticatedIdentities=True, AllowClassicFlow=True
    )
    return Shop(api, pool, first, second)


@pytest.fixture
async def shop(identities: Identities) -> Shop:
    return await open_shop(identities.emulator, identities)


def forbidden(identity_id: str) -> tuple[str, str]:
    return "NotAuthorizedException", f"Access to Identity '{identity_id}' is forbidden."


# Guests


async def test_every_guest_is_a_new_one(shop: Shop) -> None:
    found = {await shop.api.get_id(shop.pool), await shop.api.get_id(shop.pool, {})}
    assert len(found) == 2
    for identity_id in found:
        issued = await shop.api.credentials(identity_id)
        assert (issued.identity_id, issued.authenticated) == (identity_id, False)


async def test_where_guests_are_not_allowed(identities: Identities, people: EmulatedUserPool) -> None:
    pool = await identities.emulator.create_identity_pool(user_pools=[people])
    assert await identities.refused("GetId", IdentityPoolId=pool.id) == NO_GUESTS
    assert pool.identities == []


async def test_guests_of_a_pool_that_allows_none_any_more(shop: Shop) -> None:
    guest = await shop.api.get_id(shop.pool)
    pool = {"IdentityPoolId": shop.pool.id, "IdentityPoolName": "closed"}
    await shop.api("UpdateIdentityPool", **pool, AllowUnauthenticatedIdentities=False)
    assert await shop.refused(guest) == NO_GUESTS


# People


async def test_a_user_has_one_identity(shop: Shop) -> None:
    identity_id = await shop.api.get_id(shop.pool, await shop.one())
    assert await shop.api.get_id(shop.pool, await shop.one()) == identity_id
    assert await shop.api.get_id(shop.pool, await shop.one("ben")) != identity_id
    assert await shop.api.get_id(shop.pool, await shop.two()) != identity_id
    issued = await shop.api.credentials(identity_id, await shop.one())
    assert (issued.identity_id, issued.authenticated) == (identity_id, True)


async def test_pools_share_nothing(shop: Shop) -> None:
    """One login has an identity in each pool."""
    other = await shop.api.emulator.create_identity_pool(user_pools=[shop.first])
    login = await shop.one()
    assert await shop.api.get_id(other, login) != await shop.api.get_id(shop.pool, login)


async def test_a_users_identity_needs_a_login(shop: Shop) -> None:
    identity_id = await shop.api.get_id(shop.pool, await shop.one())
    assert await shop.refused(identity_id) == forbidden(identity_id)
    assert await shop.refused(identity_id, {}) == forbidden(identity_id)


async def test_another_users_login(shop: Shop) -> None:
    """A login of another user is not linked to an identity."""
    ana, ben = await shop.one("ana"), await shop.one("ben")
    identity_id = await shop.api.get_id(shop.pool, ana)
    # Not linked yet, and then linked to another identity.
    assert await shop.refused(identity_id, ben) == NO_MATCH
    await shop.api.get_id(shop.pool, ben)
    assert await shop.refused(identity_id, ben) == forbidden(identity_id)
    assert shop.disabled() == {}


# Guests who become people


async def test_a_guest_signs_in(shop: Shop) -> None:
    guest = await shop.api.get_id(shop.pool)
    login = await shop.one()
    issued = await shop.api.credentials(guest, login)
    assert (issued.identity_id, issued.authenticated) == (guest, True)
    assert await shop.api.get_id(shop.pool, login) == guest
    assert await shop.refused(guest) == forbidden(guest)


async def test_a_guest_is_merged_into_the_users_identity(shop: Shop) -> None:
    login = await shop.one()
    own = await shop.api.get_id(shop.pool, login)
    guest = await shop.api.get_id(shop.pool)
    assert (await shop.api.credentials(guest, login)).identity_id == own
    assert shop.disabled() == {guest: own}
    # The old id still leads there with that login, and nowhere without it.
    assert (await shop.api.credentials(guest, await shop.one())).identity_id == own
    assert await shop.refused(guest) == forbidden(guest)
    assert await shop.refused(guest, await shop.one("ben")) == forbidden(guest)
    assert await shop.api.get_id(shop.pool, login) == own


async def test_an_open_id_token_links_as_well(shop: Shop) -> None:
    login = await shop.one()
    own, guest = await shop.api.get_id(shop.pool, login), await shop.api.get_id(shop.pool)
    answer = await shop.api("GetOpenIdToken", IdentityId=guest, Logins=login)
    assert answer["IdentityId"] == own
    assert shop.disabled() == {guest: own}


async def test_the_other_reading_of_a_merge(key_pair: KeyPair, identities: Identities) -> None:
    assumptions = Assumptions(merge_keeps_login_identity=False)
    async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
        shop = await open_shop(emulator, Identities(emulator, identities.http))
        login = await shop.one()
        own, guest = await shop.api.get_id(shop.pool, login), await shop.api.get_id(shop.pool)
        assert (await shop.api.credentials(guest, login)).identity_id == guest
        assert shop.disabled() == {own: guest}
        assert await shop.api.get_id(shop.pool, login) == guest


async def test_the_other_reading_of_a_foreign_login(key_pair: KeyPair, identities: Identities) -> None:
    assumptions = Assumptions(foreign_login_is_forbidden=False)
    async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
        shop = await open_shop(emulator, Identities(emulator, identities.http))
        identity_id = await shop.api.get_id(shop.pool, await shop.one("ana"))
        await shop.api.get_id(shop.pool, await shop.one("ben"))
        assert await shop.refused(identity_id, await shop.one("ben")) == NO_MATCH


# Several logins


async def test_several_logins_belong_to_one_identity(shop: Shop) -> None:
    one, two = await shop.one(), await shop.two()
    identity_id = await shop.api.get_id(shop.pool, one | two)
    assert await shop.api.get_id(shop.pool, one) == identity_id
    assert await shop.api.get_id(shop.pool, two) == identity_id
    described = await shop.api("DescribeIdentity", IdentityId=identity_id)
    assert sorted(described["Logins"]) == sorted([provider(shop.first), provider(shop.second)])


async def test_a_login_is_added(shop: Shop) -> None:
    one, two = await shop.one(), await shop.two()
    identity_id = await shop.api.get_id(shop.pool, one)
    await shop.api.credentials(identity_id, one | two)
    assert await shop.api.get_id(shop.pool, two) == identity_id


async def test_two_identities_of_one_user(shop: Shop) -> None:
    one, two = await shop.one(), await shop.two()
    first = await shop.api.get_id(shop.pool, one)
    shop.api.emulator.clock.advance(1)
    second = await shop.api.get_id(shop.pool, two)
    guest = await shop.api.get_id(shop.pool)
    # Without a name, the older identity stays, in either order.
    assert await shop.api.get_id(shop.pool, two | one) == first
    assert shop.disabled() == {second: first}
    assert (await shop.api.credentials(second, two)).identity_id == first
    assert (await shop.api.credentials(guest, two)).identity_id == first


async def test_the_identity_that_was_named_stays(shop: Shop) -> None:
    one, two = await shop.one(), await shop.two()
    first = await shop.api.get_id(shop.pool, one)
    shop.api.emulator.clock.advance(1)
    second = await shop.api.get_id(shop.pool, two)
    assert (await shop.api.credentials(second, one | two)).identity_id == second
    assert shop.disabled() == {first: second}
    # Merged on, the first one's guests follow.
    assert (await shop.api.credentials(first, one)).identity_id == second


async def test_a_second_login_of_one_provider(shop: Shop) -> None:
    ana, ben = await shop.one("ana"), await shop.one("ben")
    linked = await shop.api.get_id(shop.pool, ana | await shop.two("ana"))
    both = ben | await shop.two("ana")
    assert await shop.refused(linked, both) == CONFLICT
    assert await shop.api.refused("GetId", IdentityPoolId=shop.pool.id, Logins=both) == CONFLICT
    other = await shop.api.get_id(shop.pool, ben)
    assert await shop.refused(linked, both) == CONFLICT
    guest = await shop.api.get_id(shop.pool)
    assert await shop.refused(guest, both) == CONFLICT
    # Nothing has come of it.
    assert shop.disabled() == {}
    assert await shop.api.get_id(shop.pool, ben) == other
    assert await shop.api.get_id(shop.pool, ana) == linked
    assert (await shop.api.credentials(guest)).identity_id == guest


async def test_both_forms_of_one_provider_at_once(shop: Shop) -> None:
    (ana,), (ben,) = (await shop.one("ana")).values(), (await shop.one("ben")).values()
    name = provider(shop.first)
    same = await shop.api.get_id(shop.pool, {name: ana, f"issuer-{name}": ana})
    assert await shop.api.get_id(shop.pool, {name: ana}) == same
    logins = {name: ben, f"issuer-{name}": ana}
    assert await shop.api.refused("GetId", IdentityPoolId=shop.pool.id, Logins=logins) == CONFLICT
    assert len(shop.pool.identities) == 1


# Operations in any order

LOGINS = [Login(provider, subject) for provider in ("one", "two") for subject in ("ana", "ben")]
REQUESTS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 5),
        st.lists(st.sampled_from(LOGINS), max_size=3, unique_by=lambda login: login.key),
    ),
    max_size=12,
)


@given(REQUESTS, st.booleans())
def test_what_always_holds(
    requests: list[tuple[int | None, list[Login]]], keeps_login_identity: bool
) -> None:
    """Random requests never give a login two identities."""
    assumptions = Assumptions(merge_keeps_login_identity=keeps_login_identity)
    state = EmulatorState(clock=Clock(lambda: 1.0), random=Randomness(1), assumptions=assumptions)
    pool = IdentityPool("us-east-1:1", {"AllowUnauthenticatedIdentities": True})
    for number, logins in requests:
        known = list(pool.identities.values())
        before = serialization.encode(pool)
        try:
            if number is None or not known:
                found = linking.resolve(state, pool, logins)
            else:
                found = linking.enter(state, pool, known[number % len(known)], logins)
        except ApiError:
            assert serialization.encode(pool) == before
            continue
        # An accepted request links all its logins, and can be repeated.
        assert found.successor is None
        assert all(pool.owner(login.key) is found for login in logins)
        assert linking.enter(state, pool, found, logins) is found
    for identity in pool.identities.values():
        assert all(len(subjects) == 1 for subjects in identity.logins.values())
        assert all(pool.owner(key) is identity for key in identity.login_keys())
        if identity.successor is not None:
            assert not identity.logins
            assert pool.identities[identity.successor].linked


# Concurrent changes


async def test_a_user_has_one_identity_however_many_ask_at_once(shop: Shop) -> None:
    login = await shop.one()
    found = await asyncio.gather(*(shop.api.get_id(shop.pool, login) for _ in range(10)))
    assert len(set(found)) == 1
    assert len(shop.pool.identities) == 1


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("GetCredentialsForIdentity", {}),
        ("GetOpenIdToken", {}),
        ("UnlinkIdentity", {"LoginsToRemove": ["graph.facebook.com"]}),
    ],
)
async def test_an_identity_that_is_deleted_while_a_login_is_verified(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, operation: str, members: dict[str, Any]
) -> None:
    guest, login = await shop.api.get_id(shop.pool), await shop.one()
    verify = verifying.verify

    async def verify_and_delete(*arguments: Any) -> list[Login]:
        verified = await verify(*arguments)
        await shop.api("DeleteIdentities", IdentityIdsToDelete=[guest])
        return verified

    with monkeypatch.context() as patch:
        patch.setattr(verifying, "verify", verify_and_delete)
        refused = await shop.api.refused(operation, IdentityId=guest, Logins=login, **members)
    assert refused == ("ResourceNotFoundException", f"Identity '{guest}' not found.")
    # The login was linked to nothing that is not there.
    assert await shop.api.get_id(shop.pool, login) != guest


# Unlinking


async def test_a_login_is_unlinked(shop: Shop) -> None:
    one, two = await shop.one(), await shop.two()
    identity_id = await shop.api.get_id(shop.pool, one | two)
    gone = [provider(shop.second)]
    await shop.api("UnlinkIdentity", IdentityId=identity_id, Logins=one, LoginsToRemove=gone)
    assert await shop.api.get_id(shop.pool, two) != identity_id
    assert await shop.api.get_id(shop.pool, one) == identity_id
    refused = await shop.api.refused(
        "UnlinkIdentity", IdentityId=identity_id, Logins=one, LoginsToRemove=gone
    )
    assert refused == NO_MATCH


async def test_without_logins_an_identity_has_no_owner(shop: Shop) -> None:
    login = await shop.one()
    identity_id = await shop.api.get_id(shop.pool, login)
    await shop.api("UnlinkIdentity", IdentityId=identity_id, Logins=login, LoginsToRemove=list(login))
    assert await shop.refused(identity_id) == forbidden(identity_id)
    assert await shop.refused(identity_id, login) == NO_MATCH
    assert await shop.api.get_id(shop.pool, login) != identity_id


async def test_callers_that_may_unlink(shop: Shop) -> None:
    login = await shop.one()
    identity_id = await shop.api.get_id(shop.pool, login)
    members = {"IdentityId": identity_id, "LoginsToRemove": list(login)}
    ben = await shop.one("ben")
    assert await shop.api.refused("UnlinkIdentity", **members, Logins=ben) == NO_MATCH
    assert await shop.api.refused("UnlinkIdentity", **members, Logins={}) == forbidden(identity_id)
    assert await shop.api.get_id(shop.pool, login) == identity_id
