"""aws-amplify 6 meets every second factor of our emulator: asked for, chosen, and set up on the way."""

from collections.abc import Awaitable, Callable
from typing import Any

import pyotp.totp
import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
EMAIL = "ana@example.com"
ATTRIBUTES = {"email": EMAIL, "email_verified": "true", "phone_number": "+15550100"}
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any
MakePool = Callable[..., Awaitable[Pool]]

# E-mail may not be the second factor of accounts that it recovers first.
RECOVERY = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}


@pytest.fixture
def pool_with(make_pool: MakePool, admin: Admin) -> MakePool:
    """Make a pool that has these second factors: `await pool_with("ON", SoftwareTokenMfaConfiguration=…)`."""

    async def make(mode: str, **factors: Any) -> Pool:
        sender = {"EmailSendingAccount": "DEVELOPER"}
        pool = await make_pool(AccountRecoverySetting=RECOVERY, EmailConfiguration=sender)
        await admin("set_user_pool_mfa_config", UserPoolId=pool.id, MfaConfiguration=mode, **factors)
        return pool

    return make


TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
BY_EMAIL = {"EmailMfaConfiguration": {"Message": "{####}", "Subject": "Code"}}
BY_SMS = {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "{####}"}}


async def begin(amplify: NodeClient) -> Any:
    return (await amplify("signIn", username="ana", password=PASSWORD))["nextStep"]


async def confirm(amplify: NodeClient, answer: str) -> Any:
    result = await amplify("confirmSignIn", challengeResponse=answer)
    return result["nextStep"]


async def test_email_mfa(amplify: NodeClient, pool_with: MakePool, emulator: CognitoEmulator) -> None:
    """Amplify signs in with a code by e-mail."""
    pool = await pool_with("OPTIONAL", **BY_EMAIL)
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES, mfa="EMAIL")
    step = await begin(amplify)
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert step["codeDeliveryDetails"] == {"deliveryMedium": "EMAIL", "destination": "a***@e***"}
    code = await emulator.outbox.next_code(EMAIL)
    wrong = f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
    assert await amplify.refused("confirmSignIn", challengeResponse=wrong) == "CodeMismatchException"
    assert (await confirm(amplify, code))["signInStep"] == "DONE"


async def test_a_choice_of_factors(
    amplify: NodeClient, pool_with: MakePool, emulator: CognitoEmulator
) -> None:
    pool = await pool_with("OPTIONAL", **TOTP, **BY_SMS, **BY_EMAIL)
    await pool.add_user("ana", PASSWORD, attributes=ATTRIBUTES, mfa=["SMS", "TOTP", "EMAIL"])
    step = await begin(amplify)
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
    assert set(step["allowedMFATypes"]) == {"SMS", "TOTP", "EMAIL"}
    assert (await confirm(amplify, "TOTP"))["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    assert (await confirm(amplify, pool.totp_code("ana")))["signInStep"] == "DONE"
    await amplify("signOut")
    await begin(amplify)
    assert (await confirm(amplify, "SMS"))["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    code = await emulator.outbox.next_code("+15550100")
    assert (await confirm(amplify, code))["signInStep"] == "DONE"
    await amplify("signOut")
    await begin(amplify)
    assert (await confirm(amplify, "EMAIL"))["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    code = await emulator.outbox.next_code(EMAIL)
    assert (await confirm(amplify, code))["signInStep"] == "DONE"


async def test_an_app_is_set_up_on_the_way(
    amplify: NodeClient, pool_with: MakePool, emulator: CognitoEmulator
) -> None:
    pool = await pool_with("ON", **TOTP)
    await pool.add_user("ana", PASSWORD)
    step = await begin(amplify)
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    app = pyotp.totp.TOTP(step["totpSetupDetails"]["sharedSecret"])
    now = int(emulator.clock())
    wrong = f"{(int(app.at(now)) + 1) % 1_000_000:06d}"
    refusal = await amplify.refused("confirmSignIn", challengeResponse=wrong)
    assert refusal == "EnableSoftwareTokenMFAException"
    assert (await confirm(amplify, app.at(now)))["signInStep"] == "DONE"
    await amplify("signOut")
    assert (await begin(amplify))["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    assert await amplify.refused("confirmSignIn", challengeResponse=app.at(now)) == "ExpiredCodeException"
    emulator.clock.advance(60)
    assert (await confirm(amplify, app.at(now + 60)))["signInStep"] == "DONE"


async def test_an_address_is_set_up_on_the_way(
    amplify: NodeClient, pool_with: MakePool, emulator: CognitoEmulator
) -> None:
    pool = await pool_with("ON", **BY_EMAIL, SoftwareTokenMfaConfiguration={"Enabled": False})
    await pool.add_user("ana", PASSWORD)
    assert (await begin(amplify))["signInStep"] == "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
    step = await confirm(amplify, "new@example.com")
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    code = await emulator.outbox.next_code("new@example.com")
    assert (await confirm(amplify, code))["signInStep"] == "DONE"
    attributes = await amplify("fetchUserAttributes")
    assert (attributes["email"], attributes["email_verified"]) == ("new@example.com", "true")


async def test_what_to_set_up_is_chosen(
    amplify: NodeClient, pool_with: MakePool, emulator: CognitoEmulator
) -> None:
    pool = await pool_with("ON", **TOTP, **BY_EMAIL)
    await pool.add_user("ana", PASSWORD)
    step = await begin(amplify)
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
    assert set(step["allowedMFATypes"]) == {"TOTP", "EMAIL"}
    step = await confirm(amplify, "TOTP")
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    app = pyotp.totp.TOTP(step["totpSetupDetails"]["sharedSecret"])
    assert (await confirm(amplify, app.at(int(emulator.clock()))))["signInStep"] == "DONE"


async def test_a_new_password_with_the_attributes_that_were_missing(
    amplify: NodeClient, make_pool: MakePool, admin: Admin
) -> None:
    pool = await make_pool(Schema=[{"Name": "name", "Required": True, "Mutable": True}])
    await admin(
        "admin_create_user",
        UserPoolId=pool.id,
        Username="ana",
        TemporaryPassword="Temporary-1",
        MessageAction="SUPPRESS",
    )
    step = (await amplify("signIn", username="ana", password="Temporary-1"))["nextStep"]
    assert step == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        "missingAttributes": ["name"],
    }
    missing = await amplify.refused("confirmSignIn", challengeResponse=PASSWORD)
    assert missing == "InvalidParameterException"
    options = {"userAttributes": {"name": "Ana"}}
    result = await amplify("confirmSignIn", challengeResponse=PASSWORD, options=options)
    assert result["isSignedIn"]
    assert (await amplify("fetchUserAttributes"))["name"] == "Ana"


async def test_a_passkey_that_counts_as_two_factors(
    amplify: NodeClient, make_pool: MakePool, admin: Admin
) -> None:
    """Amplify cannot turn it on; it signs in with it, and reads the other factors beside it."""
    pool = await make_pool(
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
    )
    passkeys = {
        "RelyingPartyId": "example.com",
        "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
    }
    await admin(
        "set_user_pool_mfa_config",
        UserPoolId=pool.id,
        MfaConfiguration="OPTIONAL",
        WebAuthnConfiguration=passkeys,
        **TOTP,
    )
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    await amplify("usePasskeys")
    assert (await begin(amplify))["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    await confirm(amplify, pool.totp_code("ana"))
    await amplify("associateWebAuthnCredential")
    assert len((await amplify("listWebAuthnCredentials"))["credentials"]) == 1
    await amplify("signOut")

    options = {"authFlowType": "USER_AUTH", "preferredChallenge": "WEB_AUTHN"}
    step = (await amplify("signIn", username="ana", options=options))["nextStep"]
    assert step["availableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    await admin(
        "admin_set_user_mfa_preference",
        UserPoolId=pool.id,
        Username="ana",
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
        WebAuthnMfaSettings={"Enabled": True},
    )
    assert (await amplify("signIn", username="ana", options=options))["isSignedIn"]
    assert await amplify("fetchMFAPreference") == {"preferred": "TOTP", "enabled": ["TOTP"]}
    await amplify("signOut")
    assert (await begin(amplify))["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
