"""Resource servers, and the scopes that app clients get of them."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import Api

READ = {"ScopeName": "read", "ScopeDescription": "See orders"}
WRITE = {"ScopeName": "write", "ScopeDescription": "Change orders"}
ORDERS = {"Identifier": "orders", "Name": "Orders", "Scopes": [READ, WRITE]}


async def make(api: Api, **members: Any) -> dict[str, Any]:
    made = await api("CreateResourceServer", UserPoolId=api.pool_id, **{**ORDERS, **members})
    server: dict[str, Any] = made["ResourceServer"]
    return server


async def test_a_life(api: Api) -> None:
    """A resource server is created, changed, described and deleted."""
    pool = {"UserPoolId": api.pool_id}
    named = {**pool, "Identifier": "orders"}
    assert await make(api) == {**pool, **ORDERS}
    assert (await api("DescribeResourceServer", **named))["ResourceServer"] == {**pool, **ORDERS}
    changed = {**named, "Name": "All orders", "Scopes": [READ]}
    assert (await api("UpdateResourceServer", **changed))["ResourceServer"] == changed
    assert (await api("DescribeResourceServer", **named))["ResourceServer"] == changed
    # What is left out goes.
    await api("UpdateResourceServer", **named, Name="Orders")
    assert (await api("DescribeResourceServer", **named))["ResourceServer"]["Scopes"] == []
    await api("DeleteResourceServer", **named)
    for operation, more in (
        ("DescribeResourceServer", {}),
        ("DeleteResourceServer", {}),
        ("UpdateResourceServer", {"Name": "Orders"}),
    ):
        code, text = await api.refused(operation, **named, **more)
        assert (code, text) == (
            "ResourceNotFoundException",
            "Resource server with identifier orders does not exist.",
        )


async def test_a_list_in_pages(api: Api) -> None:
    for number in range(3):
        await make(api, Identifier=f"s{number}")
    pool = {"UserPoolId": api.pool_id}
    first = await api("ListResourceServers", **pool, MaxResults=2)
    assert [server["Identifier"] for server in first["ResourceServers"]] == ["s0", "s1"]
    rest = await api("ListResourceServers", **pool, NextToken=first["NextToken"])
    assert [server["Identifier"] for server in rest["ResourceServers"]] == ["s2"]
    assert "NextToken" not in rest


async def test_nothing_twice(api: Api) -> None:
    """An identifier and a scope name can be used once."""
    await make(api)
    pool = {"UserPoolId": api.pool_id}
    code, text = await api.refused("CreateResourceServer", **pool, **ORDERS)
    assert code == "InvalidParameterException"
    assert "orders already exists" in text
    twice = {**ORDERS, "Identifier": "other", "Scopes": [READ, READ]}
    code, _ = await api.refused("CreateResourceServer", **pool, **twice)
    assert code == "InvalidParameterException"


async def test_two_pools_have_nothing_in_common(api: Api) -> None:
    await make(api)
    await api.make_pool()
    assert (await api("ListResourceServers", UserPoolId=api.pool_id))["ResourceServers"] == []
    assert await make(api)


@pytest.mark.parametrize(
    "members", [{"Identifier": "with space"}, {"Scopes": [{"ScopeName": "a/b", "ScopeDescription": "x"}]}]
)
async def test_the_model_s_limits(api: Api, members: dict[str, Any]) -> None:
    code, text = await api.refused("CreateResourceServer", UserPoolId=api.pool_id, **{**ORDERS, **members})
    assert code == "InvalidParameterException"
    assert text.startswith("1 validation error detected")
