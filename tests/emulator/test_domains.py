"""Domains of user pools: names on paper, that are unique and described."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito.emulator.operations import domains
from helpers.api import Api

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
INVALID = "InvalidParameterException"


async def make(api: Api, name: str = "shop", **members: Any) -> dict[str, Any]:
    return await api("CreateUserPoolDomain", UserPoolId=api.pool_id, Domain=name, **members)


async def described(api: Api, name: str = "shop") -> dict[str, Any]:
    found: dict[str, Any] = (await api("DescribeUserPoolDomain", Domain=name))["DomainDescription"]
    return found


async def test_a_life(api: Api) -> None:
    """A domain is created, described and deleted."""
    pool = {"UserPoolId": api.pool_id}
    assert await make(api) == {"ManagedLoginVersion": 1}
    found = await described(api)
    assert (found["Domain"], found["UserPoolId"], found["Status"]) == ("shop", api.pool_id, "ACTIVE")
    assert (await api("DescribeUserPool", **pool))["UserPool"]["Domain"] == "shop"
    assert await api("UpdateUserPoolDomain", **pool, Domain="shop", ManagedLoginVersion=2) == {
        "ManagedLoginVersion": 2
    }
    assert (await described(api))["ManagedLoginVersion"] == 2
    # UpdateUserPool resets settings; the domain is not one.
    await api("UpdateUserPool", **pool)
    assert (await api("DescribeUserPool", **pool))["UserPool"]["Domain"] == "shop"
    code, text = await api.refused("DeleteUserPool", **pool)
    assert (code, text) == (
        INVALID,
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    )
    await api("DeleteUserPoolDomain", **pool, Domain="shop")
    assert "Domain" not in (await api("DescribeUserPool", **pool))["UserPool"]
    assert await described(api) == {}
    for operation in ("DeleteUserPoolDomain", "UpdateUserPoolDomain"):
        refused = await api.refused(operation, **pool, Domain="shop")
        assert refused == (INVALID, "No such domain or user pool exists.")
    await api("DeleteUserPool", **pool)


async def test_a_domain_is_one_pool_s(api: Api) -> None:
    await make(api)
    refused = await api.refused("CreateUserPoolDomain", UserPoolId=api.pool_id, Domain="other")
    assert refused == (INVALID, "User pool already has a domain configured.")
    first = api.pool_id
    await api.make_pool()
    refused = await api.refused("CreateUserPoolDomain", UserPoolId=api.pool_id, Domain="shop")
    assert refused == (INVALID, "Domain already associated with another user pool.")
    refused = await api.refused("DeleteUserPoolDomain", UserPoolId=api.pool_id, Domain="shop")
    assert refused == (INVALID, "No such domain or user pool exists.")
    await api("DeleteUserPoolDomain", UserPoolId=first, Domain="shop")
    await make(api)


@pytest.mark.parametrize("word", ["aws", "amazon", "cognito"])
async def test_reserved_words(api: Api, word: str) -> None:
    """A domain cannot contain AWS's names."""
    refused = await api.refused("CreateUserPoolDomain", UserPoolId=api.pool_id, Domain=f"my-{word}-shop")
    assert refused == (INVALID, f"Domain cannot contain reserved word: {word}")


@pytest.mark.parametrize("name", ["Shop", "-shop", "shop-", "sh op", "s" * 64])
async def test_malformed_prefixes(api: Api, name: str) -> None:
    """A prefix has lower-case letters, digits and dashes."""
    code, text = await api.refused("CreateUserPoolDomain", UserPoolId=api.pool_id, Domain=name)
    assert code == INVALID
    assert "Member must satisfy regular expression pattern" in text


async def test_a_domain_of_one_s_own(api: Api) -> None:
    await make(api)
    pool = {"UserPoolId": api.pool_id}
    assert (await api.refused("CreateUserPoolDomain", **pool, Domain="auth.example.com"))[0] == INVALID
    made = await make(api, "auth.example.com", CustomDomainConfig={"CertificateArn": CERTIFICATE})
    assert made == {"ManagedLoginVersion": 1, "CloudFrontDomain": domains.CLOUD_FRONT}
    found = (await api("DescribeUserPool", **pool))["UserPool"]
    assert (found["Domain"], found["CustomDomain"]) == ("shop", "auth.example.com")
    changed = {"CustomDomainConfig": {"CertificateArn": f"{CERTIFICATE}2"}}
    await api("UpdateUserPoolDomain", **pool, Domain="auth.example.com", **changed)
    assert (await described(api, "auth.example.com"))["CustomDomainConfig"] == changed["CustomDomainConfig"]
    code, _ = await api.refused("UpdateUserPoolDomain", UserPoolId=api.pool_id, Domain="shop", **changed)
    assert code == INVALID
