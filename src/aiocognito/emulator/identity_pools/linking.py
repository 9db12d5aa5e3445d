"""The identity of a request: a new one, an existing one, or several that are merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ..errors import ApiError, not_authorized
from ..identity_pool import Identity

if TYPE_CHECKING:
    from ..identity_pool import IdentityPool
    from ..state import EmulatorState
    from .logins import Login

# What a disabled identity leads to when its successor was deleted.
_GONE: Final = Identity("", 0.0, 0.0, linked=True)


# Documented (An identity): one for each login, a new one for each guest.
def resolve(state: EmulatorState, pool: IdentityPool, logins: Sequence[Login]) -> Identity:
    """Return the identity of a login, which is created if it does not exist; without a login, a new guest.

    Raises:
        ApiError: Guests are not allowed, or the logins cannot belong together.
    """
    if not logins:
        _check_guests(pool)
        return _create(state, pool)
    owners = _owners(pool, logins)
    _check_providers(state, pool, owners, logins)
    return _join(state, pool, _oldest(owners) or _create(state, pool), logins)


def enter(state: EmulatorState, pool: IdentityPool, identity: Identity, logins: Sequence[Login]) -> Identity:
    """Check that logins may act as an identity, and link them to it.

    Returns:
        The identity that it is now: a guest's that was merged has another id.

    Raises:
        ApiError: The logins may not act as the identity, or cannot belong together.
    """
    if not logins:
        if identity.linked or identity.successor is not None:
            raise forbidden(identity)
        _check_guests(pool)
        return identity
    owners = _owners(pool, logins)
    found = _current(pool, identity)
    if found not in owners:
        if found is not identity:
            raise forbidden(identity)
        if identity.linked:
            raise _foreign(state, identity, owners)
    _check_providers(state, pool, [found, *owners], logins)
    if not found.linked and state.assumptions.merge_keeps_login_identity and (known := _oldest(owners)):
        _merge(state, pool, found, known)
        found = known
    return _join(state, pool, found, logins)


def add(state: EmulatorState, pool: IdentityPool, identity: Identity, logins: Sequence[Login]) -> Identity:
    """Link logins to an identity without a check of its own logins.

    Raises:
        ApiError: The identity is disabled, or the logins cannot belong together.
    """
    if identity.successor is not None:
        raise forbidden(identity)
    _check_providers(state, pool, [identity, *_owners(pool, logins)], logins)
    return _join(state, pool, identity, logins)


def combine(state: EmulatorState, pool: IdentityPool, child: Identity, parent: Identity) -> None:
    """Merge an identity into another one.

    Raises:
        ApiError: Both have a login of the same provider.
    """
    _check_providers(state, pool, [child, parent], ())
    _merge(state, pool, child, parent)


# Recorded (Identities): a message for each refusal.
def forbidden(identity: Identity) -> ApiError:
    """Return the error for an identity that the logins do not belong to."""
    return not_authorized(f"Access to Identity '{identity.id}' is forbidden.")


def no_match() -> ApiError:
    """Return the error for a valid login of another identity."""
    return not_authorized(
        "Logins don't match. Please include at least one valid login for this identity or identity pool."
    )


def _check_guests(pool: IdentityPool) -> None:
    if not pool.allows_guests:
        raise not_authorized("Unauthenticated access is not supported for this identity pool.")


def _create(state: EmulatorState, pool: IdentityPool) -> Identity:
    now = state.clock()
    identity = Identity(f"{pool.region}:{state.random.uuid()}", now, now)
    pool.identities[identity.id] = identity
    return identity


def _owners(pool: IdentityPool, logins: Iterable[Login]) -> list[Identity]:
    found = (pool.owner(login.key) for login in logins)
    return list({identity.id: identity for identity in found if identity is not None}.values())


def _current(pool: IdentityPool, identity: Identity) -> Identity:
    """Return the identity that a disabled one was merged into."""
    while identity.successor is not None:
        identity = pool.identities.get(identity.successor, _GONE)
    return identity


def _oldest(owners: Sequence[Identity]) -> Identity | None:
    """Return the identity that keeps its id in a merge: the oldest."""
    return min(owners, key=lambda identity: identity.created, default=None)


def _foreign(state: EmulatorState, identity: Identity, owners: Sequence[Identity]) -> ApiError:
    if owners and state.assumptions.foreign_login_is_forbidden:
        return forbidden(identity)
    return no_match()


def _join(state: EmulatorState, pool: IdentityPool, parent: Identity, logins: Sequence[Login]) -> Identity:
    """Link all logins to this identity, and merge their previous identities into it."""
    for login in logins:
        owner = pool.owner(login.key)
        if owner is None:
            pool.link(parent, login.key, state.clock())
        elif owner is not parent:
            _merge(state, pool, owner, parent)
    return parent


def _merge(state: EmulatorState, pool: IdentityPool, child: Identity, parent: Identity) -> None:
    pool.merge(child, parent, state.clock())


def _check_providers(
    state: EmulatorState, pool: IdentityPool, identities: Sequence[Identity], logins: Sequence[Login]
) -> None:
    """Refuse a link or merge after which a provider would have two logins."""
    subjects = dict[str, str]()
    keys = {key for identity in identities for key in identity.login_keys()} | {login.key for login in logins}
    for provider, subject in keys:
        if provider != pool.developer_provider and subjects.setdefault(provider, subject) != subject:
            raise ApiError("ResourceConflictException", state.assumptions.identity_conflict_message)
