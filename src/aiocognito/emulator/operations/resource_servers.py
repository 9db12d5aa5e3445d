"""Resource servers: the APIs that tokens are for, and their scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import invalid_parameter, not_found
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext


@operation("CreateResourceServer")
async def create_resource_server(context: RequestContext) -> dict[str, Any]:
    """Create a resource server."""
    pool = context.pool
    identifier = context.members["Identifier"]
    if identifier in pool.resource_servers:
        raise invalid_parameter(f"Resource server with identifier {identifier} already exists.")
    return {"ResourceServer": _put(pool, context.members)}


@operation("DescribeResourceServer")
async def describe_resource_server(context: RequestContext) -> dict[str, Any]:
    """Describe a resource server."""
    pool = context.pool
    return {"ResourceServer": _server(pool, context.members["Identifier"])}


@operation("UpdateResourceServer")
async def update_resource_server(context: RequestContext) -> dict[str, Any]:
    """Replace a resource server's name and scopes."""
    pool = context.pool
    _server(pool, context.members["Identifier"])
    return {"ResourceServer": _put(pool, context.members)}


@operation("DeleteResourceServer")
async def delete_resource_server(context: RequestContext) -> dict[str, Any]:
    """Delete a resource server; app clients keep the names of its scopes."""
    pool = context.pool
    _server(pool, context.members["Identifier"])
    del pool.resource_servers[context.members["Identifier"]]
    return {}


@operation("ListResourceServers")
async def list_resource_servers(context: RequestContext) -> dict[str, Any]:
    """List a pool's resource servers."""
    pool = context.pool
    return context.page(list(pool.resource_servers.values()), "ResourceServers", most=50)


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
