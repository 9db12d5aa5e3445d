"""Resource servers: the APIs that tokens are for, and their scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import invalid_parameter, not_found
from ..paging import page
from ..pool import UserPool
from ..state import EmulatorState


async def CreateResourceServer(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Create a resource server."""
    pool = world.pool(given["UserPoolId"])
    identifier = given["Identifier"]
    if identifier in pool.resource_servers:
        raise invalid_parameter(f"Resource server with identifier {identifier} already exists.")
    return {"ResourceServer": _put(pool, given)}


async def DescribeResourceServer(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a resource server."""
    pool = world.pool(given["UserPoolId"])
    return {"ResourceServer": _server(pool, given["Identifier"])}


async def UpdateResourceServer(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Replace a resource server's name and scopes."""
    pool = world.pool(given["UserPoolId"])
    _server(pool, given["Identifier"])
    return {"ResourceServer": _put(pool, given)}


async def DeleteResourceServer(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Delete a resource server; clients that have its scopes go on having names that mean nothing."""
    pool = world.pool(given["UserPoolId"])
    _server(pool, given["Identifier"])
    del pool.resource_servers[given["Identifier"]]
    return {}


async def ListResourceServers(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List a pool's resource servers."""
    pool = world.pool(given["UserPoolId"])
    servers = list(pool.resource_servers.values())
    return page(servers, "ResourceServers", given.get("NextToken"), given.get("MaxResults"), "NextToken")


def _put(pool: UserPool, given: Mapping[str, Any]) -> dict[str, Any]:
    scopes = given.get("Scopes", [])
    names = [scope["ScopeName"] for scope in scopes]
    if len(set(names)) != len(names):
        raise invalid_parameter("A scope is given twice.")
    server = {
        "UserPoolId": pool.id,
        "Identifier": given["Identifier"],
        "Name": given["Name"],
        "Scopes": scopes,
    }
    pool.resource_servers[given["Identifier"]] = server
    return server


def _server(pool: UserPool, identifier: str) -> dict[str, Any]:
    if identifier not in pool.resource_servers:
        raise not_found(f"Resource server with identifier {identifier} does not exist.")
    return pool.resource_servers[identifier]
