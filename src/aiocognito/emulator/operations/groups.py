"""Groups and their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ApiError, invalid_parameter, not_found
from ..groups import Group
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from .admin_users import described

# Recorded (Tokens of pages of groups): two messages.
_INVALID = "Provided pagination token is invalid. Check the token and try your request again."
_INVALID_MARKER = "Paging marker is invalid."
_STORE = "com.amazonaws.services.identitystoreservice"
_STORE_DETAILS = "Service: AWSIdentityStoreService; Status Code: 400; Error Code: ValidationException"
_MEMBERS = {"Description": "description", "RoleArn": "role_arn", "Precedence": "precedence"}


@operation("CreateGroup")
async def create_group(context: RequestContext) -> dict[str, Any]:
    """Create a group."""
    given = context.members
    pool = context.pool
    name = given["GroupName"]
    if name in pool.groups:
        raise ApiError("GroupExistsException", "A group with the name already exists.")
    now = context.state.clock()
    group = Group(name, now, now, **{_MEMBERS[key]: given[key] for key in _MEMBERS if key in given})
    pool.groups[name] = group
    return {"Group": group.describe(pool.id)}


@operation("GetGroup")
async def get_group(context: RequestContext) -> dict[str, Any]:
    """Describe a group."""
    pool = context.pool
    return {"Group": _group(pool, context.members["GroupName"]).describe(pool.id)}


@operation("UpdateGroup")
async def update_group(context: RequestContext) -> dict[str, Any]:
    """Update the given members of a group."""
    given = context.members
    pool = context.pool
    group = _group(pool, given["GroupName"])
    # Recorded (Groups): an empty description changes nothing, and the time only if something is named.
    named = {member: given[member] for member in _MEMBERS if given.get(member) not in (None, "")}
    for member, value in named.items():
        setattr(group, _MEMBERS[member], value)
    if named:
        group.modified = context.state.clock()
    return {"Group": group.describe(pool.id)}


@operation("DeleteGroup")
async def delete_group(context: RequestContext) -> dict[str, Any]:
    """Delete a group; its members stay."""
    pool = context.pool
    name = _group(pool, context.members["GroupName"]).name
    del pool.groups[name]
    for user in pool.users:
        if name in user.groups:
            user.groups.remove(name)
    return {}


@operation("ListGroups")
async def list_groups(context: RequestContext) -> dict[str, Any]:
    """List a pool's groups."""
    pool = context.pool
    groups = [group.describe(pool.id) for group in pool.groups.values()]
    return _page(context, groups, "Groups", _INVALID)


@operation("ListUsersInGroup")
async def list_users_in_group(context: RequestContext) -> dict[str, Any]:
    """List the members of a group."""
    pool = context.pool
    name = _group(pool, context.members["GroupName"]).name
    members = [described(user) for user in pool.users if name in user.groups]
    return _page(context, members, "Users", _INVALID_MARKER)


@operation("AdminAddUserToGroup")
async def admin_add_user_to_group(context: RequestContext) -> dict[str, Any]:
    """Add a user to a group."""
    pool, user = context.pool_and_user()
    name = _group(pool, context.members["GroupName"]).name
    if name not in user.groups:
        user.groups.append(name)
    return {}


@operation("AdminRemoveUserFromGroup")
async def admin_remove_user_from_group(context: RequestContext) -> dict[str, Any]:
    """Remove a user from a group."""
    _pool, user = context.pool_and_user()
    # Recorded (Groups): also a user who is not a member, and a group that does not exist.
    if context.members["GroupName"] in user.groups:
        user.groups.remove(context.members["GroupName"])
    return {}


@operation("AdminListGroupsForUser")
async def admin_list_groups_for_user(context: RequestContext) -> dict[str, Any]:
    """List the groups that a user is in."""
    pool, user = context.pool_and_user()
    groups = [group.describe(pool.id) for group in pool.groups_of(user)]
    return _page(context, groups, "Groups", _INVALID)


# Recorded (Groups): a limit of 0 is refused, though the service model allows it.
def _page(context: RequestContext, items: Sequence[Any], member: str, invalid: str) -> dict[str, Any]:
    if context.members.get("Limit") == 0:
        text = context.state.assumptions.limit_of_no_groups_message
        if member == "Users":
            # Users are listed by another service, whose error is in the message.
            details = f"{_STORE_DETAILS}; Request ID: {context.state.random.uuid()}; Proxy: null"
            text = f"{_STORE}.model.ValidationException: {text} ({details})"
        raise invalid_parameter(text)
    return context.page(items, member, limit="Limit", invalid=invalid)


def _group(pool: UserPool, name: str) -> Group:
    if name not in pool.groups:
        raise not_found("Group not found.")
    return pool.groups[name]
