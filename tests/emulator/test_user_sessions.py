"""User sessions: tracked in pools that say so, listed, limited, and revoked one by one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from helpers.api import Api

OFF = ("OperationNotEnabledException", "User session tracking is not enabled for this user pool.")


async def track(api: Api, tracking: str = "ENABLED", most: int = 20) -> dict[str, Any]:
    return await api(
        "SetUserPoolSessionConfiguration",
        UserPoolId=api.pool_id,
        UserSessionTracking=tracking,
        TokenSession={"MaxPerUser": most},
    )


async def sessions(api: Api, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api("ListUserSessions", AccessToken=tokens["AccessToken"]))[
        "Sessions"
    ]
    return found


async def test_sessions_are_not_tracked_by_default(api: Api) -> None:
    await api.add_user()
    tokens = await api.tokens()
    default = {"UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}}
    found = await api("GetUserPoolSessionConfiguration", UserPoolId=api.pool_id)
    assert found == {"UserPoolId": api.pool_id, **default}
    assert await api.refused("ListUserSessions", AccessToken=tokens["AccessToken"]) == OFF
    session_id = "tkn" + "a" * 25
    members = {"AccessToken": tokens["AccessToken"], "SessionId": session_id}
    assert await api.refused("RevokeUserSession", **members) == OFF


async def test_setting_replaces_the_whole_configuration(api: Api) -> None:
    set_to = {"UserPoolId": api.pool_id, "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 3}}
    assert await track(api, most=3) == set_to
    assert await api("GetUserPoolSessionConfiguration", UserPoolId=api.pool_id) == set_to


async def test_the_lite_plan_does_not_track(empty_api: Api) -> None:
    await empty_api.make_pool(UserPoolTier="LITE")
    members = {"UserPoolId": empty_api.pool_id, "TokenSession": {"MaxPerUser": 2}}
    code, _ = await empty_api.refused(
        "SetUserPoolSessionConfiguration", **members, UserSessionTracking="ENABLED"
    )
    assert code == "FeatureUnavailableInTierException"
    await empty_api("SetUserPoolSessionConfiguration", **members, UserSessionTracking="DISABLED")


async def test_a_user_lists_sessions_and_revokes_another_one(api: Api) -> None:
    await api.add_user()
    await api.tokens()  # before sessions were tracked
    await track(api)
    now = api.state.clock()
    first = await api.tokens()
    api.state.clock.advance(60)
    second = await api.tokens()
    listed = await sessions(api, first)
    assert [(each["CreateDate"], each["IsCurrentSession"]) for each in listed] == [
        (now + 60, False),
        (now, True),
    ]
    assert all(re.fullmatch("tkn[a-z0-9]{25}", each["SessionId"]) for each in listed)
    assert {(each["SessionType"], each["ClientId"]) for each in listed} == {("TOKEN", api.client_id)}
    other, own = (each["SessionId"] for each in listed)

    members = {"AccessToken": first["AccessToken"]}
    code, _ = await api.refused("RevokeUserSession", **members, SessionId=own)
    assert code == "InvalidParameterException"
    assert await api("RevokeUserSession", **members, SessionId=other) == {}
    assert [each["SessionId"] for each in await sessions(api, first)] == [own]
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert await api.refused("GetUser", AccessToken=second["AccessToken"]) == revoked
    members = {"ClientId": api.client_id, "RefreshToken": second["RefreshToken"]}
    assert await api.refused("GetTokensFromRefreshToken", **members) == (
        "NotAuthorizedException",
        "Refresh Token has been revoked",
    )
    code, _ = await api.refused("RevokeUserSession", AccessToken=first["AccessToken"], SessionId=other)
    assert code == "ResourceNotFoundException"


async def test_an_administrator_lists_and_revokes(api: Api) -> None:
    await track(api)
    await api.add_user()
    tokens = await api.tokens()
    (listed,) = (await api.admin("AdminListUserSessions"))["Sessions"]
    assert "IsCurrentSession" not in listed
    await api.admin("AdminRevokeUserSession", SessionId=listed["SessionId"])
    assert (await api.admin("AdminListUserSessions"))["Sessions"] == []
    code, _ = await api.refused("GetUser", AccessToken=tokens["AccessToken"])
    assert code == "NotAuthorizedException"


async def test_a_refresh_is_activity_and_the_least_recently_used_session_goes(api: Api) -> None:
    await track(api, most=2)
    await api.add_user()
    first = await api.tokens()
    api.state.clock.advance(10)
    second = await api.tokens()
    api.state.clock.advance(10)
    await api("GetTokensFromRefreshToken", ClientId=api.client_id, RefreshToken=first["RefreshToken"])
    assert (await sessions(api, first))[0]["LastActiveDate"] == api.state.clock()
    api.state.clock.advance(10)
    third = await api.tokens()
    code, _ = await api.refused("GetUser", AccessToken=second["AccessToken"])
    assert code == "NotAuthorizedException"
    assert len(await sessions(api, third)) == 2
    assert await api("GetUser", AccessToken=first["AccessToken"])


async def test_sessions_end_with_their_refresh_tokens(api: Api) -> None:
    await track(api)
    await api.add_user()
    await api.tokens()
    api.state.clock.advance(30 * 86_400 - 5)
    recent = await api.tokens()
    assert len(await sessions(api, recent)) == 2
    api.state.clock.advance(10)
    assert len(await sessions(api, recent)) == 1


@pytest.mark.parametrize("operation", ["GlobalSignOut"])
async def test_a_global_sign_out_ends_all_sessions(api: Api, operation: str) -> None:
    await track(api)
    await api.add_user()
    tokens = await api.tokens()
    await api(operation, AccessToken=tokens["AccessToken"])
    assert (await api.admin("AdminListUserSessions"))["Sessions"] == []
