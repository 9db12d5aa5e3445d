"""User sessions: tracked in pools that say so, listed, limited, and revoked one by one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from helpers.api import Api

OFF = ("OperationNotEnabledException", "User session tracking is not enabled for this user pool.")


async def track(ask: Api, tracking: str = "ENABLED", most: int = 20) -> dict[str, Any]:
    return await ask(
        "SetUserPoolSessionConfiguration",
        UserPoolId=ask.pool_id,
        UserSessionTracking=tracking,
        TokenSession={"MaxPerUser": most},
    )


async def sessions(ask: Api, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask("ListUserSessions", AccessToken=tokens["AccessToken"]))[
        "Sessions"
    ]
    return found


async def test_sessions_are_not_tracked_by_default(ask: Api) -> None:
    await ask.add_user()
    tokens = await ask.tokens()
    default = {"UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}}
    found = await ask("GetUserPoolSessionConfiguration", UserPoolId=ask.pool_id)
    assert found == {"UserPoolId": ask.pool_id, **default}
    assert await ask.refused("ListUserSessions", AccessToken=tokens["AccessToken"]) == OFF
    session_id = "tkn" + "a" * 25
    members = {"AccessToken": tokens["AccessToken"], "SessionId": session_id}
    assert await ask.refused("RevokeUserSession", **members) == OFF


async def test_setting_replaces_the_whole_configuration(ask: Api) -> None:
    set_to = {"UserPoolId": ask.pool_id, "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 3}}
    assert await track(ask, most=3) == set_to
    assert await ask("GetUserPoolSessionConfiguration", UserPoolId=ask.pool_id) == set_to


async def test_the_lite_plan_does_not_track(blank: Api) -> None:
    await blank.make_pool(UserPoolTier="LITE")
    members = {"UserPoolId": blank.pool_id, "TokenSession": {"MaxPerUser": 2}}
    code, _ = await blank.refused("SetUserPoolSessionConfiguration", **members, UserSessionTracking="ENABLED")
    assert code == "FeatureUnavailableInTierException"
    await blank("SetUserPoolSessionConfiguration", **members, UserSessionTracking="DISABLED")


async def test_a_user_lists_sessions_and_revokes_another_one(ask: Api) -> None:
    await ask.add_user()
    await ask.tokens()  # before sessions were tracked
    await track(ask)
    now = ask.state.clock()
    first = await ask.tokens()
    ask.state.clock.advance(60)
    second = await ask.tokens()
    listed = await sessions(ask, first)
    assert [(each["CreateDate"], each["IsCurrentSession"]) for each in listed] == [
        (now + 60, False),
        (now, True),
    ]
    assert all(re.fullmatch("tkn[a-z0-9]{25}", each["SessionId"]) for each in listed)
    assert {(each["SessionType"], each["ClientId"]) for each in listed} == {("TOKEN", ask.client_id)}
    other, own = (each["SessionId"] for each in listed)

    members = {"AccessToken": first["AccessToken"]}
    code, _ = await ask.refused("RevokeUserSession", **members, SessionId=own)
    assert code == "InvalidParameterException"
    assert await ask("RevokeUserSession", **members, SessionId=other) == {}
    assert [each["SessionId"] for each in await sessions(ask, first)] == [own]
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert await ask.refused("GetUser", AccessToken=second["AccessToken"]) == revoked
    members = {"ClientId": ask.client_id, "RefreshToken": second["RefreshToken"]}
    assert await ask.refused("GetTokensFromRefreshToken", **members) == (
        "NotAuthorizedException",
        "Refresh Token has been revoked",
    )
    code, _ = await ask.refused("RevokeUserSession", AccessToken=first["AccessToken"], SessionId=other)
    assert code == "ResourceNotFoundException"


async def test_an_administrator_lists_and_revokes(ask: Api) -> None:
    await track(ask)
    await ask.add_user()
    tokens = await ask.tokens()
    (listed,) = (await ask.admin("AdminListUserSessions"))["Sessions"]
    assert "IsCurrentSession" not in listed
    await ask.admin("AdminRevokeUserSession", SessionId=listed["SessionId"])
    assert (await ask.admin("AdminListUserSessions"))["Sessions"] == []
    code, _ = await ask.refused("GetUser", AccessToken=tokens["AccessToken"])
    assert code == "NotAuthorizedException"


async def test_a_refresh_is_activity_and_the_least_recently_used_session_goes(ask: Api) -> None:
    await track(ask, most=2)
    await ask.add_user()
    first = await ask.tokens()
    ask.state.clock.advance(10)
    second = await ask.tokens()
    ask.state.clock.advance(10)
    await ask("GetTokensFromRefreshToken", ClientId=ask.client_id, RefreshToken=first["RefreshToken"])
    assert (await sessions(ask, first))[0]["LastActiveDate"] == ask.state.clock()
    ask.state.clock.advance(10)
    third = await ask.tokens()
    code, _ = await ask.refused("GetUser", AccessToken=second["AccessToken"])
    assert code == "NotAuthorizedException"
    assert len(await sessions(ask, third)) == 2
    assert await ask("GetUser", AccessToken=first["AccessToken"])


async def test_sessions_end_with_their_refresh_tokens(ask: Api) -> None:
    await track(ask)
    await ask.add_user()
    await ask.tokens()
    ask.state.clock.advance(30 * 86_400 - 5)
    recent = await ask.tokens()
    assert len(await sessions(ask, recent)) == 2
    ask.state.clock.advance(10)
    assert len(await sessions(ask, recent)) == 1


@pytest.mark.parametrize("operation", ["GlobalSignOut"])
async def test_a_global_sign_out_ends_all_sessions(ask: Api, operation: str) -> None:
    await track(ask)
    await ask.add_user()
    tokens = await ask.tokens()
    await ask(operation, AccessToken=tokens["AccessToken"])
    assert (await ask.admin("AdminListUserSessions"))["Sessions"] == []
