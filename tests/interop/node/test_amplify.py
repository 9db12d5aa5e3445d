"""aws-amplify 6 against our emulator."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any


async def tokens(amplify: NodeClient, **arguments: Any) -> Any:
    return (await amplify("fetchAuthSession", **arguments))["tokens"]


async def test_sign_up_confirm_sign_in_and_out(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], emulator: CognitoEmulator
) -> None:
    await make_pool(AutoVerifiedAttributes=["email"])
    options = {"userAttributes": {"email": "ana@example.com"}}
    signed_up = await amplify("signUp", username="ana", password=PASSWORD, options=options)
    assert signed_up["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    assert signed_up["nextStep"]["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
    code = await emulator.outbox.next_code("ana@example.com")

    early = await amplify("signIn", username="ana", password=PASSWORD)
    assert early["nextStep"]["signInStep"] == "CONFIRM_SIGN_UP"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refusal = await amplify.refused("confirmSignUp", username="ana", confirmationCode=wrong)
    assert refusal == "CodeMismatchException"
    confirmed = await amplify("confirmSignUp", username="ana", confirmationCode=code)
    assert confirmed["isSignUpComplete"]

    signed_in = await amplify("signIn", username="ana", password=PASSWORD)
    assert signed_in == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
    user = await amplify("getCurrentUser")
    assert user["userId"] == signed_up["userId"]
    assert (await amplify("fetchUserAttributes"))["email_verified"] == "true"
    await amplify("signOut")
    assert await amplify.refused("getCurrentUser") == "UserUnAuthenticatedException"
    assert await amplify("events") == ["signedIn", "signedOut"]


async def test_resend_sign_up_code(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], emulator: CognitoEmulator
) -> None:
    await make_pool(AutoVerifiedAttributes=["email"])
    options = {"userAttributes": {"email": "ana@example.com"}}
    await amplify("signUp", username="ana", password=PASSWORD, options=options)
    await emulator.outbox.next_code("ana@example.com")
    delivery = await amplify("resendSignUpCode", username="ana")
    assert delivery["attributeName"] == "email"
    code = await emulator.outbox.next_code("ana@example.com")
    assert (await amplify("confirmSignUp", username="ana", confirmationCode=code))["isSignUpComplete"]


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_wrong_password_and_unknown_user(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], flow: str
) -> None:
    pool = await make_pool(client={"PreventUserExistenceErrors": "LEGACY"})
    await pool.add_user("ana", PASSWORD)
    options = {"authFlowType": flow}
    refusal = await amplify.refused("signIn", username="ana", password="Wrong-Horse-1", options=options)
    assert refusal == "NotAuthorizedException"
    refusal = await amplify.refused("signIn", username="unknown", password=PASSWORD, options=options)
    assert refusal == "UserNotFoundException"
    assert (await amplify("signIn", username="ana", password=PASSWORD, options=options))["isSignedIn"]


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_unknown_users_look_like_wrong_passwords(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], flow: str
) -> None:
    """The decoy's proof has the real one's form: Amplify computes with it and is refused as for any user."""
    await make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    arguments = {"username": "unknown", "password": PASSWORD, "options": {"authFlowType": flow}}
    assert await amplify.refused("signIn", **arguments) == "NotAuthorizedException"


@pytest.mark.in_process  # Once is enough: it takes long.
async def test_fifty_srp_sign_ins(amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]]) -> None:
    """Fresh users until salts and B values with leading zeros came up, and no fewer than 50."""
    pool = await make_pool()
    odd = {"salt": 0, "srpB": 0}
    count = 0
    while count < 50 or (count < 400 and not all(odd.values())):
        name = f"user{count}"
        await pool.add_user(name, f"{PASSWORD}{count}")
        signed_in = await amplify("signIn", username=name, password=f"{PASSWORD}{count}")
        assert signed_in["isSignedIn"], name
        await amplify("signOut")
        count += 1
        for exchange in await amplify("srpExchanges"):
            for value in odd:
                assert not exchange[value].startswith("0")
                odd[value] += len(exchange[value]) % 2
    assert all(odd.values())


async def test_refresh(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], emulator: CognitoEmulator
) -> None:
    """Tokens are renewed on request and after their expiry."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD)
    await amplify("signIn", username="ana", password=PASSWORD)
    first = await tokens(amplify)
    assert (await tokens(amplify))["accessToken"] == first["accessToken"]
    forced = await tokens(amplify, forceRefresh=True)
    assert forced["accessToken"]["payload"]["jti"] != first["accessToken"]["payload"]["jti"]

    emulator.clock.advance(3601)
    await amplify("advanceClock", seconds=3601)
    expired = await tokens(amplify)
    assert expired["accessToken"]["payload"]["jti"] != forced["accessToken"]["payload"]["jti"]
    assert expired["accessToken"]["payload"]["origin_jti"] == first["accessToken"]["payload"]["origin_jti"]
    assert (await amplify("fetchUserAttributes"))["sub"] == first["accessToken"]["payload"]["sub"]


async def test_refresh_with_rotation(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], admin: Admin
) -> None:
    """Amplify stores the new refresh token; the old one is spent."""
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    pool = await make_pool(client={"RefreshTokenRotation": rotation})
    await pool.add_user("ana", PASSWORD)
    await amplify("signIn", username="ana", password=PASSWORD)
    spent = await refresh_token(amplify)
    await tokens(amplify, forceRefresh=True)
    assert await refresh_token(amplify) != spent
    await tokens(amplify, forceRefresh=True)
    refusal = await admin.refused(
        "get_tokens_from_refresh_token", ClientId=pool.client_id, RefreshToken=spent
    )
    assert refusal == "RefreshTokenReuseException"


async def refresh_token(amplify: NodeClient) -> str:
    stored = await amplify("stored")
    token: str = next(value for key, value in stored.items() if key.endswith(".refreshToken"))
    return token


async def test_sign_out_revokes(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], admin: Admin
) -> None:
    """After a sign-out, the tokens are refused."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD)
    await amplify("signIn", username="ana", password=PASSWORD)
    token = await refresh_token(amplify)
    await amplify("signOut")
    refusal = await admin.refused(
        "get_tokens_from_refresh_token", ClientId=pool.client_id, RefreshToken=token
    )
    assert refusal == "NotAuthorizedException"


async def test_global_sign_out_ends_every_session(
    amplify: NodeClient,
    node: Callable[[str], Awaitable[NodeClient]],
    make_pool: Callable[..., Awaitable[Pool]],
    emulator: CognitoEmulator,
    admin: Admin,
) -> None:
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD)
    elsewhere = await node("amplify.mjs")
    await elsewhere(
        "configure", userPoolId=pool.id, userPoolClientId=pool.client_id, userPoolEndpoint=emulator.url
    )
    for client in (amplify, elsewhere):
        await client("signIn", username="ana", password=PASSWORD)
    access = (await tokens(elsewhere))["accessToken"]["token"]
    await amplify("signOut", **{"global": True})
    assert await admin.refused("get_user", AccessToken=access) == "NotAuthorizedException"
    # Amplify forgets the session that cannot be refreshed, and answers with none.
    assert await elsewhere("fetchAuthSession", forceRefresh=True) == {}
    assert "tokenRefresh_failure" in await elsewhere("events")


async def test_new_password_required(
    amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]], admin: Admin
) -> None:
    """An invited user chooses a password."""
    pool = await make_pool()
    user = {"UserPoolId": pool.id, "Username": "ana", "TemporaryPassword": PASSWORD}
    await admin("admin_create_user", **user, MessageAction="SUPPRESS")
    challenged = await amplify("signIn", username="ana", password=PASSWORD)
    assert challenged["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    assert await amplify.refused("confirmSignIn", challengeResponse="weak") == "InvalidPasswordException"
    assert (await amplify("confirmSignIn", challengeResponse="Better-Horse-2"))["isSignedIn"]
    await amplify("signOut")
    assert await amplify.refused("signIn", username="ana", password=PASSWORD) == "NotAuthorizedException"
    assert (await amplify("signIn", username="ana", password="Better-Horse-2"))["isSignedIn"]


async def test_sms_mfa(
    amplify: NodeClient,
    make_pool: Callable[..., Awaitable[Pool]],
    emulator: CognitoEmulator,
    admin: Admin,
) -> None:
    """Amplify signs in with a code by SMS."""
    pool = await make_pool(MfaConfiguration="OPTIONAL")
    await pool.add_user(
        "ana", PASSWORD, attributes={"phone_number": "+15555550100", "phone_number_verified": "true"}
    )
    preferred = {"Enabled": True, "PreferredMfa": True}
    await admin("admin_set_user_mfa_preference", UserPoolId=pool.id, Username="ana", SMSMfaSettings=preferred)
    challenged = await amplify("signIn", username="ana", password=PASSWORD)
    assert challenged["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert challenged["nextStep"]["codeDeliveryDetails"]["deliveryMedium"] == "SMS"
    code = await emulator.outbox.next_code("+15555550100")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert await amplify.refused("confirmSignIn", challengeResponse=wrong) == "CodeMismatchException"
    assert (await amplify("confirmSignIn", challengeResponse=code))["isSignedIn"]


async def test_software_token_mfa(amplify: NodeClient, make_pool: Callable[..., Awaitable[Pool]]) -> None:
    """Amplify signs in with a code of an authenticator app."""
    pool = await make_pool(MfaConfiguration="OPTIONAL")
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    challenged = await amplify("signIn", username="ana", password=PASSWORD)
    assert challenged["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    code = pool.totp_code("ana")
    wrong = f"{(int(code) + 500_000) % 1_000_000:06d}"
    assert await amplify.refused("confirmSignIn", challengeResponse=wrong) == "CodeMismatchException"
    assert (await amplify("confirmSignIn", challengeResponse=code))["isSignedIn"]
