"""Accounts at external providers that are linked to users of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .. import identities
from ..errors import ApiError, invalid_parameter, user_not_found
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..users import User
from .identity_providers import SOCIAL

_OWN: Final = "Cognito"
_SUBJECT: Final = "Cognito_Subject"
# Documented (Linked users): at most five for a user.
_MOST: Final = 5


@operation("AdminLinkProviderForUser")
async def admin_link_provider_for_user(context: RequestContext) -> dict[str, Any]:
    """Link an account at a provider, which has not signed in yet, to a user of the pool."""
    pool = context.pool
    source, destination = context.members["SourceUser"], context.members["DestinationUser"]
    provider = _source_provider(pool, source)
    user_id = _value(source, "SourceUser")
    user = _named(pool, destination)
    if user is None:
        raise user_not_found()
    holder = identities.holder(pool, provider["ProviderName"], user_id)
    if holder is user:
        raise invalid_parameter("SourceUser is already linked to DestinationUser")
    if holder is not None:
        raise invalid_parameter(
            "Merging is not currently supported, provide a SourceUser that has not been signed up in order to"
            " link"
        )
    linked = identities.of(user)
    if sum(not entry["primary"] for entry in linked) >= _MOST:
        raise ApiError("LimitExceededException", f"No more than {_MOST} identities can be linked to a user.")
    entry = identities.entry(provider, user_id, primary=False, now=context.state.clock())
    identities.put(user, [*linked, entry])
    pool.users.index(user)
    if source["ProviderAttributeName"] != _SUBJECT:
        waiting = user.pending_links.setdefault(provider["ProviderName"], {})
        waiting[user_id] = source["ProviderAttributeName"]
    user.modified = context.state.clock()
    return {}


@operation("AdminDisableProviderForUser")
async def admin_disable_provider_for_user(context: RequestContext) -> dict[str, Any]:
    """Unlink an account at a provider from its user; a user of the pool itself loses the password."""
    pool = context.pool
    named = context.members["User"]
    if named.get("ProviderName") == _OWN:
        user = _named(pool, named)
        if user is None:
            raise user_not_found()
        user.secret = None
    else:
        name, user_id = named.get("ProviderName", ""), _value(named, "User")
        user = identities.holder(pool, name, user_id)
        if user is None:
            raise user_not_found()
        identities.remove(user, name, user_id)
        pool.users.index(user)
    user.modified = context.state.clock()
    return {}


def _source_provider(pool: UserPool, source: Mapping[str, Any]) -> dict[str, Any]:
    name = source.get("ProviderName", "")
    if name == _OWN:
        raise invalid_parameter(
            "Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser,"
            " only as a DestinationUser"
        )
    if name not in pool.providers:
        raise invalid_parameter(f"The provider {name} does not exist for User Pool {pool.id}.")
    provider = pool.providers[name]
    attribute = source.get("ProviderAttributeName", "")
    if attribute == _SUBJECT:
        return provider
    if provider["ProviderType"] in SOCIAL:
        raise invalid_parameter(f"Invalid SourceUser: ProviderAttributeName must be {_SUBJECT}.")
    # A claim other than the subject has to be mapped to an attribute, whose name is given.
    if attribute not in provider["AttributeMapping"]:
        raise invalid_parameter(f"Invalid SourceUser: {attribute} is not a mapped attribute.")
    return provider


def _value(named: Mapping[str, Any], member: str) -> str:
    value: str = named.get("ProviderAttributeValue", "")
    if not value:
        raise invalid_parameter(f"{member} needs a ProviderAttributeValue.")
    return value


def _named(pool: UserPool, named: Mapping[str, Any]) -> User | None:
    value = named.get("ProviderAttributeValue", "")
    name = named.get("ProviderName", _OWN)
    return pool.users.find(value if name == _OWN else f"{name}_{value}")
