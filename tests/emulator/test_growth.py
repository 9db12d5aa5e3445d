"""Requests take no longer with many user pools, users and sign-ins: they look at those that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.expiry import drop_expired
from aiocognito.emulator.hosted_ui_state import Session
from aiocognito.emulator.pool import UserPool
from aiocognito.emulator.shelf import Shelf
from aiocognito.emulator.state import EmulatorState
from aiocognito.emulator.token_store import TokenStore
from aiocognito.emulator.users import Directory
from helpers.api import EMAIL, PASSWORD, Api, Refused


def _raise(*_arguments: object) -> NoReturn:
    raise AssertionError("the request looks at all entries")


refuse: Any = _raise  # in place of methods of any type


class Unwalked(dict[Any, Any]):
    """A dictionary in which entries are found by their keys only."""

    __iter__ = values = items = refuse


class UnwalkedShelf(Shelf[Any, Any]):
    values = items = refuse


@contextmanager
def unwalked(state: EmulatorState, pool: UserPool, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every look at all pools, users, grants and refresh tokens fail in the block."""
    with monkeypatch.context() as patches:
        patches.setattr(state, "pools", Unwalked(state.pools))
        patches.setattr(Directory, "__iter__", refuse)
        tokens: TokenStore = pool.tokens
        patches.setattr(tokens, "grants", UnwalkedShelf(dict.items(tokens.grants)))
        patches.setattr(tokens, "_refresh", UnwalkedShelf(dict.items(tokens._refresh)))
        yield


async def test_requests_of_one_user(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.pool.settings["DeviceConfiguration"] = {"ChallengeRequiredOnNewDevice": True}
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 2}}
    await api("SetUserPoolSessionConfiguration", UserPoolId=api.pool_id, **tracking)
    await api.add_user("ana", PASSWORD, email=EMAIL)
    arn = (await api("DescribeUserPool", UserPoolId=api.pool_id))["UserPool"]["Arn"]
    api.pool.providers["Corp"] = {
        "ProviderName": "Corp",
        "ProviderType": "OIDC",
        "AttributeMapping": {"email": "email"},
    }
    source = {"ProviderName": "Corp", "ProviderAttributeName": "Cognito_Subject"}
    link = {
        "UserPoolId": api.pool_id,
        "DestinationUser": {"ProviderName": "Cognito", "ProviderAttributeValue": "ana"},
    }
    # The first search builds the index, and the first request finds the app client.
    await api("AdminLinkProviderForUser", SourceUser={**source, "ProviderAttributeValue": "1"}, **link)
    await api.begin()
    with unwalked(api.state, api.pool, monkeypatch):
        await api.begin()
        await api.begin()
        token = {"AccessToken": (await api.begin())["AuthenticationResult"]["AccessToken"]}
        assert (await api("GetUser", **token))["Username"] == "ana"
        assert len((await api("ListUserSessions", **token))["Sessions"]) == 2
        await api("ListTagsForResource", ResourceArn=arn)
        await api("AdminLinkProviderForUser", SourceUser={**source, "ProviderAttributeValue": "2"}, **link)
        unlinked = {"UserPoolId": api.pool_id, "User": {**source, "ProviderAttributeValue": "1"}}
        await api("AdminDisableProviderForUser", **unlinked)
        assert (await api.refused("AdminDisableProviderForUser", **unlinked))[0] == "UserNotFoundException"
        await api("GlobalSignOut", **token)
        with pytest.raises(Refused):
            await api("GetUser", **token)


async def test_what_is_found_by_an_index_is_found_after_a_restart(tmp_path: Path) -> None:
    async with CognitoEmulator(data=tmp_path) as emulator:
        pool = await emulator.create_user_pool()
        named = {"UserPoolId": pool.id, "Username": "ana"}
        tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
        await emulator.call("SetUserPoolSessionConfiguration", UserPoolId=pool.id, **tracking)
        await pool.add_user("ana", PASSWORD)
        await pool.add_provider("Google")
        account = {
            "ProviderName": "Google",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "1",
        }
        user = {"ProviderName": "Cognito", "ProviderAttributeValue": "ana"}
        link = {"SourceUser": account, "DestinationUser": user}
        await emulator.call("AdminLinkProviderForUser", UserPoolId=pool.id, **link)
        begin: dict[str, Any] = {
            "ClientId": pool.client_id,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "ana", "PASSWORD": PASSWORD},
        }
        signed_in = (await emulator.call("InitiateAuth", **begin))["AuthenticationResult"]
        role = {"JobName": "people", "CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/logs"}
        made = await emulator.call("CreateUserImportJob", UserPoolId=pool.id, **role)
        job = {"UserPoolId": pool.id, "JobId": made["UserImportJob"]["JobId"]}
        header = ",".join((await emulator.call("GetCSVHeader", UserPoolId=pool.id))["CSVHeader"])
        pool.state.import_jobs[job["JobId"]].file = header.encode()
        await emulator.call("StartUserImportJob", **job)
    async with CognitoEmulator(data=tmp_path) as emulator:
        emulator.clock.advance(2)
        assert len((await emulator.call("AdminListUserSessions", **named))["Sessions"]) == 1
        assert emulator.state.pools[pool.id].import_jobs[job["JobId"]].status == "Succeeded"
        await emulator.call("AdminDisableProviderForUser", UserPoolId=pool.id, User=account)
        await emulator.call("AdminUserGlobalSignOut", **named)
        with pytest.raises(ValueError, match="Access Token has been revoked"):
            await emulator.call("GetUser", AccessToken=signed_in["AccessToken"])


async def test_a_deleted_pool_leaves_nothing_to_look_through(api: Api) -> None:
    client_id = api.client_id
    await api.state.keys.of(api.pool_id)
    await api("DeleteUserPool", UserPoolId=api.pool_id)
    describe = await api.refused("DescribeUserPoolClient", UserPoolId=api.pool_id, ClientId=client_id)
    assert describe[0] == "ResourceNotFoundException"
    assert await api.refused("ForgotPassword", ClientId=client_id, Username="ana") == (
        "ResourceNotFoundException",
        f"User pool client {client_id} does not exist.",
    )
    assert api.pool_id not in api.state.keys.made()


def test_each_new_entry_drops_two_that_have_expired() -> None:
    entries = {number: Session("sub", 0.0, float(number)) for number in range(5)}
    drop_expired(entries, 2.0)
    assert list(entries) == [2, 3, 4]
    drop_expired(entries, 2.0)
    assert list(entries) == [3, 4]
