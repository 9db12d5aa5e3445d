"""Resource servers, and the scopes that app clients get of them."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import Api

READ = {"ScopeName": "read", "ScopeDescription": "See orders"}
WRITE = {"ScopeName": "write", "ScopeDescription": "Change orders"}
ORDERS = {"Identifier": "orders", "Name": "Orders", "Scopes": [READ, WRITE]}


async def make(ask: Api, **members: Any) -> dict[str, Any]:
    made = await ask("CreateResourceServer", UserPoolId=ask.pool_id, **{**ORDERS, **members})
    server: dict[str, Any] = made["ResourceServer"]
    return server


async def test_a_life(ask: Api) -> None:
    pool = {"UserPoolId": ask.pool_id}
    named = {**pool, "Identifier": "orders"}
    assert await make(ask) == {**pool, **ORDERS}
    assert (await ask("DescribeResourceServer", **named))["ResourceServer"] == {**pool, **ORDERS}
    changed = {**named, "Name": "All orders", "Scopes": [READ]}
    assert (await ask("UpdateResourceServer", **changed))["ResourceServer"] == changed
    assert (await ask("DescribeResourceServer", **named))["ResourceServer"] == changed
    # What is left out goes.
    await ask("UpdateResourceServer", **named, Name="Orders")
    assert (await ask("DescribeResourceServer", **named))["ResourceServer"]["Scopes"] == []
    await ask("DeleteResourceServer", **named)
    for operation, more in (
        ("DescribeResourceServer", {}),
        ("DeleteResourceServer", {}),
        ("UpdateResourceServer", {"Name": "Orders"}),
    ):
        code, text = await ask.refused(operation, **named, **more)
        assert (code, text) == (
            "ResourceNotFoundException",
            "Resource server with identifier orders does not exist.",
        )


async def test_a_list_in_pages(ask: Api) -> None:
    for number in range(3):
        await make(ask, Identifier=f"s{number}")
    pool = {"UserPoolId": ask.pool_id}
    first = await ask("ListResourceServers", **pool, MaxResults=2)
    assert [server["Identifier"] for server in first["ResourceServers"]] == ["s0", "s1"]
    rest = await ask("ListResourceServers", **pool, NextToken=first["NextToken"])
    assert [server["Identifier"] for server in rest["ResourceServers"]] == ["s2"]
    assert "NextToken" not in rest


async def test_nothing_twice(ask: Api) -> None:
    await make(ask)
    pool = {"UserPoolId": ask.pool_id}
    code, text = await ask.refused("CreateResourceServer", **pool, **ORDERS)
    assert code == "InvalidParameterException"
    assert "orders already exists" in text
    twice = {**ORDERS, "Identifier": "other", "Scopes": [READ, READ]}
    code, _ = await ask.refused("CreateResourceServer", **pool, **twice)
    assert code == "InvalidParameterException"


async def test_two_pools_have_nothing_in_common(ask: Api) -> None:
    await make(ask)
    await ask.make_pool()
    assert (await ask("ListResourceServers", UserPoolId=ask.pool_id))["ResourceServers"] == []
    assert await make(ask)


@pytest.mark.parametrize(
    "members", [{"Identifier": "with space"}, {"Scopes": [{"ScopeName": "a/b", "ScopeDescription": "x"}]}]
)
async def test_the_model_s_limits(ask: Api, members: dict[str, Any]) -> None:
    code, text = await ask.refused("CreateResourceServer", UserPoolId=ask.pool_id, **{**ORDERS, **members})
    assert code == "InvalidParameterException"
    assert text.startswith("1 validation error detected")
