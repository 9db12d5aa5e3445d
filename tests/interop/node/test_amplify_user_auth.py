"""aws-amplify 6 chooses first factors on our emulator, and signs in by itself after a sign-up."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD, NEW = "Correct-Horse-1", "Better-Horse-2"
EMAIL, PHONE = "ana@example.com", "+15555550100"
ADDRESS = {"EMAIL_OTP": EMAIL, "SMS_OTP": PHONE}
STEP = {
    "EMAIL_OTP": "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
    "SMS_OTP": "CONFIRM_SIGN_IN_WITH_SMS_CODE",
    "PASSWORD": "CONFIRM_SIGN_IN_WITH_PASSWORD",
    "PASSWORD_SRP": "CONFIRM_SIGN_IN_WITH_PASSWORD",
}
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Admin = Any
MakePool = Callable[..., Awaitable[Pool]]
PASSWORDS = pytest.mark.parametrize("factor", ["PASSWORD", "PASSWORD_SRP"])
CODES = pytest.mark.parametrize("factor", ["EMAIL_OTP", "SMS_OTP"])


@pytest.fixture
async def pool(make_pool: MakePool) -> Pool:
    """A pool with every first factor."""
    return await make_pool(
        AutoVerifiedAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *ADDRESS]}},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
    )


@pytest.fixture
async def ana(pool: Pool) -> None:
    """A user with every first factor."""
    await pool.add_user("ana", PASSWORD, attributes={"email": EMAIL, "phone_number": PHONE})


async def begin(amplify: NodeClient, preferred: str | None = None, **arguments: Any) -> Any:
    options = {"authFlowType": "USER_AUTH", **({"preferredChallenge": preferred} if preferred else {})}
    return await amplify("signIn", username="ana", options=options, **arguments)


async def signed_in_as(amplify: NodeClient) -> str:
    tokens = (await amplify("fetchAuthSession"))["tokens"]
    name: str = tokens["accessToken"]["payload"]["username"]
    return name


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


@pytest.mark.usefixtures("ana")
@PASSWORDS
async def test_a_preferred_password(amplify: NodeClient, factor: str) -> None:
    """Amplify signs in with the password as preferred factor."""
    wrong = {"username": "ana", "password": NEW}
    options = {"authFlowType": "USER_AUTH", "preferredChallenge": factor}
    assert await amplify.refused("signIn", options=options, **wrong) == "NotAuthorizedException"
    assert (await begin(amplify, factor, password=PASSWORD))["isSignedIn"]
    assert await signed_in_as(amplify) == "ana"


@pytest.mark.usefixtures("ana")
@PASSWORDS
async def test_a_chosen_password(amplify: NodeClient, factor: str) -> None:
    """Amplify selects the password among the first factors."""
    step = (await begin(amplify))["nextStep"]
    assert step == {
        "signInStep": "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
        "availableChallenges": ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"],
    }
    step = (await amplify("confirmSignIn", challengeResponse=factor))["nextStep"]
    assert step["signInStep"] == STEP[factor]
    assert (await amplify("confirmSignIn", challengeResponse=PASSWORD))["isSignedIn"]
    assert await signed_in_as(amplify) == "ana"


@pytest.mark.usefixtures("ana")
@CODES
@pytest.mark.parametrize("chosen", [False, True], ids=["preferred", "chosen"])
async def test_a_code(amplify: NodeClient, emulator: CognitoEmulator, factor: str, chosen: bool) -> None:
    """Amplify signs in with a code as first factor."""
    if chosen:
        await begin(amplify)
        step = (await amplify("confirmSignIn", challengeResponse=factor))["nextStep"]
    else:
        step = (await begin(amplify, factor))["nextStep"]
    assert step["signInStep"] == STEP[factor]
    assert step["codeDeliveryDetails"]["deliveryMedium"] == factor.removesuffix("_OTP")
    code = await emulator.outbox.next_code(ADDRESS[factor])
    assert len(code) == 8
    refusal = await amplify.refused("confirmSignIn", challengeResponse=another(code))
    assert refusal == "CodeMismatchException"
    assert (await amplify("confirmSignIn", challengeResponse=code))["isSignedIn"]
    assert await signed_in_as(amplify) == "ana"


@pytest.mark.usefixtures("ana")
async def test_an_unavailable_preference_is_a_choice(amplify: NodeClient, admin: Admin, pool: Pool) -> None:
    await admin(
        "admin_delete_user_attributes",
        UserPoolId=pool.id,
        Username="ana",
        UserAttributeNames=["phone_number"],
    )
    step = (await begin(amplify, "SMS_OTP"))["nextStep"]
    assert step["availableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize("password", [PASSWORD, None], ids=["password", "none"])
async def test_a_sign_up_signs_in_by_itself(
    amplify: NodeClient, emulator: CognitoEmulator, password: str | None
) -> None:
    options = {"userAttributes": {"email": EMAIL}, "autoSignIn": {"authFlowType": "USER_AUTH"}}
    arguments = {} if password is None else {"password": password}
    await amplify("signUp", username="ana", options=options, **arguments)
    code = await emulator.outbox.next_code(EMAIL)
    refusal = await amplify.refused("confirmSignUp", username="ana", confirmationCode=another(code))
    assert refusal == "CodeMismatchException"
    confirmed = await amplify("confirmSignUp", username="ana", confirmationCode=code)
    assert confirmed["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
    assert (await amplify("autoSignIn"))["isSignedIn"]
    assert await signed_in_as(amplify) == "ana"
    assert len(emulator.outbox.messages) == 1


async def test_a_user_without_a_password(
    amplify: NodeClient, admin: Admin, pool: Pool, emulator: CognitoEmulator
) -> None:
    attributes = [{"Name": "email", "Value": EMAIL}]
    await admin("admin_create_user", UserPoolId=pool.id, Username="ana", UserAttributes=attributes)
    step = (await begin(amplify))["nextStep"]
    assert step["availableChallenges"] == ["EMAIL_OTP"]
    await amplify("confirmSignIn", challengeResponse="EMAIL_OTP")
    code = await emulator.outbox.next_code(EMAIL)
    assert (await amplify("confirmSignIn", challengeResponse=code))["isSignedIn"]
    assert (await amplify("fetchUserAttributes"))["email_verified"] == "true"


async def test_a_second_factor_follows_the_password(
    amplify: NodeClient, pool: Pool, emulator: CognitoEmulator
) -> None:
    await pool.add_user("ana", PASSWORD, attributes={"email": EMAIL, "phone_number": PHONE}, mfa="SMS")
    step = (await begin(amplify, "EMAIL_OTP"))["nextStep"]
    assert step["availableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    await amplify("confirmSignIn", challengeResponse="PASSWORD_SRP")
    step = (await amplify("confirmSignIn", challengeResponse=PASSWORD))["nextStep"]
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    code = await emulator.outbox.next_code(PHONE)
    assert (await amplify("confirmSignIn", challengeResponse=code))["isSignedIn"]


async def test_a_new_password_with_what_is_missing(
    amplify: NodeClient, make_pool: MakePool, admin: Admin
) -> None:
    required = {"AttributeDataType": "String", "Mutable": True, "Required": True}
    pool = await make_pool(
        Schema=[{"Name": "given_name", **required}],
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH"]},
    )
    user = {"UserPoolId": pool.id, "Username": "ana", "TemporaryPassword": PASSWORD}
    await admin("admin_create_user", **user, MessageAction="SUPPRESS")
    step = (await begin(amplify, "PASSWORD_SRP", password=PASSWORD))["nextStep"]
    assert step == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        "missingAttributes": ["given_name"],
    }
    assert await amplify.refused("confirmSignIn", challengeResponse=NEW) == "InvalidParameterException"
    options = {"userAttributes": {"given_name": "Ana"}}
    assert (await amplify("confirmSignIn", challengeResponse=NEW, options=options))["isSignedIn"]
    assert (await amplify("fetchUserAttributes"))["given_name"] == "Ana"
