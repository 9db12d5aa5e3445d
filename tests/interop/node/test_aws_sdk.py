"""The AWS SDK for JavaScript 3 as an administrator: a full pool set up, changed and torn down."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import frozen
from pyotp.totp import TOTP

from helpers.full_pool import PASSWORD, check_full_pool, check_measured_settings
from helpers.remote_emulator import RemoteEmulator

from .conftest import NodeClient, NodeError

pytestmark = pytest.mark.interop


@frozen
class SdkService:
    """One of the SDK's two clients."""

    node: NodeClient
    service: str

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        answer: dict[str, Any] = await self.node(
            "call", service=self.service, operation=operation, members=members
        )
        return answer

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Call an operation that must fail; return the exception's name and message."""
        with pytest.raises(NodeError) as refusal:
            await self(operation, **members)
        return str(refusal.value.name), str(refusal.value.message)


Sdk = dict[str, SdkService]


@pytest.fixture
async def sdk(command_line: RemoteEmulator, node: Callable[[str], Awaitable[NodeClient]]) -> Sdk:
    """The SDK's clients, led to the emulator."""
    process = await node("control-plane.mjs")
    await process("configure", endpoint=command_line.url)
    return {name: SdkService(process, name) for name in ("cognito-idp", "cognito-identity")}


async def test_a_full_pool(sdk: Sdk) -> None:
    """The SDK sets up, changes and removes everything that the control plane has."""
    await check_full_pool(sdk)


async def test_measured_settings(sdk: Sdk) -> None:
    """Each member that the SDK changes leaves the others as measured."""
    await check_measured_settings(sdk)


async def test_pages(sdk: Sdk) -> None:
    """The SDK's paginator reads all groups, also if what it has listed is deleted meanwhile."""
    api = sdk["cognito-idp"]
    pool = {"UserPoolId": (await api("CreateUserPool", PoolName="pages"))["UserPool"]["Id"]}
    names = [f"group{number}" for number in range(5)]
    for name in names:
        await api("CreateGroup", **pool, GroupName=name)
    pages = await api.node("pages", operation="ListGroups", members=pool, pageSize=2)
    listed = [[group["GroupName"] for group in page["Groups"]] for page in pages]
    assert listed == [names[:2], names[2:4], names[4:]]
    assert ["NextToken" in page for page in pages] == [True, True, False]
    await api("DeleteUserPool", **pool)


async def test_user_sessions(sdk: Sdk) -> None:
    """The SDK tracks, lists and revokes sessions; boto3 does not know the operations yet."""
    api = sdk["cognito-idp"]
    pool = {"UserPoolId": (await api("CreateUserPool", PoolName="sessions"))["UserPool"]["Id"]}
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = await api("CreateUserPoolClient", **pool, ClientName="app", ExplicitAuthFlows=flows)
    app = {**pool, "ClientId": made["UserPoolClient"]["ClientId"]}
    ana = {**pool, "Username": "ana"}
    await api("AdminCreateUser", **ana, MessageAction="SUPPRESS")
    await api("AdminSetUserPassword", **ana, Password=PASSWORD, Permanent=True)
    assert (await api.refused("AdminListUserSessions", **ana))[0] == "OperationNotEnabledException"
    tracked = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    assert await api("SetUserPoolSessionConfiguration", **pool, **tracked) == {**pool, **tracked}
    assert await api("GetUserPoolSessionConfiguration", **pool) == {**pool, **tracked}
    begin = {
        "ClientId": app["ClientId"],
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ana", "PASSWORD": PASSWORD},
    }
    first, second = [(await api("InitiateAuth", **begin))["AuthenticationResult"] for _ in range(2)]
    listed = (await api("ListUserSessions", AccessToken=first["AccessToken"]))["Sessions"]
    assert sorted(session["IsCurrentSession"] for session in listed) == [False, True]
    (other,) = [session["SessionId"] for session in listed if not session["IsCurrentSession"]]
    await api("RevokeUserSession", AccessToken=first["AccessToken"], SessionId=other)
    assert (await api.refused("GetUser", AccessToken=second["AccessToken"]))[0] == "NotAuthorizedException"
    (left,) = (await api("AdminListUserSessions", **ana))["Sessions"]
    await api("AdminRevokeUserSession", **ana, SessionId=left["SessionId"])
    assert (await api("AdminListUserSessions", **ana))["Sessions"] == []
    await api("DeleteUserPool", **pool)


async def test_configured_factors(sdk: Sdk) -> None:
    """The SDK reads a user's factors, and deletes an authenticator app."""
    api = sdk["cognito-idp"]
    pool = {"UserPoolId": (await api("CreateUserPool", PoolName="factors"))["UserPool"]["Id"]}
    totp = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    await api("SetUserPoolMfaConfig", **pool, **totp)
    made = await api(
        "CreateUserPoolClient", **pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    ana = {**pool, "Username": "ana"}
    await api("AdminCreateUser", **ana, MessageAction="SUPPRESS")
    await api("AdminSetUserPassword", **ana, Password=PASSWORD, Permanent=True)
    signed_in = await api(
        "InitiateAuth",
        ClientId=made["UserPoolClient"]["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
    )
    proof = {"AccessToken": signed_in["AuthenticationResult"]["AccessToken"]}
    secret = (await api("AssociateSoftwareToken", **proof))["SecretCode"]
    await api("VerifySoftwareToken", **proof, UserCode=TOTP(secret).now())
    await api("AdminSetUserMFAPreference", **ana, SoftwareTokenMfaSettings={"Enabled": True})
    own = await api("GetUserAuthFactors", **proof)
    assert own["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert own["ConfiguredUserAuthFactors"] == ["PASSWORD", "SOFTWARE_TOKEN"]
    assert await api("AdminGetUserAuthFactors", **ana) == own
    assert await api("AdminDeleteSoftwareToken", **ana) == {}
    after = await api("AdminGetUserAuthFactors", **ana)
    assert after == {"Username": "ana", "ConfiguredUserAuthFactors": ["PASSWORD"]}
    await api("DeleteUserPool", **pool)
