"""Domains of hosted UIs. The emulator stores them, and serves all pools at its own address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .. import tiers
from ..account import ACCOUNT
from ..errors import invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext

CLOUD_FRONT: Final = "d111111abcdef8.cloudfront.net"
# Recorded (Domains): reserved words, also between hyphens; a longer word can contain one.
_RESERVED: Final = ("aws", "amazon", "cognito")
_GIVEN: Final = ("ManagedLoginVersion", "CustomDomainConfig", "Routing")
_CLASSIC: Final = 1


@operation("CreateUserPoolDomain")
async def create_user_pool_domain(context: RequestContext) -> dict[str, Any]:
    """Create a domain of a pool: a prefix of Amazon's domain, or a custom domain with a certificate."""
    given = context.members
    pool = context.pool
    name = given["Domain"]
    own = "CustomDomainConfig" in given
    if not own:
        _check_prefix(name)
    elif "." not in name:
        raise invalid_parameter("Custom domain is not a valid subdomain")
    _check_tier(pool, given)
    if any(name in found.domains for found in context.state.pools.values()):
        raise invalid_parameter("Domain already associated with another user pool.")
    if any(("CustomDomainConfig" in domain) == own for domain in pool.domains.values()):
        raise invalid_parameter("User pool already has a domain configured.")
    pool.domains[name] = {
        "UserPoolId": pool.id,
        "AWSAccountId": ACCOUNT,
        "Domain": name,
        "CloudFrontDistribution": CLOUD_FRONT,
        "Version": "1",
        "Status": "ACTIVE",
        "ManagedLoginVersion": _CLASSIC,
        **{member: given[member] for member in _GIVEN if member in given},
    }
    return _answer(pool.domains[name])


@operation("DescribeUserPoolDomain")
async def describe_user_pool_domain(context: RequestContext) -> dict[str, Any]:
    """Describe a domain; the description of an unused one is empty."""
    for pool in context.state.pools.values():
        if context.members["Domain"] in pool.domains:
            return {"DomainDescription": pool.domains[context.members["Domain"]]}
    return {"DomainDescription": {}}


@operation("UpdateUserPoolDomain")
async def update_user_pool_domain(context: RequestContext) -> dict[str, Any]:
    """Change a domain's certificate or the version of its pages."""
    given = context.members
    domain = _domain(context.pool, given["Domain"])
    if "CustomDomainConfig" in given and "CustomDomainConfig" not in domain:
        raise invalid_parameter("A prefix domain has no certificate.")
    _check_tier(context.pool, given)
    domain.update({member: given[member] for member in _GIVEN if member in given})
    return _answer(domain)


@operation("DeleteUserPoolDomain")
async def delete_user_pool_domain(context: RequestContext) -> dict[str, Any]:
    """Delete a domain of a pool."""
    pool = context.pool
    _domain(pool, context.members["Domain"])
    del pool.domains[context.members["Domain"]]
    return {}


def described(pool: UserPool) -> dict[str, str]:
    """Return UserPoolType's ``Domain`` and ``CustomDomain``."""
    return {
        "CustomDomain" if "CustomDomainConfig" in domain else "Domain": name
        for name, domain in pool.domains.items()
    }


def _check_tier(pool: UserPool, given: Mapping[str, Any]) -> None:
    tier = pool.settings["UserPoolTier"]
    if tier == tiers.LITE and given.get("ManagedLoginVersion", _CLASSIC) > _CLASSIC:
        raise tiers.unavailable(tier, tiers.MANAGED_LOGIN)


def _check_prefix(name: str) -> None:
    if "." in name:
        raise invalid_parameter(
            "The domain name contains an invalid character. Domain names can only contain lower-case "
            "letters, numbers, and hyphens.",
            why="a custom domain needs CustomDomainConfig",
        )
    for word in _RESERVED:
        if word in name.split("-"):
            raise invalid_parameter(f"Domain cannot contain reserved word: {word}")


def _domain(pool: UserPool, name: str) -> dict[str, Any]:
    if name not in pool.domains:
        raise invalid_parameter("No such domain or user pool exists.")
    return pool.domains[name]


def _answer(domain: Mapping[str, Any]) -> dict[str, Any]:
    answer = {member: domain[member] for member in ("ManagedLoginVersion", "Routing") if member in domain}
    if "CustomDomainConfig" in domain:
        answer["CloudFrontDomain"] = CLOUD_FRONT
    return answer
