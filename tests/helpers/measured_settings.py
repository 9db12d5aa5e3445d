"""Settings of user pools as live ones were measured, as tables, and checks that walk them with any client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .control_plane import ControlPlane, comparable

_DATA = Path(__file__).parents[1] / "data"
UPDATES: list[dict[str, Any]] = json.loads((_DATA / "user_pool_updates.json").read_text("utf-8"))["members"]
MFA: list[dict[str, Any]] = json.loads((_DATA / "user_pool_mfa.json").read_text("utf-8"))["pools"]
_SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}
_LEVEL = {
    "Name": "level",
    "AttributeDataType": "Number",
    "DeveloperOnlyAttribute": False,
    "Mutable": True,
    "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
}


async def described(api: ControlPlane, pool_id: str) -> dict[str, Any]:
    """Return a user pool's settings."""
    found: dict[str, Any] = (await api("DescribeUserPool", UserPoolId=pool_id))["UserPool"]
    return found


async def check_updates(api: ControlPlane) -> None:
    """Change each member of the table alone, and check what UpdateUserPool did to all the others."""
    state = {row["member"]: row["sent"] for row in UPDATES}
    everything = {name: _sendable(name, value) for name, value in state.items()}
    made = await api("CreateUserPool", PoolName="measured", Schema=[_LEVEL], **everything)
    pool_id = made["UserPool"]["Id"]
    await _check_state(api, pool_id, state)
    for row in UPDATES:
        sent = {row["member"]: row["changed"], **_needed(row, state)}
        await api("UpdateUserPool", UserPoolId=pool_id, **sent)
        state = _after(sent, state)
        await _check_state(api, pool_id, state)
    await api("UpdateUserPool", UserPoolId=pool_id)
    state = _after({}, state)
    await _check_state(api, pool_id, state)
    await _tear_down(api, pool_id)


def _sendable(member: str, value: Any) -> Any:
    """Return a value without what is refused beside Policies."""
    (row,) = [row for row in UPDATES if row["member"] == member]
    refused = row.get("not_beside_policies", ())
    return {name: item for name, item in value.items() if name not in refused} if refused else value


def _needed(changed: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """Return the members without which the service refuses the update."""
    more: dict[str, Any] = {}
    for row in UPDATES:
        value = changed["changed"] if row is changed else state[row["member"]]
        if "with" in row and any(value.values()):
            more |= row["with"]
    more.pop(changed["member"], None)
    return more


def _after(sent: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return what the table says about an update."""
    state = {}
    for row in UPDATES:
        member = row["member"]
        stays = before[member] if row["omitted"] == "kept" else row["after"]
        state[member] = sent.get(member, stays)
    return state


async def _check_state(api: ControlPlane, pool_id: str, state: dict[str, Any]) -> None:
    found = await described(api, pool_id)
    # A list can be in any order, and a member that is reset can be absent or empty.
    for member, value in state.items():
        assert comparable(found.get(member) or None) == comparable(value or None), member
    assert found["Name"] == "measured"
    (level,) = [entry for entry in found["SchemaAttributes"] if entry["Name"] == "custom:level"]
    assert level == {**_LEVEL, "Name": "custom:level", "Required": False}


async def _tear_down(api: ControlPlane, pool_id: str) -> None:
    """Delete a user pool, which is protected first."""
    await api("UpdateUserPool", UserPoolId=pool_id, DeletionProtection="ACTIVE")
    code, text = await api.refused("DeleteUserPool", UserPoolId=pool_id)
    assert code == "InvalidParameterException"
    assert "deletion protection is activated" in text
    await api("UpdateUserPool", UserPoolId=pool_id, DeletionProtection="INACTIVE")
    await api("DeleteUserPool", UserPoolId=pool_id)
    code, _text = await api.refused("DescribeUserPool", UserPoolId=pool_id)
    assert code == "ResourceNotFoundException"


async def check_mfa(api: ControlPlane) -> None:
    """Send each request of the table to SetUserPoolMfaConfig."""
    for group in MFA:
        made = await api("CreateUserPool", PoolName="measured", **group["pool"])
        pool = {"UserPoolId": made["UserPool"]["Id"]}
        state = {"MfaConfiguration": "OFF"}
        for row in group["requests"]:
            if "text" in row:
                refusal = await api.refused("SetUserPoolMfaConfig", **pool, **row["sent"])
                assert refusal == ("InvalidParameterException", row["text"]), row
            else:
                state = row["after"]
                assert await api("SetUserPoolMfaConfig", **pool, **row["sent"]) == state, row
            assert await api("GetUserPoolMfaConfig", **pool) == state, row
        await api("DeleteUserPool", **pool)
