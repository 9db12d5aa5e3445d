"""The accounts at external providers that belong to a user: the attribute ``identities``, JSON as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .users import IDENTITIES, User

if TYPE_CHECKING:
    from .pool import UserPool

ATTRIBUTE: Final = IDENTITIES


def of(user: User) -> list[dict[str, Any]]:
    """Read a user's identities."""
    entries: list[dict[str, Any]] = json.loads(user.attributes.get(ATTRIBUTE) or "[]")
    return entries


def put(user: User, entries: list[dict[str, Any]]) -> None:
    """Replace a user's identities; without any there is no such attribute. Index the user afterwards."""
    if entries:
        user.attributes[ATTRIBUTE] = json.dumps(entries, separators=(",", ":"))
    else:
        user.attributes.pop(ATTRIBUTE, None)


def entry(
    provider: dict[str, Any], user_id: str, *, primary: bool, now: float, issuer: str | None = None
) -> dict[str, Any]:
    """Write one identity.

    Args:
        provider: IdentityProviderType's members.
        user_id: The provider's id of the user.
        primary: Whether the user was made for it, not linked with it.
        now: Seconds since 1970.
        issuer: The entity id of a SAML provider.
    """
    return {
        "userId": user_id,
        "providerName": provider["ProviderName"],
        "providerType": provider["ProviderType"],
        "issuer": issuer,
        "primary": primary,
        "dateCreated": int(now * 1000),
    }


def holder(pool: UserPool, provider: str, user_id: str) -> User | None:
    """Find the user that an account at a provider belongs to, by link or as their own."""
    return next(iter(pool.users.with_account(provider, user_id)), None)


def signs_in(
    pool: UserPool, provider: Mapping[str, Any], subject: str, attributes: Mapping[str, str]
) -> User | None:
    """Return the user that an account at a provider signs in, by its subject or by the claim of a link.

    Args:
        pool: The user pool.
        provider: IdentityProviderType's members.
        subject: The provider's id of the user.
        attributes: The other claims, as attributes.
    """
    name = provider["ProviderName"]
    for user in pool.users.with_account(name, subject):
        if subject not in user.pending_links.get(name, {}):
            return user
    for attribute, value in attributes.items():
        for user in pool.users.with_account(name, value):
            if user.pending_links.get(name, {}).get(value) == attribute:
                return user
    return None


def settle(user: User, provider: Mapping[str, Any], subject: str, attributes: Mapping[str, str]) -> None:
    """Store the subject of a user who was linked by another claim: it identifies them from now on."""
    name = provider["ProviderName"]
    waiting = user.pending_links.get(name, {})
    for value, attribute in list(waiting.items()):
        if attributes.get(attribute) == value:
            del waiting[value]
            changed = [
                {**found, "userId": subject} if _is(found, name, value) else found for found in of(user)
            ]
            put(user, changed)


def remove(user: User, provider: str, user_id: str) -> None:
    """Remove one of a user's identities."""
    put(user, [found for found in of(user) if not _is(found, provider, user_id)])
    user.pending_links.get(provider, {}).pop(user_id, None)


def claim(user: User) -> list[dict[str, Any]]:
    """Write the claim: the same as an array, in which flags and times are strings."""
    return [
        {**found, "primary": str(found["primary"]).lower(), "dateCreated": str(found["dateCreated"])}
        for found in of(user)
    ]


def _is(found: dict[str, Any], provider: str, user_id: str) -> bool:
    return (found["providerName"], found["userId"]) == (provider, user_id)
