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


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: row["says"])
async def test_answers_are_those_that_were_captured(ask: Api, row: dict[str, Any]) -> None:
    await ask.add_user("ana")
    kept: dict[str, Any] = {"pool": ask.pool_id, "client": ask.client_id}
    for step in row["steps"]:
        ask.advance(step.get("wait", 1))
        members = filled(step["with"], kept)
        if "code" in step:
            code, text = await ask.refused(step["call"], **members)
            assert code == step["code"], text
            assert text == step.get("text", text)
            continue
        answer = await ask(step["call"], **members)
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


async def test_an_update_of_a_client_resets_each_member_but_two(ask: Api) -> None:
    pool = {"UserPoolId": ask.pool_id}
    bare = (await ask("CreateUserPoolClient", **pool, ClientName="bare"))["UserPoolClient"]
    full = (await ask("CreateUserPoolClient", **pool, ClientName="full", **EVERY_MEMBER))["UserPoolClient"]
    assert {name: full[name] for name in EVERY_MEMBER} == EVERY_MEMBER
    client = {**pool, "ClientId": full["ClientId"]}
    # One member at a time: the others are reset, and it is not.
    for member in ("AuthSessionValidity", "ReadAttributes", "PreventUserExistenceErrors"):
        changed = (await ask("UpdateUserPoolClient", **client, **{member: EVERY_MEMBER[member]}))[
            "UserPoolClient"
        ]
        own = {name: full[name] for name in (*STAY, member, "ClientId", "CreationDate", "LastModifiedDate")}
        assert changed == {**bare, **own, "LastModifiedDate": changed["LastModifiedDate"]}
        assert (await ask("DescribeUserPoolClient", **client))["UserPoolClient"] == changed


async def test_nothing_is_described_that_was_not_sent(ask: Api) -> None:
    pool = {"UserPoolId": ask.pool_id}
    dates = {"CreationDate", "LastModifiedDate"}
    group = (await ask("CreateGroup", **pool, GroupName="g"))["Group"]
    assert set(group) == {"GroupName", "UserPoolId", *dates}
    server = (await ask("CreateResourceServer", **pool, Identifier="api", Name="API"))["ResourceServer"]
    assert set(server) == {"UserPoolId", "Identifier", "Name", "Scopes"}
    details = {"MetadataURL": "https://idp.example.com/metadata"}
    provider = {"ProviderName": "Corp", "ProviderType": "SAML", "ProviderDetails": details}
    made = (await ask("CreateIdentityProvider", **pool, **provider))["IdentityProvider"]
    assert set(made) == {*provider, "UserPoolId", "AttributeMapping", "IdpIdentifiers", *dates}
    for answer in (await ask("GetGroup", **pool, GroupName="g"), await ask("ListGroups", **pool)):
        assert group in (answer.get("Group"), *answer.get("Groups", ()))
