"""amazon-cognito-identity-js 6, the client that older front ends carry, against our emulator."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any


@pytest.fixture
async def client(node: Callable[[str], Awaitable[NodeClient]]) -> NodeClient:
    return await node("identity-js.mjs")


@pytest.fixture
def make_pool(emulator: CognitoEmulator, client: NodeClient) -> Callable[..., Awaitable[Pool]]:
    """Make a user pool and point the client at it: `await make_pool(**CreateUserPool's members)`."""

    async def make(**settings: Any) -> Pool:
        pool = await emulator.create_user_pool(**settings)
        await client("configure", userPoolId=pool.id, clientId=pool.client_id, endpoint=emulator.url)
        return pool

    return make


async def test_sign_up_confirm_sign_in_and_out(
    client: NodeClient, make_pool: Callable[..., Awaitable[Pool]], emulator: CognitoEmulator
) -> None:
    await make_pool(AutoVerifiedAttributes=["email"])
    attributes = {"email": "ana@example.com"}
    signed_up = await client("signUp", username="ana", password=PASSWORD, attributes=attributes)
    assert signed_up["userConfirmed"] is False
    assert signed_up["codeDeliveryDetails"]["AttributeName"] == "email"
    code = await emulator.outbox.next_code("ana@example.com")
    refusal = await client.refused("signIn", username="ana", password=PASSWORD)
    assert refusal == "UserNotConfirmedException"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert await client.refused("confirm", code=wrong) == "CodeMismatchException"
    assert await client("confirm", code=code) == "SUCCESS"

    assert "tokens" in await client("signIn", username="ana", password=PASSWORD)
    attributes = {item["Name"]: item["Value"] for item in await client("userAttributes")}
    assert attributes["sub"] == signed_up["userSub"]
    assert attributes["email_verified"] == "true"
    await client("signOut")
    assert await client("stored") == {}


@pytest.mark.in_process  # Once is enough: it takes long.
async def test_fifty_srp_sign_ins(client: NodeClient, make_pool: Callable[..., Awaitable[Pool]]) -> None:
    """Fresh users until salts and B values with leading zeros came up, and no fewer than 50."""
    pool = await make_pool()
    odd = {"salt": 0, "srpB": 0}
    count = 0
    while count < 50 or (count < 400 and not all(odd.values())):
        name = f"user{count}"
        await pool.add_user(name, f"{PASSWORD}{count}")
        assert "tokens" in await client("signIn", username=name, password=f"{PASSWORD}{count}"), name
        count += 1
        for exchange in await client("srpExchanges"):
            for value in odd:
                odd[value] += len(exchange[value]) % 2
    assert all(odd.values())


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_wrong_password_and_unknown_user(
    client: NodeClient, make_pool: Callable[..., Awaitable[Pool]], flow: str
) -> None:
    pool = await make_pool(client={"PreventUserExistenceErrors": "LEGACY"})
    await pool.add_user("ana", PASSWORD)
    refusal = await client.refused("signIn", username="ana", password="Wrong-Horse-1", flow=flow)
    assert refusal == "NotAuthorizedException"
    refusal = await client.refused("signIn", username="unknown", password=PASSWORD, flow=flow)
    assert refusal == "UserNotFoundException"
    assert "tokens" in await client("signIn", username="ana", password=PASSWORD, flow=flow)


async def test_refresh(client: NodeClient, make_pool: Callable[..., Awaitable[Pool]]) -> None:
    """This client refreshes with REFRESH_TOKEN_AUTH, and keeps its refresh token."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD)
    first = (await client("signIn", username="ana", password=PASSWORD))["tokens"]
    assert await client("session") == first
    second = await client("refresh")
    assert second["access"] != first["access"]
    assert second["refresh"] == first["refresh"]
    assert await client("session") == second


async def test_global_sign_out(
    client: NodeClient, make_pool: Callable[..., Awaitable[Pool]], admin: Admin
) -> None:
    """A global sign-out ends the other sessions."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD)
    tokens = (await client("signIn", username="ana", password=PASSWORD))["tokens"]
    assert await client("globalSignOut") == {"result": "SUCCESS"}
    assert await admin.refused("get_user", AccessToken=tokens["access"]) == "NotAuthorizedException"
    refusal = await admin.refused(
        "initiate_auth",
        ClientId=pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["refresh"]},
    )
    assert refusal == "NotAuthorizedException"


async def test_sign_out_revokes(
    client: NodeClient, make_pool: Callable[..., Awaitable[Pool]], admin: Admin
) -> None:
    """After a sign-out, the tokens are refused."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD)
    tokens = (await client("signIn", username="ana", password=PASSWORD))["tokens"]
    await client("signOut")
    assert await admin.refused("get_user", AccessToken=tokens["access"]) == "NotAuthorizedException"


async def test_new_password_required(
    client: NodeClient, make_pool: Callable[..., Awaitable[Pool]], admin: Admin
) -> None:
    """An invited user chooses a password."""
    pool = await make_pool()
    user = {"UserPoolId": pool.id, "Username": "ana", "TemporaryPassword": PASSWORD}
    await admin("admin_create_user", **user, MessageAction="SUPPRESS")
    challenged = await client("signIn", username="ana", password=PASSWORD)
    assert challenged["challenge"] == "NEW_PASSWORD_REQUIRED"
    assert await client.refused("newPassword", password="weak") == "InvalidPasswordException"
    assert "tokens" in await client("newPassword", password="Better-Horse-2")
    assert "tokens" in await client("signIn", username="ana", password="Better-Horse-2")


async def test_sms_mfa(
    client: NodeClient,
    make_pool: Callable[..., Awaitable[Pool]],
    emulator: CognitoEmulator,
    admin: Admin,
) -> None:
    """amazon-cognito-identity-js signs in with a code by SMS."""
    pool = await make_pool(MfaConfiguration="OPTIONAL")
    attributes = {"phone_number": "+15555550100", "phone_number_verified": "true"}
    await pool.add_user("ana", PASSWORD, attributes=attributes)
    preferred = {"Enabled": True, "PreferredMfa": True}
    await admin("admin_set_user_mfa_preference", UserPoolId=pool.id, Username="ana", SMSMfaSettings=preferred)
    challenged = await client("signIn", username="ana", password=PASSWORD)
    assert challenged["challenge"] == "SMS_MFA"
    code = await emulator.outbox.next_code("+15555550100")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert await client.refused("mfaCode", code=wrong) == "CodeMismatchException"
    assert "tokens" in await client("mfaCode", code=code)


async def test_software_token_mfa(client: NodeClient, make_pool: Callable[..., Awaitable[Pool]]) -> None:
    """amazon-cognito-identity-js signs in with a code of an authenticator app."""
    pool = await make_pool(MfaConfiguration="OPTIONAL")
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    challenged = await client("signIn", username="ana", password=PASSWORD)
    assert challenged["challenge"] == "SOFTWARE_TOKEN_MFA"
    code = pool.totp_code("ana")
    assert "tokens" in await client("mfaCode", code=code, type="SOFTWARE_TOKEN_MFA")
