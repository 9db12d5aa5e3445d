"""USER_AUTH: choosing a first factor, and what each of them asks for."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from aiocognito import _srp as srp
from aiocognito.emulator import Assumptions
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, Api, Refused, wrong

WRONG_PASSWORD = ("NotAuthorizedException", "Incorrect username or password.")
WRONG_CODE = ("CodeMismatchException", "Invalid code or auth state for the user.")
INVALID = ("NotAuthorizedException", "Invalid session for the user.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
LATE = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
EVERYTHING = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}}}


async def make_pool(api: Api, *factors: str, client: dict[str, Any] | None = None, **settings: Any) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors) or EVERYTHING}}
    members = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], **(client or {})}
    await api.make_pool(client=members, Policies=policies, **settings)


@pytest.fixture
async def choosing(empty_api: Api) -> Api:
    """A pool with every first factor, and a user with an e-mail address and a phone number."""
    await make_pool(empty_api)
    await empty_api.add_user(email=EMAIL, phone_number=PHONE)
    return empty_api


async def begin(
    api: Api, preferred: str | None = None, /, name: str = "ana", **parameters: str
) -> dict[str, Any]:
    chosen = {} if preferred is None else {"PREFERRED_CHALLENGE": preferred}
    return await api(
        "InitiateAuth",
        ClientId=api.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, **chosen, **parameters},
    )


async def not_begun(api: Api, *preferred: str, **parameters: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await begin(api, *preferred, **parameters)
    return refusal.value.code, refusal.value.message


async def refused(api: Api, challenged: dict[str, Any], name: str = "ana", **given: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await api.respond(challenged, name, **given)
    return refusal.value.code, refusal.value.message


async def status(api: Api) -> str:
    return str((await api.admin("AdminGetUser"))["UserStatus"])


def attributes(api: Api) -> dict[str, str]:
    user = api.pool.users.find("ana")
    assert user is not None
    return user.attributes


async def test_without_a_preference_there_is_a_choice(choosing: Api) -> None:
    answer = await begin(choosing)
    assert answer["ChallengeName"] == "SELECT_CHALLENGE"
    assert answer["ChallengeParameters"] == {}
    assert answer["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    assert choosing.state.outbox.messages == []


@pytest.mark.parametrize("preferred", ["WEB_AUTHN", "BLOOD_TEST"])
async def test_an_unavailable_preference_raises_no_error(choosing: Api, preferred: str) -> None:
    answer = await begin(choosing, preferred)
    assert answer["ChallengeName"] == "SELECT_CHALLENGE"
    assert preferred not in answer["AvailableChallenges"]


async def test_only_what_the_pool_allows(empty_api: Api) -> None:
    await make_pool(empty_api, "PASSWORD", "EMAIL_OTP")
    await empty_api.add_user(phone_number=PHONE)
    assert (await begin(empty_api))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    attributes(empty_api)["email"] = EMAIL
    assert (await begin(empty_api))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]


async def test_the_flow_must_be_on(api: Api) -> None:
    await api.add_user()
    assert (await not_begun(api))[0] == "InvalidParameterException"


# Passwords


async def test_the_password_in_one_call(choosing: Api) -> None:
    answer = await begin(choosing, "PASSWORD", PASSWORD=PASSWORD)
    assert answer["ChallengeParameters"] == {}
    assert {"AccessToken", "IdToken", "RefreshToken"} <= answer["AuthenticationResult"].keys()
    assert "AvailableChallenges" not in answer
    assert await not_begun(choosing, "PASSWORD", PASSWORD=NEW_PASSWORD) == WRONG_PASSWORD


async def test_the_password_is_asked_for(choosing: Api) -> None:
    challenged = await begin(choosing, "PASSWORD")
    assert challenged["ChallengeName"] == "PASSWORD"
    assert "PASSWORD" in challenged["AvailableChallenges"]
    text = "Missing required parameter PASSWORD"
    assert await refused(choosing, challenged) == ("InvalidParameterException", text)
    assert await refused(choosing, challenged, PASSWORD=NEW_PASSWORD) == WRONG_PASSWORD
    assert "AuthenticationResult" in await choosing.respond(challenged, PASSWORD=PASSWORD)
    assert await refused(choosing, challenged, PASSWORD=PASSWORD) == USED


async def test_a_choice_may_carry_the_password(choosing: Api) -> None:
    challenged = await begin(choosing)
    answer = await choosing.respond(challenged, ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert "AuthenticationResult" in answer
    assert await refused(choosing, challenged, ANSWER="PASSWORD", PASSWORD=PASSWORD) == USED


async def test_a_choice_without_the_password_asks_for_it(choosing: Api) -> None:
    challenged = await choosing.respond(await begin(choosing), ANSWER="PASSWORD")
    assert challenged["ChallengeName"] == "PASSWORD"
    assert "AuthenticationResult" in await choosing.respond(challenged, PASSWORD=PASSWORD)


@pytest.mark.parametrize("way", ["preferred", "chosen", "asked for", "chosen and asked for"])
async def test_srp(choosing: Api, way: str) -> None:
    """The password can be proven by SRP, in each way to choose it."""
    ephemeral = srp.Ephemeral.generate()
    given = {"SRP_A": ephemeral.public_hex}
    if way == "preferred":
        challenged = await begin(choosing, "PASSWORD_SRP", **given)
    elif way == "chosen":
        challenged = await choosing.respond(await begin(choosing), ANSWER="PASSWORD_SRP", **given)
    else:
        if way == "asked for":
            asked = await begin(choosing, "PASSWORD_SRP")
        else:
            asked = await choosing.respond(await begin(choosing), ANSWER="PASSWORD_SRP")
        assert asked["ChallengeName"] == "PASSWORD_SRP"
        challenged = await choosing.respond(asked, **given)
        assert await refused(choosing, asked, **given) == USED
    assert challenged["ChallengeName"] == "PASSWORD_VERIFIER"
    proof = choosing.proof(ephemeral, challenged)
    without = {name: value for name, value in challenged.items() if name != "Session"}
    missing = ("InvalidParameterException", "Missing required parameter Session")
    assert await refused(choosing, without, **proof) == missing
    assert "AuthenticationResult" in await choosing.respond(challenged, **proof)
    assert (await refused(choosing, challenged, **proof))[0] == "NotAuthorizedException"


async def test_a_proof_belongs_to_its_session(choosing: Api) -> None:
    ephemeral = srp.Ephemeral.generate()
    challenged = await begin(choosing, "PASSWORD_SRP", SRP_A=ephemeral.public_hex)
    other = await begin(choosing, "PASSWORD_SRP", SRP_A=ephemeral.public_hex)
    proof = choosing.proof(ephemeral, challenged)
    assert await refused(choosing, {**challenged, "Session": other["Session"]}, **proof) == INVALID
    assert "AuthenticationResult" in await choosing.respond(challenged, **proof)


async def test_a_wrong_proof(choosing: Api) -> None:
    """A wrong proof of the password is refused."""
    ephemeral = srp.Ephemeral.generate()
    challenged = await begin(choosing, "PASSWORD_SRP", SRP_A=ephemeral.public_hex)
    proof = choosing.proof(ephemeral, challenged, NEW_PASSWORD)
    assert await refused(choosing, challenged, **proof) == WRONG_PASSWORD


async def test_a_malformed_public_value_costs_nothing(choosing: Api) -> None:
    challenged = await begin(choosing)
    assert (await refused(choosing, challenged, ANSWER="PASSWORD_SRP", SRP_A="0"))[0] == (
        "InvalidParameterException"
    )
    assert "AuthenticationResult" in await choosing.respond(challenged, ANSWER="PASSWORD", PASSWORD=PASSWORD)


async def test_passwords_lock_out_here_too(choosing: Api) -> None:
    challenged = await begin(choosing, "PASSWORD")
    for _ in range(5):
        assert await refused(choosing, challenged, PASSWORD=NEW_PASSWORD) == WRONG_PASSWORD
    locked = ("NotAuthorizedException", "Password attempts exceeded")
    assert await refused(choosing, challenged, PASSWORD=PASSWORD) == locked
    choosing.advance(1)
    assert "AuthenticationResult" in await choosing.respond(challenged, PASSWORD=PASSWORD)


async def test_a_choice_that_was_not_offered(choosing: Api) -> None:
    challenged = await begin(choosing)
    assert (await refused(choosing, challenged, ANSWER="WEB_AUTHN"))[0] == "InvalidParameterException"
    assert (await refused(choosing, challenged))[1] == "Missing required parameter ANSWER"
    assert (await choosing.respond(challenged, ANSWER="EMAIL_OTP"))["ChallengeName"] == "EMAIL_OTP"


# Codes


@pytest.mark.parametrize(
    ("factor", "medium", "masked", "attribute"),
    [("EMAIL_OTP", "EMAIL", "a***@e***", "email"), ("SMS_OTP", "SMS", "+*******0100", "phone_number")],
)
@pytest.mark.parametrize("chosen", [False, True])
async def test_codes(
    choosing: Api, factor: str, medium: str, masked: str, attribute: str, chosen: bool
) -> None:
    """A code by mail or SMS signs in, and verifies its address."""
    assert attributes(choosing).get(f"{attribute}_verified") != "true"
    if chosen:
        challenged = await choosing.respond(await begin(choosing), ANSWER=factor)
    else:
        challenged = await begin(choosing, factor)
    assert challenged["ChallengeName"] == factor
    assert challenged["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": medium,
        "CODE_DELIVERY_DESTINATION": masked,
    }
    assert factor in challenged["AvailableChallenges"]
    code = choosing.code()
    assert len(code) == 8
    assert choosing.state.outbox.messages[-1].purpose == "sign_in"
    answer = {f"{factor}_CODE": code}
    assert await refused(choosing, challenged, **{f"{factor}_CODE": wrong(code)}) == WRONG_CODE
    assert "AuthenticationResult" in await choosing.respond(challenged, **answer)
    assert attributes(choosing)[f"{attribute}_verified"] == "true"
    assert await refused(choosing, challenged, **answer) == USED


async def test_wrong_codes_end_it_at_last(empty_api: Api) -> None:
    empty_api.state.assumptions = attrs.evolve(Assumptions(), wrong_first_codes_per_handle=7)
    await make_pool(empty_api)
    await empty_api.add_user(email=EMAIL)
    challenged = await begin(empty_api, "EMAIL_OTP")
    code = empty_api.code()
    for _ in range(7):
        assert await refused(empty_api, challenged, EMAIL_OTP_CODE=wrong(code)) == WRONG_CODE
    assert await refused(empty_api, challenged, EMAIL_OTP_CODE=code) == INVALID
    # Passwords are not locked by it.
    assert "AuthenticationResult" in await begin(empty_api, "PASSWORD", PASSWORD=PASSWORD)


async def test_a_code_lives_as_long_as_its_handle(choosing: Api) -> None:
    challenged = await begin(choosing, "EMAIL_OTP")
    choosing.advance(180)
    assert await refused(choosing, challenged, EMAIL_OTP_CODE=choosing.code()) == LATE


async def test_a_code_is_for_its_own_sign_in(choosing: Api) -> None:
    first = await begin(choosing, "EMAIL_OTP")
    code = choosing.code()
    second = await begin(choosing, "EMAIL_OTP")
    assert await refused(choosing, second, EMAIL_OTP_CODE=code) == WRONG_CODE
    other = {**first, "ChallengeName": "SMS_OTP"}
    assert await refused(choosing, other, SMS_OTP_CODE=code) == INVALID
    assert "AuthenticationResult" in await choosing.respond(first, EMAIL_OTP_CODE=code)


async def test_a_code_confirms_the_account(empty_api: Api) -> None:
    await make_pool(empty_api, AutoVerifiedAttributes=["email"])
    await empty_api(
        "SignUp",
        ClientId=empty_api.client_id,
        Username="ana",
        UserAttributes=[{"Name": "email", "Value": EMAIL}],
    )
    old = empty_api.code()
    assert await status(empty_api) == "UNCONFIRMED"
    challenged = await begin(empty_api, "EMAIL_OTP")
    assert challenged["AvailableChallenges"] == ["EMAIL_OTP"]
    assert "AuthenticationResult" in await empty_api.respond(challenged, EMAIL_OTP_CODE=empty_api.code())
    assert await status(empty_api) == "CONFIRMED"
    refusal = await empty_api.refused(
        "ConfirmSignUp", ClientId=empty_api.client_id, Username="ana", ConfirmationCode=old
    )
    assert refusal == ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")


async def test_a_code_does_not_take_an_alias(empty_api: Api) -> None:
    await make_pool(empty_api, AliasAttributes=["email"])
    await empty_api.add_user("ben", email=EMAIL, email_verified="true")
    await empty_api.add_user(email=EMAIL)
    challenged = await begin(empty_api, "EMAIL_OTP")
    refusal = await refused(empty_api, challenged, EMAIL_OTP_CODE=empty_api.code())
    assert refusal == ("AliasExistsException", "An account with the given email already exists.")
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == "ben"
    assert "email_verified" not in attributes(empty_api)


async def test_an_account_disabled_on_the_way(choosing: Api) -> None:
    challenged = await begin(choosing, "EMAIL_OTP")
    await choosing.admin("AdminDisableUser")
    disabled = ("NotAuthorizedException", "User is disabled.")
    assert await refused(choosing, challenged, EMAIL_OTP_CODE=choosing.code()) == disabled
    assert await not_begun(choosing, "EMAIL_OTP") == disabled


# Second factors


async def test_a_required_second_factor_forbids_codes(choosing: Api) -> None:
    # Cognito refuses this configuration today; a pool from before may have it.
    choosing.pool.settings["MfaConfiguration"] = "ON"
    assert (await begin(choosing, "EMAIL_OTP"))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]


async def test_a_user_who_has_a_second_factor_needs_the_password(choosing: Api) -> None:
    await choosing("SetUserPoolMfaConfig", UserPoolId=choosing.pool_id, MfaConfiguration="OPTIONAL", **SMS)
    assert "EMAIL_OTP" in (await begin(choosing))["AvailableChallenges"]
    await choosing.admin("AdminSetUserMFAPreference", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    assert (await begin(choosing, "EMAIL_OTP"))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    challenged = await begin(choosing, "PASSWORD", PASSWORD=PASSWORD)
    assert challenged["ChallengeName"] == "SMS_MFA"
    assert "AvailableChallenges" not in challenged
    assert "AuthenticationResult" in await choosing.respond(challenged, SMS_MFA_CODE=choosing.code())


async def test_a_second_factor_that_was_turned_on_meanwhile(choosing: Api) -> None:
    await choosing("SetUserPoolMfaConfig", UserPoolId=choosing.pool_id, MfaConfiguration="OPTIONAL", **SMS)
    challenged = await begin(choosing, "EMAIL_OTP")
    code = choosing.code()
    await choosing.admin("AdminSetUserMFAPreference", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    assert (await choosing.respond(challenged, EMAIL_OTP_CODE=code))["ChallengeName"] == "SMS_MFA"


# Accounts in other states


async def test_a_temporary_password_comes_first(empty_api: Api) -> None:
    await make_pool(empty_api)
    entries = [{"Name": "email", "Value": EMAIL}]
    await empty_api.admin("AdminCreateUser", TemporaryPassword=PASSWORD, UserAttributes=entries)
    assert (await begin(empty_api, "EMAIL_OTP"))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    challenged = await begin(empty_api, "PASSWORD", PASSWORD=PASSWORD)
    assert challenged["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" in await empty_api.respond(challenged, NEW_PASSWORD=NEW_PASSWORD)


async def test_a_reset_password_comes_first(choosing: Api) -> None:
    entries = [{"Name": "email_verified", "Value": "true"}]
    await choosing.admin("AdminUpdateUserAttributes", UserAttributes=entries)
    await choosing.admin("AdminResetUserPassword")
    assert (await begin(choosing, "EMAIL_OTP"))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    refusal = await not_begun(choosing, "PASSWORD", PASSWORD=PASSWORD)
    assert refusal == ("PasswordResetRequiredException", "Password reset required for the user")


async def test_an_administrator_creates_a_user_without_a_password(empty_api: Api) -> None:
    await make_pool(empty_api)
    created = await empty_api.admin("AdminCreateUser", UserAttributes=[{"Name": "email", "Value": EMAIL}])
    assert created["User"]["UserStatus"] == "CONFIRMED"
    assert (await begin(empty_api))["AvailableChallenges"] == ["EMAIL_OTP"]
    assert await not_begun(empty_api, name="unknown") == ("UserNotFoundException", "User does not exist.")


async def test_nothing_to_choose_from(empty_api: Api) -> None:
    await make_pool(empty_api)
    await empty_api.admin("AdminCreateUser")
    assert await not_begun(empty_api) == WRONG_PASSWORD


async def test_a_sign_up_without_a_password_needs_a_pool_with_codes(empty_api: Api) -> None:
    await make_pool(empty_api, "PASSWORD")
    refusal = await empty_api.refused("SignUp", ClientId=empty_api.client_id, Username="ana")
    assert refusal[0] == "InvalidParameterException"


# People who do not exist


@pytest.fixture
async def hiding(empty_api: Api) -> Api:
    """A pool that does not tell who exists."""
    await make_pool(empty_api, client={"PreventUserExistenceErrors": "ENABLED"})
    await empty_api.add_user(email=EMAIL, phone_number=PHONE)
    return empty_api


async def test_an_unknown_user_is_offered_a_choice(hiding: Api) -> None:
    answer = await begin(hiding, name="unknown")
    assert answer["AvailableChallenges"] == (await begin(hiding))["AvailableChallenges"]
    assert len(answer["Session"]) == len((await begin(hiding))["Session"])


async def test_an_unknown_user_is_sent_no_code(hiding: Api) -> None:
    challenged = await begin(hiding, "EMAIL_OTP", name="unknown@example.com")
    assert challenged["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
        "CODE_DELIVERY_DESTINATION": "u***@e***",
    }
    assert hiding.state.outbox.messages == []
    refusal = await refused(hiding, challenged, "unknown@example.com", EMAIL_OTP_CODE="00000000")
    assert refusal == WRONG_CODE
    chosen = await hiding.respond(await begin(hiding, name="unknown"), "unknown", ANSWER="SMS_OTP")
    assert await refused(hiding, chosen, "unknown", SMS_OTP_CODE="00000000") == WRONG_CODE


async def test_an_unknown_user_has_no_password(hiding: Api) -> None:
    assert await not_begun(hiding, "PASSWORD", name="unknown", PASSWORD=PASSWORD) == WRONG_PASSWORD
    challenged = await begin(hiding, "PASSWORD", name="unknown")
    assert await refused(hiding, challenged, "unknown", PASSWORD=PASSWORD) == WRONG_PASSWORD
    ephemeral = srp.Ephemeral.generate()
    challenged = await begin(hiding, "PASSWORD_SRP", name="unknown", SRP_A=ephemeral.public_hex)
    assert "Session" in challenged
    proof = hiding.proof(ephemeral, challenged)
    assert await refused(hiding, challenged, "unknown", **proof) == WRONG_PASSWORD


async def test_an_unknown_user_where_a_second_factor_is_required(hiding: Api) -> None:
    # Cognito refuses this configuration today; a pool from before may have it.
    hiding.pool.settings["MfaConfiguration"] = "ON"
    assert (await begin(hiding, name="unknown"))["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]


async def test_a_disabled_user_looks_like_an_unknown_user(hiding: Api) -> None:
    await hiding.admin("AdminDisableUser")
    challenged = await begin(hiding, "EMAIL_OTP")
    assert challenged["ChallengeName"] == "EMAIL_OTP"
    assert hiding.state.outbox.messages == []
    assert await refused(hiding, challenged, EMAIL_OTP_CODE="00000000") == WRONG_CODE
