"""aws-amplify 6 manages an account on our emulator."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pyotp.totp import TOTP

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD, NEW = "Correct-Horse-1", "Other-Horse-2"
ATTRIBUTES = {"email": "ana@example.com", "email_verified": "true"}
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any
MakePool = Callable[..., Awaitable[Pool]]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def sign_in(amplify: NodeClient, password: str = PASSWORD) -> None:
    assert (await amplify("signIn", username="ana", password=password))["isSignedIn"]


async def test_a_forgotten_password(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator
) -> None:
    """Amplify sets a new password by a code."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES)
    result = await amplify("resetPassword", username="ana")
    assert result["nextStep"]["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    assert result["nextStep"]["codeDeliveryDetails"]["destination"] == "a***@e***"
    code = await emulator.outbox.next_code("ana@example.com")
    arguments = {"username": "ana", "newPassword": NEW}
    wrong = await amplify.refused("confirmResetPassword", confirmationCode=another(code), **arguments)
    assert wrong == "CodeMismatchException"
    await amplify("confirmResetPassword", confirmationCode=code, **arguments)
    reused = await amplify.refused("confirmResetPassword", confirmationCode=code, **arguments)
    assert reused == "ExpiredCodeException"
    assert await amplify.refused("signIn", username="ana", password=PASSWORD) == "NotAuthorizedException"
    await sign_in(amplify, NEW)


async def test_a_changed_password(amplify: NodeClient, make_pool: MakePool) -> None:
    """Amplify changes a password with the present one."""
    pool = await make_pool()
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES)
    await sign_in(amplify)
    wrong = await amplify.refused("updatePassword", oldPassword="Wrong-Horse-1", newPassword=NEW)
    assert wrong == "NotAuthorizedException"
    weak = await amplify.refused("updatePassword", oldPassword=PASSWORD, newPassword="weak")
    assert weak == "InvalidPasswordException"
    await amplify("updatePassword", oldPassword=PASSWORD, newPassword=NEW)
    await amplify("signOut")
    await sign_in(amplify, NEW)


async def test_attributes(amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator) -> None:
    """Attributes are changed, verified and deleted."""
    pool = await make_pool(
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        Schema=[{"Name": "team", "AttributeDataType": "String", "Mutable": True}],
    )
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES)
    await sign_in(amplify)
    changed = {"email": "new@example.com", "custom:team": "blue"}
    result = await amplify("updateUserAttributes", userAttributes=changed)
    assert result["custom:team"] == {"isUpdated": True, "nextStep": {"updateAttributeStep": "DONE"}}
    assert result["email"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    assert (await amplify("fetchUserAttributes"))["email"] == "ana@example.com"
    await emulator.outbox.next_code("new@example.com")
    delivery = await amplify("sendUserAttributeVerificationCode", userAttributeKey="email")
    assert delivery["destination"] == "n***@e***"
    code = await emulator.outbox.next_code("new@example.com")
    arguments = {"userAttributeKey": "email"}
    wrong = await amplify.refused("confirmUserAttribute", confirmationCode=another(code), **arguments)
    assert wrong == "CodeMismatchException"
    await amplify("confirmUserAttribute", confirmationCode=code, **arguments)
    attributes = await amplify("fetchUserAttributes")
    assert (attributes["email"], attributes["email_verified"]) == ("new@example.com", "true")
    assert attributes["custom:team"] == "blue"
    one = await amplify("updateUserAttribute", userAttribute={"attributeKey": "name", "value": "Ana"})
    assert one["isUpdated"]
    await amplify("deleteUserAttributes", userAttributeKeys=["custom:team"])
    assert "custom:team" not in await amplify("fetchUserAttributes")


async def test_mfa_preferences(
    amplify: NodeClient, make_pool: MakePool, emulator: CognitoEmulator, admin: Admin
) -> None:
    """Amplify sets and reads preferences of second factors."""
    pool = await make_pool()
    await admin(
        "set_user_pool_mfa_config",
        UserPoolId=pool.id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="OPTIONAL",
    )
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES)
    await sign_in(amplify)
    assert await amplify("fetchMFAPreference") == {}
    assert await amplify.refused("updateMFAPreference", totp="ENABLED") == "InvalidParameterException"
    app = TOTP((await amplify("setUpTOTP"))["sharedSecret"])
    now = int(emulator.clock())
    wrong = await amplify.refused("verifyTOTPSetup", code=another(app.at(now)))
    assert wrong == "EnableSoftwareTokenMFAException"
    await amplify("verifyTOTPSetup", code=app.at(now))
    await amplify("updateMFAPreference", totp="PREFERRED")
    assert await amplify("fetchMFAPreference") == {"preferred": "TOTP", "enabled": ["TOTP"]}
    await amplify("signOut")
    step = (await amplify("signIn", username="ana", password=PASSWORD))["nextStep"]["signInStep"]
    assert step == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    emulator.clock.advance(60)
    assert (await amplify("confirmSignIn", challengeResponse=app.at(now + 60)))["isSignedIn"]
    await amplify("updateMFAPreference", totp="DISABLED")
    assert await amplify("fetchMFAPreference") == {}


async def test_a_deleted_account(amplify: NodeClient, make_pool: MakePool) -> None:
    """Amplify deletes an account."""
    pool = await make_pool(client={"PreventUserExistenceErrors": "LEGACY"})
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES)
    await sign_in(amplify)
    await amplify("deleteUser")
    assert await amplify("events") == ["signedIn", "signedOut"]
    assert await amplify.refused("getCurrentUser") == "UserUnAuthenticatedException"
    assert await amplify.refused("signIn", username="ana", password=PASSWORD) == "UserNotFoundException"
