"""The names of identity providers, and which of them an identity pool accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..._partitions import service_host
from ..identity_pool import IdentityPool

PUBLIC: Final = frozenset(
    {
        "accounts.google.com",
        "api.twitter.com",
        "appleid.apple.com",
        "graph.facebook.com",
        "www.amazon.com",
        "www.digits.com",
    }
)
# Two forms of one issuer: IssuerConfiguration of the user pool says which one its tokens carry.
_USER_POOL: Final = re.compile(
    r"(?:issuer-)?(?P<name>(?P<host>cognito-idp\.(?P<region>[a-z0-9-]+)\.[a-z.-]+)/(?P<id>[\w-]+_[0-9a-zA-Z]+))"
)
_OPEN_ID: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?(/\S*)?")
_SAML: Final = re.compile(r"arn:aws[\w-]*:iam::[0-9]+:saml-provider/\S+")


def canonical(name: str) -> str:
    """Return a provider's name in the form under which logins are stored."""
    found = _user_pool(name)
    return name if found is None else found["name"]


def user_pool_id(name: str) -> str | None:
    """Return the id of the user pool that a provider is; ``None`` for other providers."""
    found = _user_pool(name)
    return None if found is None else found["id"]


def _user_pool(name: str) -> re.Match[str] | None:
    """Match the name of a user pool, whose host is that of the region's partition."""
    found = _USER_POOL.fullmatch(name)
    if found is None or found["host"] != service_host("cognito-idp", found["region"]):
        return None
    return found


def possible(name: str) -> bool:
    """Whether a name could be a provider's at all."""
    return name in PUBLIC or any(form.fullmatch(name) for form in (_USER_POOL, _OPEN_ID, _SAML))


def user_pool_clients(pool: IdentityPool, provider: str) -> list[Mapping[str, Any]]:
    """Return the entries of a user pool, one for each app client."""
    entries = pool.settings.get("CognitoIdentityProviders", ())
    return [entry for entry in entries if canonical(entry["ProviderName"]) == provider]


def others(pool: IdentityPool) -> Iterator[str]:
    """Yield the providers that are not user pools."""
    yield from pool.settings.get("SupportedLoginProviders", ())
    for arn in pool.settings.get("OpenIdConnectProviderARNs", ()):
        yield arn.partition("oidc-provider/")[2]
    yield from pool.settings.get("SamlProviderARNs", ())


def names(pool: IdentityPool) -> set[str]:
    """Return all providers of an identity pool."""
    entries = pool.settings.get("CognitoIdentityProviders", ())
    return {canonical(entry["ProviderName"]) for entry in entries} | set(others(pool))


def mapped_names(pool: IdentityPool) -> set[str]:
    """Return the providers' names in role mappings: that of a user pool has the app client."""
    entries = pool.settings.get("CognitoIdentityProviders", ())
    clients = {f"{canonical(entry['ProviderName'])}:{entry['ClientId']}" for entry in entries}
    return clients | set(others(pool))
