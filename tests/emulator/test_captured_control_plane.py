"""The control plane against a table of what live user pools answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from helpers.api import Api

TABLE: Final = json.loads((Path(__file__).parents[1] / "data/captured_control_plane.json").read_text("utf-8"))
_MISSING: Final = object()


def at(answer: Any, path: str) -> Any:
    """Return the value at a dotted path; `_MISSING` without one."""
    for name in path.split(".") if path else ():
        if not isinstance(answer, dict) or name not in answer:
            return _MISSING
        answer = answer[name]
    return answer


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """Replace $names."""
    if isinstance(value, dict):
        return {key: filled(item, kept) for key, item in value.items()}
    if isinstance(value, str) and value.startswith("$"):
        return kept[value[1:]]
    return value


def spoken(text: str, kept: dict[str, Any]) -> str:
    """Replace $pool inside a text."""
    return text.replace("$pool", kept["pool"])


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: row["says"])
async def test_answers_are_those_that_were_captured(api: Api, row: dict[str, Any]) -> None:
    await api.add_user("ana")
    kept: dict[str, Any] = {"pool": api.pool_id, "client": api.client_id}
    for step in row["steps"]:
        api.advance(step.get("wait", 1))
        members = filled(step["with"], kept)
        if "code" in step:
            code, text = await api.refused(step["call"], **members)
            assert code == step["code"], text
            assert text == spoken(step.get("text", text), kept)
            continue
        answer = await api(step["call"], **members)
        for path, value in filled(step.get("has", {}), kept).items():
            assert at(answer, path) == (_MISSING if value is None else value), path
        for path, value in filled(step.get("differs", {}), kept).items():
            assert at(answer, path) != value, path
        for path, names in step.get("alone", {}).items():
            assert sorted(at(answer, path)) == sorted(names), path
        for path, count in step.get("count", {}).items():
            assert len(at(answer, path)) == count, path
        kept.update({name: at(answer, path) for name, path in step.get("keep", {}).items()})


EVERY_MEMBER: Final[dict[str, Any]] = {
    "AccessTokenValidity": 2,
    "IdTokenValidity": 3,
    "RefreshTokenValidity": 9,
    "TokenValidityUnits": {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"},
    "ReadAttributes": ["email"],
    "WriteAttributes": ["email"],
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": ["https://app.example.com/"],
    "LogoutURLs": ["https://app.example.com/out"],
    "DefaultRedirectURI": "https://app.example.com/",
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": False,
    "EnablePropagateAdditionalUserContextData": True,
    "AuthSessionValidity": 5,
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 7},
}
STAY: Final = ("ClientName", "RefreshTokenRotation")


async def test_an_update_of_a_client_resets_each_member_but_two(api: Api) -> None:
    pool = {"UserPoolId": api.pool_id}
    bare = (await api("CreateUserPoolClient", **pool, ClientName="bare"))["UserPoolClient"]
    full = (await api("CreateUserPoolClient", **pool, ClientName="full", **EVERY_MEMBER))["UserPoolClient"]
    assert {name: full[name] for name in EVERY_MEMBER} == EVERY_MEMBER
    client = {**pool, "ClientId": full["ClientId"]}
    # One member at a time: the others are reset, and it is not.
    for member in ("AuthSessionValidity", "ReadAttributes", "PreventUserExistenceErrors"):
        changed = (await api("UpdateUserPoolClient", **client, **{member: EVERY_MEMBER[member]}))[
            "UserPoolClient"
        ]
        own = {name: full[name] for name in (*STAY, member, "ClientId", "CreationDate", "LastModifiedDate")}
        assert changed == {**bare, **own, "LastModifiedDate": changed["LastModifiedDate"]}
        assert (await api("DescribeUserPoolClient", **client))["UserPoolClient"] == changed


async def test_nothing_is_described_that_was_not_sent(api: Api) -> None:
    pool = {"UserPoolId": api.pool_id}
    dates = {"CreationDate", "LastModifiedDate"}
    group = (await api("CreateGroup", **pool, GroupName="g"))["Group"]
    assert set(group) == {"GroupName", "UserPoolId", *dates}
    server = (await api("CreateResourceServer", **pool, Identifier="api", Name="API"))["ResourceServer"]
    assert set(server) == {"UserPoolId", "Identifier", "Name", "Scopes"}
    details = {"MetadataURL": "https://idp.example.com/metadata"}
    provider = {"ProviderName": "Corp", "ProviderType": "SAML", "ProviderDetails": details}
    made = (await api("CreateIdentityProvider", **pool, **provider))["IdentityProvider"]
    assert set(made) == {*provider, "UserPoolId", "AttributeMapping", "IdpIdentifiers", *dates}
    for answer in (await api("GetGroup", **pool, GroupName="g"), await api("ListGroups", **pool)):
        assert group in (answer.get("Group"), *answer.get("Groups", ()))
