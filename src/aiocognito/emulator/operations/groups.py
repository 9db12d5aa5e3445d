"""Groups, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ApiError, not_found
from ..groups import Group
from ..paging import page
from ..pool import UserPool
from ..state import EmulatorState
from .admin_users import described, named

_MEMBERS = {"Description": "description", "RoleArn": "role_arn", "Precedence": "precedence"}


async def CreateGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Create a group."""
    pool = world.pool(given["UserPoolId"])
    name = given["GroupName"]
    if name in pool.groups:
        raise ApiError("GroupExistsException", "A group with the name already exists.")
    now = world.clock()
    group = Group(name, now, now, **{_MEMBERS[key]: given[key] for key in _MEMBERS if key in given})
    pool.groups[name] = group
    return {"Group": group.describe(pool.id)}


async def GetGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a group."""
    pool = world.pool(given["UserPoolId"])
    return {"Group": _group(pool, given["GroupName"]).describe(pool.id)}


async def UpdateGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given of a group."""
    pool = world.pool(given["UserPoolId"])
    group = _group(pool, given["GroupName"])
    for member, name in _MEMBERS.items():
        if member in given:
            setattr(group, name, given[member])
    group.modified = world.clock()
    return {"Group": group.describe(pool.id)}


async def DeleteGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Delete a group; its members stay."""
    pool = world.pool(given["UserPoolId"])
    name = _group(pool, given["GroupName"]).name
    del pool.groups[name]
    for user in pool.users:
        if name in user.groups:
            user.groups.remove(name)
    return {}


async def ListGroups(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List a pool's groups."""
    pool = world.pool(given["UserPoolId"])
    groups = [group.describe(pool.id) for group in pool.groups.values()]
    return page(groups, "Groups", given.get("NextToken"), given.get("Limit"), "NextToken")


async def ListUsersInGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List the members of a group."""
    pool = world.pool(given["UserPoolId"])
    name = _group(pool, given["GroupName"]).name
    members = [described(user) for user in pool.users if name in user.groups]
    return page(members, "Users", given.get("NextToken"), given.get("Limit"), "NextToken")


async def AdminAddUserToGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put a user into a group."""
    pool, user = named(world, given)
    name = _group(pool, given["GroupName"]).name
    if name not in user.groups:
        user.groups.append(name)
    return {}


async def AdminRemoveUserFromGroup(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take a user out of a group."""
    pool, user = named(world, given)
    name = _group(pool, given["GroupName"]).name
    if name in user.groups:
        user.groups.remove(name)
    return {}


async def AdminListGroupsForUser(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List the groups that a user is in."""
    pool, user = named(world, given)
    groups = [group.describe(pool.id) for group in pool.groups_of(user)]
    return page(groups, "Groups", given.get("NextToken"), given.get("Limit"), "NextToken")


def _group(pool: UserPool, name: str) -> Group:
    if name not in pool.groups:
        raise not_found("Group not found.")
    return pool.groups[name]
