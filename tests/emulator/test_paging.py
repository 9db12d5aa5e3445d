"""Pages by key: deleting what was listed, tokens of other queries, attributes to get, and filters."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from aiocognito.emulator.errors import ApiError
from aiocognito.emulator.paging import page
from helpers.api import Api

NOT_THERE = ("InvalidParameterException", "One or more requested attributes do not exist.")
INVALID = ("InvalidParameterException", "Invalid pagination token given.")
# Captured: two lists of groups, and the users of a group.
OF_GROUPS = "Provided pagination token is invalid. Check the token and try your request again."
TEXTS = {
    "ListGroups": OF_GROUPS,
    "AdminListGroupsForUser": OF_GROUPS,
    "ListUsersInGroup": "Paging marker is invalid.",
}


async def users(api: Api, **members: Any) -> dict[str, Any]:
    return await api("ListUsers", UserPoolId=api.pool_id, **members)


async def add(api: Api, *names: str, **attributes: str) -> None:
    entries = [{"Name": name, "Value": value} for name, value in attributes.items()]
    for name in names:
        await api.admin("AdminCreateUser", name, MessageAction="SUPPRESS", UserAttributes=entries)


@pytest.mark.parametrize("kept", [0, 1, 2])
async def test_a_loop_that_deletes_what_it_lists_reaches_every_user(api: Api, kept: int) -> None:
    names = [f"user{number:02}" for number in range(11)]
    await add(api, *names)
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = await users(api, Limit=3, **token)
        found = [user["Username"] for user in answer["Users"]]
        seen += found
        for name in found[kept:]:
            await api.admin("AdminDeleteUser", name)
        if "PaginationToken" not in answer:
            break
        token = {"PaginationToken": answer["PaginationToken"]}
    assert seen == names


async def test_the_next_user_and_the_last_one_may_be_gone(api: Api) -> None:
    await add(api, *"abcdef")
    token = (await users(api, Limit=2))["PaginationToken"]
    for name in "abc":
        await api.admin("AdminDeleteUser", name)
    left = (await users(api, PaginationToken=token))["Users"]
    assert [user["Username"] for user in left] == ["d", "e", "f"]


async def test_a_token_holds_the_key_of_the_next_user(api: Api) -> None:
    await add(api, "a", "b")
    token = (await users(api, Limit=1))["PaginationToken"]
    assert json.loads(base64.urlsafe_b64decode(token))["nextKey"] == "b"


async def test_a_token_of_another_query_is_refused(api: Api) -> None:
    await add(api, "a", "b", "c")
    token = (await users(api, Limit=1))["PaginationToken"]
    members = {"UserPoolId": api.pool_id, "PaginationToken": token}
    assert await api.refused("ListUsers", **members, Filter='username ^= "a"') == INVALID
    assert await api.refused("ListUserPools", MaxResults=1, NextToken=token) == INVALID
    for group in ("one", "two"):
        await api("CreateGroup", UserPoolId=api.pool_id, GroupName=group)
        for name in "ab":
            await api.admin("AdminAddUserToGroup", name, GroupName=group)
    listed = await api("ListUsersInGroup", UserPoolId=api.pool_id, GroupName="one", Limit=1)
    members = {"UserPoolId": api.pool_id, "GroupName": "two", "NextToken": listed["NextToken"]}
    assert await api.refused("ListUsersInGroup", **members) == (INVALID[0], TEXTS["ListUsersInGroup"])
    members["NextToken"] = "invalid"
    assert await api.refused("ListUsersInGroup", **members) == (INVALID[0], TEXTS["ListUsersInGroup"])


async def make_all(api: Api, pool_id: str) -> None:
    """Make two of everything that is listed by user pool."""
    pool = {"UserPoolId": pool_id}
    saml = {"ProviderType": "SAML", "ProviderDetails": {"MetadataURL": "https://idp.example.com/m"}}
    for name in ("one", "two"):
        await api("CreateGroup", **pool, GroupName=name)
        await api("CreateUserPoolClient", **pool, ClientName=name)
        await api("CreateResourceServer", **pool, Identifier=name, Name=name)
        await api("CreateIdentityProvider", **pool, ProviderName=f"idp-{name}", **saml)
        await api("AdminCreateUser", **pool, Username=name, MessageAction="SUPPRESS")
        for group in ("one", "two"):
            if group <= name:
                await api("AdminAddUserToGroup", **pool, Username="one", GroupName=group)


@pytest.mark.parametrize(
    ("operation", "limit", "more"),
    [
        ("ListGroups", "Limit", {}),
        ("AdminListGroupsForUser", "Limit", {"Username": "one"}),
        ("ListUserPoolClients", "MaxResults", {}),
        ("ListResourceServers", "MaxResults", {}),
        ("ListIdentityProviders", "MaxResults", {}),
    ],
)
async def test_a_token_of_another_user_pool_is_refused(
    api: Api, operation: str, limit: str, more: dict[str, str]
) -> None:
    first = api.pool_id
    await make_all(api, first)
    await api.make_pool()
    await make_all(api, api.pool_id)
    listed = await api(operation, UserPoolId=first, **more, **{limit: 1})
    following = {**more, "NextToken": listed["NextToken"]}
    refused = await api.refused(operation, UserPoolId=api.pool_id, **following)
    assert refused == (INVALID[0], TEXTS.get(operation, INVALID[1]))
    assert set(await api(operation, UserPoolId=first, **following)) == set(listed) - {"NextToken"}


@pytest.mark.parametrize("change", [{"position": "1"}, {"nextKey": None}, {"query": "x"}])
def test_a_token_that_was_changed_is_refused(change: dict[str, Any]) -> None:
    token = page([1, 2, 3], "Items", None, 1, "Token")["Token"]
    named = {**json.loads(base64.urlsafe_b64decode(token)), **change}
    forged = base64.urlsafe_b64encode(json.dumps(named).encode()).decode()
    with pytest.raises(ApiError, match="Invalid pagination token"):
        page([1, 2, 3], "Items", forged, 1, "Token")
    assert page([1, 2, 3], "Items", token, 1, "Token")["Items"] == [2]


async def test_attributes_to_get(api: Api) -> None:
    """ListUsers returns only the requested attributes."""
    await add(api, "a", name="Ana", nickname="A")
    await add(api, "b", name="Ben")
    answer = await users(api, AttributesToGet=["name", "sub"])
    assert [[each["Name"] for each in user["Attributes"]] for user in answer["Users"]] == [
        ["name", "sub"]
    ] * 2
    members = {"UserPoolId": api.pool_id, "AttributesToGet": ["nickname"]}
    assert await api.refused("ListUsers", **members) == NOT_THERE
    assert len((await users(api, AttributesToGet=["nickname"], Filter='username = "a"'))["Users"]) == 1
    members = {"UserPoolId": api.pool_id, "AttributesToGet": ["custom:nope"], "Filter": 'username = "none"'}
    assert await api.refused("ListUsers", **members) == NOT_THERE


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('username = "ana"', 1),
        ('username = "ANA"', 0),
        ('username ^= "An"', 0),
        ('status = "Enabled"', 1),
        ('status = "enabled"', 0),
        ('name = "ANA"', 1),
        ('cognito:user_status = "force_change_password"', 1),
    ],
)
async def test_filters_and_case(api: Api, text: str, count: int) -> None:
    """Filters compare as Cognito does."""
    await add(api, "ana", name="Ana")
    assert len((await users(api, Filter=text))["Users"]) == count
