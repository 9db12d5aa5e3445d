"""Domains of user pools: names on paper, that are unique and described."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito.emulator.operations import domains
from helpers.api import Api

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
INVALID = "InvalidParameterException"


async def make(ask: Api, name: str = "shop", **members: Any) -> dict[str, Any]:
    return await ask("CreateUserPoolDomain", UserPoolId=ask.pool_id, Domain=name, **members)


async def described(ask: Api, name: str = "shop") -> dict[str, Any]:
    found: dict[str, Any] = (await ask("DescribeUserPoolDomain", Domain=name))["DomainDescription"]
    return found


async def test_a_life(ask: Api) -> None:
    pool = {"UserPoolId": ask.pool_id}
    assert await make(ask) == {"ManagedLoginVersion": 1}
    found = await described(ask)
    assert (found["Domain"], found["UserPoolId"], found["Status"]) == ("shop", ask.pool_id, "ACTIVE")
    assert (await ask("DescribeUserPool", **pool))["UserPool"]["Domain"] == "shop"
    assert await ask("UpdateUserPoolDomain", **pool, Domain="shop", ManagedLoginVersion=2) == {
        "ManagedLoginVersion": 2
    }
    assert (await described(ask))["ManagedLoginVersion"] == 2
    # UpdateUserPool resets settings; the domain is not one.
    await ask("UpdateUserPool", **pool)
    assert (await ask("DescribeUserPool", **pool))["UserPool"]["Domain"] == "shop"
    code, text = await ask.refused("DeleteUserPool", **pool)
    assert (code, text) == (
        INVALID,
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    )
    await ask("DeleteUserPoolDomain", **pool, Domain="shop")
    assert "Domain" not in (await ask("DescribeUserPool", **pool))["UserPool"]
    assert await described(ask) == {}
    for operation in ("DeleteUserPoolDomain", "UpdateUserPoolDomain"):
        refused = await ask.refused(operation, **pool, Domain="shop")
        assert refused == (INVALID, "No such domain or user pool exists.")
    await ask("DeleteUserPool", **pool)


async def test_a_domain_is_one_pool_s(ask: Api) -> None:
    await make(ask)
    refused = await ask.refused("CreateUserPoolDomain", UserPoolId=ask.pool_id, Domain="other")
    assert refused == (INVALID, "User pool already has a domain configured.")
    first = ask.pool_id
    await ask.make_pool()
    refused = await ask.refused("CreateUserPoolDomain", UserPoolId=ask.pool_id, Domain="shop")
    assert refused == (INVALID, "Domain already associated with another user pool.")
    refused = await ask.refused("DeleteUserPoolDomain", UserPoolId=ask.pool_id, Domain="shop")
    assert refused == (INVALID, "No such domain or user pool exists.")
    await ask("DeleteUserPoolDomain", UserPoolId=first, Domain="shop")
    await make(ask)


@pytest.mark.parametrize("word", ["aws", "amazon", "cognito"])
async def test_reserved_words(ask: Api, word: str) -> None:
    refused = await ask.refused("CreateUserPoolDomain", UserPoolId=ask.pool_id, Domain=f"my-{word}-shop")
    assert refused == (INVALID, f"Domain cannot contain reserved word: {word}")


@pytest.mark.parametrize("name", ["Shop", "-shop", "shop-", "sh op", "s" * 64])
async def test_malformed_prefixes(ask: Api, name: str) -> None:
    code, text = await ask.refused("CreateUserPoolDomain", UserPoolId=ask.pool_id, Domain=name)
    assert code == INVALID
    assert "Member must satisfy regular expression pattern" in text


async def test_a_domain_of_one_s_own(ask: Api) -> None:
    await make(ask)
    pool = {"UserPoolId": ask.pool_id}
    code, text = await ask.refused("CreateUserPoolDomain", **pool, Domain="auth.example.com")
    assert (code, "auth.example.com" in text) == (INVALID, True)
    made = await make(ask, "auth.example.com", CustomDomainConfig={"CertificateArn": CERTIFICATE})
    assert made == {"ManagedLoginVersion": 1, "CloudFrontDomain": domains.CLOUD_FRONT}
    found = (await ask("DescribeUserPool", **pool))["UserPool"]
    assert (found["Domain"], found["CustomDomain"]) == ("shop", "auth.example.com")
    changed = {"CustomDomainConfig": {"CertificateArn": f"{CERTIFICATE}2"}}
    await ask("UpdateUserPoolDomain", **pool, Domain="auth.example.com", **changed)
    assert (await described(ask, "auth.example.com"))["CustomDomainConfig"] == changed["CustomDomainConfig"]
    code, _ = await ask.refused("UpdateUserPoolDomain", UserPoolId=ask.pool_id, Domain="shop", **changed)
    assert code == INVALID
