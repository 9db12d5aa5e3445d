"""Challenges after the password: new password, second factors, set-up; and the handles between them."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from aiocognito.emulator import Assumptions
from aiocognito.emulator.auth_sessions import AuthSession, AuthSessionStore
from aiocognito.emulator.totp import SoftwareToken
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, Api, Refused, wrong

INVALID = ("NotAuthorizedException", "Invalid session for the user.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
LATE = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
SMS_CODE = ("CodeMismatchException", "Invalid code or auth state for the user.")
TOTP_CODE = ("CodeMismatchException", "Invalid code received for user")
ALL: dict[str, Any] = {
    "SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}},
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "EmailMfaConfiguration": {},
}


async def refused(api: Api, challenged: dict[str, Any], name: str = "ana", **given: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await api.respond(challenged, name, **given)
    return refusal.value.code, refusal.value.message


async def offer(api: Api, mode: str = "OPTIONAL", **factors: Any) -> None:
    # Cognito sends second factors by e-mail only from an address of the pool's own.
    api.pool.settings["EmailConfiguration"] = {"EmailSendingAccount": "DEVELOPER"}
    await api("SetUserPoolMfaConfig", UserPoolId=api.pool_id, MfaConfiguration=mode, **(factors or ALL))


async def prefer(api: Api, name: str = "ana", **settings: tuple[bool, bool]) -> None:
    members = {
        f"{factor}MfaSettings": {"Enabled": enabled, "PreferredMfa": preferred}
        for factor, (enabled, preferred) in settings.items()
    }
    await api.admin("AdminSetUserMFAPreference", name, **members)


def give_token(api: Api, name: str = "ana", friendly_name: str | None = None) -> SoftwareToken:
    user = api.pool.users.find(name)
    assert user is not None
    user.token = SoftwareToken("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", friendly_name)
    return user.token


def code_of(api: Api, token: SoftwareToken, steps: int = 0) -> str:
    return token.code(int(api.state.clock() // 30) + steps)


# NEW_PASSWORD_REQUIRED


@pytest.fixture
async def invited(empty_api: Api) -> Api:
    """A pool that requires names, and a user with a temporary password and an e-mail address."""
    required = {"AttributeDataType": "String", "Mutable": True, "Required": True}
    await empty_api.make_pool(Schema=[{"Name": "name", **required}, {"Name": "email", **required}])
    await empty_api.admin(
        "AdminCreateUser",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "True"}],
    )
    return empty_api


async def test_a_temporary_password_must_be_replaced(invited: Api) -> None:
    challenged = await invited.begin()
    assert challenged["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    given = challenged["ChallengeParameters"]
    assert given["USER_ID_FOR_SRP"] == "ana"
    assert json.loads(given["requiredAttributes"]) == ["userAttributes.name"]
    assert json.loads(given["userAttributes"]) == {"email": EMAIL, "email_verified": "true"}
    answer = await invited.respond(challenged, NEW_PASSWORD=NEW_PASSWORD, **{"userAttributes.name": "Ana"})
    assert "AuthenticationResult" in answer
    user = await invited.admin("AdminGetUser")
    assert user["UserStatus"] == "CONFIRMED"
    assert {"Name": "name", "Value": "Ana"} in user["UserAttributes"]
    assert "AuthenticationResult" in await invited.begin(password=NEW_PASSWORD)
    assert await refused(invited, challenged, NEW_PASSWORD=NEW_PASSWORD) == USED


async def test_the_same_password_again(invited: Api) -> None:
    challenged = await invited.begin()
    answer = await invited.respond(challenged, NEW_PASSWORD=PASSWORD, **{"userAttributes.name": "Ana"})
    assert "AuthenticationResult" in answer


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (
            {},
            "InvalidParameterException",
            "Invalid attributes given, new password should be given with key NEW_PASSWORD.",
        ),
        (
            {"NEW_PASSWORD": NEW_PASSWORD},
            "InvalidParameterException",
            "Invalid attributes given, name is missing",
        ),
        (
            {"NEW_PASSWORD": NEW_PASSWORD, "userAttributes.email": "other@example.com"},
            "NotAuthorizedException",
            "Cannot modify an already provided email",
        ),
        (
            {"NEW_PASSWORD": NEW_PASSWORD, "userAttributes.email_verified": "true"},
            "InvalidParameterException",
            "Cannot modify the non-mutable attribute email_verified",
        ),
        (
            {"NEW_PASSWORD": "weak", "userAttributes.name": "Ana"},
            "InvalidPasswordException",
            "Password does not conform to policy: Password not long enough",
        ),
    ],
)
async def test_a_refused_answer_keeps_the_handle(
    invited: Api, given: dict[str, str], code: str, text: str
) -> None:
    challenged = await invited.begin()
    assert await refused(invited, challenged, **given) == (code, text)
    answer = await invited.respond(challenged, NEW_PASSWORD=NEW_PASSWORD, **{"userAttributes.name": "Ana"})
    assert "AuthenticationResult" in answer


async def test_a_temporary_password_expires(invited: Api) -> None:
    invited.advance(7 * 86_400)
    with pytest.raises(Refused) as refusal:
        await invited.begin()
    text = "Temporary password has expired and must be reset by an administrator."
    assert (refusal.value.code, refusal.value.message) == ("NotAuthorizedException", text)
    await invited.admin("AdminSetUserPassword", Password=PASSWORD)
    assert (await invited.begin())["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


# Handles


@pytest.fixture
async def sms(api: Api) -> Api:
    """A user with SMS as second factor."""
    await offer(api)
    await api.add_user(phone_number=PHONE)
    await prefer(api, SMS=(True, True))
    return api


async def test_a_handle_lives_three_minutes(sms: Api) -> None:
    challenged = await sms.begin()
    sms.advance(179)
    assert await refused(sms, challenged, SMS_MFA_CODE=wrong(sms.code())) == SMS_CODE
    sms.advance(1)
    assert await refused(sms, challenged, SMS_MFA_CODE=sms.code()) == LATE


async def test_a_handle_lives_as_long_as_the_client_says(empty_api: Api) -> None:
    await empty_api.make_pool(client={"AuthSessionValidity": 15})
    await offer(empty_api)
    await empty_api.add_user(phone_number=PHONE)
    await prefer(empty_api, SMS=(True, True))
    challenged = await empty_api.begin()
    empty_api.advance(899)
    assert "AuthenticationResult" in await empty_api.respond(challenged, SMS_MFA_CODE=empty_api.code())


async def test_a_handle_serves_once(sms: Api) -> None:
    challenged = await sms.begin()
    code = sms.code()
    await sms.respond(challenged, SMS_MFA_CODE=code)
    assert await refused(sms, challenged, SMS_MFA_CODE=code) == USED


async def test_a_handle_is_for_one_user_client_and_challenge(sms: Api) -> None:
    await sms.add_user("ben")
    challenged = await sms.begin()
    code = sms.code()
    assert challenged["Session"].startswith("AYABe")
    assert 1400 < len(challenged["Session"]) < 1700
    assert await refused(sms, challenged, "ben", SMS_MFA_CODE=code) == INVALID
    assert await refused(sms, {**challenged, "Session": challenged["Session"][:-1]}, SMS_MFA_CODE=code) == (
        INVALID
    )
    other = {**challenged, "ChallengeName": "SOFTWARE_TOKEN_MFA"}
    assert await refused(sms, other, SOFTWARE_TOKEN_MFA_CODE=code) == INVALID
    own = sms.client_id
    made = await sms("CreateUserPoolClient", UserPoolId=sms.pool_id, ClientName="other")
    sms.client_id = made["UserPoolClient"]["ClientId"]
    assert await refused(sms, challenged, SMS_MFA_CODE=code) == INVALID
    sms.client_id = own
    assert "AuthenticationResult" in await sms.respond(challenged, SMS_MFA_CODE=code)


async def test_a_handle_ends_with_its_user(sms: Api) -> None:
    challenged = await sms.begin()
    code = sms.code()
    await sms.admin("AdminDeleteUser")
    await sms.add_user()
    assert await refused(sms, challenged, SMS_MFA_CODE=code) == INVALID


async def test_challenges_without_an_answer(empty_api: Api) -> None:
    await empty_api.make_pool()
    user = await empty_api.add_user()
    now = empty_api.state.clock()
    handle = AuthSession("ADMIN_NO_SRP_AUTH", empty_api.client_id, user.sub, now + 60)
    session = empty_api.pool.auth_sessions.issue(handle, now)
    challenged = {"ChallengeName": "ADMIN_NO_SRP_AUTH", "Session": session}
    assert (await refused(empty_api, challenged, ANSWER="x"))[0] == "InvalidParameterException"


def test_ended_handles_are_forgotten_after_a_day() -> None:
    book = AuthSessionStore()
    old = book.issue(AuthSession("SMS_MFA", "client", "sub", 100.0), 0.0)
    book.issue(AuthSession("SMS_MFA", "client", "sub", 200.0), 1000.0)
    assert book.get(old) is not None
    book.issue(AuthSession("SMS_MFA", "client", "sub", 200_000.0), 100.0 + 86_401)
    assert book.get(old) is None


# SMS_MFA and EMAIL_OTP


async def test_sms(sms: Api) -> None:
    """SMS_MFA sends a code, and accepts it."""
    challenged = await sms.begin()
    assert challenged["ChallengeName"] == "SMS_MFA"
    assert challenged["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
        "CODE_DELIVERY_DESTINATION": "+*******0100",
        "USER_ID_FOR_SRP": "ana",
    }
    message = sms.state.outbox.messages[-1]
    assert (message.to, message.medium, message.purpose, len(message.code)) == (PHONE, "SMS", "mfa", 6)
    assert await refused(sms, challenged) == (
        "InvalidParameterException",
        "Missing required parameter SMS_MFA_CODE",
    )
    assert await refused(sms, challenged, SMS_MFA_CODE=wrong(sms.code())) == SMS_CODE
    assert "AuthenticationResult" in await sms.respond(challenged, SMS_MFA_CODE=sms.code())
    entries = (await sms.admin("AdminGetUser"))["UserAttributes"]
    assert {"Name": "phone_number_verified", "Value": "true"} in entries


async def test_email(api: Api) -> None:
    """EMAIL_OTP sends a code, and accepts it."""
    await offer(api)
    await api.add_user(email=EMAIL)
    await prefer(api, Email=(True, True))
    challenged = await api.begin()
    assert challenged["ChallengeName"] == "EMAIL_OTP"
    assert challenged["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
    assert await refused(api, challenged, EMAIL_OTP_CODE=wrong(api.code())) == SMS_CODE
    assert "AuthenticationResult" in await api.respond(challenged, EMAIL_OTP_CODE=api.code())


async def test_five_wrong_codes_end_the_handle_and_lock(sms: Api) -> None:
    challenged = await sms.begin()
    for _ in range(5):
        assert await refused(sms, challenged, SMS_MFA_CODE=wrong(sms.code())) == SMS_CODE
    assert await refused(sms, challenged, SMS_MFA_CODE=sms.code()) == INVALID
    with pytest.raises(Refused, match="Password attempts exceeded"):
        await sms.begin()
    sms.advance(1)
    assert (await sms.begin())["ChallengeName"] == "SMS_MFA"


async def test_the_password_alone_does_not_end_the_lock_of_wrong_codes(sms: Api) -> None:
    for lock in (1, 2, 4):
        challenged = await sms.begin()
        for _ in range(5):
            assert await refused(sms, challenged, SMS_MFA_CODE=wrong(sms.code())) == SMS_CODE
        sms.advance(lock - 0.5)
        with pytest.raises(Refused, match="Password attempts exceeded"):
            await sms.begin()
        sms.advance(0.5)
    assert "AuthenticationResult" in await sms.respond(await sms.begin(), SMS_MFA_CODE=sms.code())
    user = sms.pool.users.find("ana")
    assert user is not None
    assert user.lockout.failures == 0


async def test_an_address_that_is_gone(sms: Api) -> None:
    await sms.admin("AdminDeleteUserAttributes", UserAttributeNames=["phone_number"])
    with pytest.raises(Refused, match="does not have delivery config set to turn on SMS_MFA"):
        await sms.begin()


# SOFTWARE_TOKEN_MFA


async def test_software_token(api: Api) -> None:
    """SOFTWARE_TOKEN_MFA accepts a code of the app."""
    await offer(api)
    await api.add_user()
    token = give_token(api, friendly_name="telephone")
    await prefer(api, SoftwareToken=(True, True))
    challenged = await api.begin()
    assert challenged["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert challenged["ChallengeParameters"] == {
        "USER_ID_FOR_SRP": "ana",
        "FRIENDLY_DEVICE_NAME": "telephone",
    }
    for steps in (-2, 2):
        code = code_of(api, token, steps)
        assert await refused(api, challenged, SOFTWARE_TOKEN_MFA_CODE=code) == TOTP_CODE
    code = code_of(api, token, -1)
    assert "AuthenticationResult" in await api.respond(challenged, SOFTWARE_TOKEN_MFA_CODE=code)
    challenged = await api.begin()
    used = ("ExpiredCodeException", "Your software token has already been used once.")
    assert await refused(api, challenged, SOFTWARE_TOKEN_MFA_CODE=code) == used
    later = code_of(api, token, 1)
    assert "AuthenticationResult" in await api.respond(challenged, SOFTWARE_TOKEN_MFA_CODE=later)
    challenged = await api.begin()
    # The code before a used one is refused, too.
    assert await refused(api, challenged, SOFTWARE_TOKEN_MFA_CODE=code_of(api, token)) == used


async def test_without_a_software_token(api: Api) -> None:
    await offer(api)
    user = await api.add_user()
    user.factors.add("SOFTWARE_TOKEN_MFA")
    challenged = await api.begin()
    assert challenged["ChallengeParameters"] == {"USER_ID_FOR_SRP": "ana"}
    assert await refused(api, challenged, SOFTWARE_TOKEN_MFA_CODE="123456") == TOTP_CODE


@pytest.mark.parametrize(
    ("time", "code"), [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
)
def test_rfc_6238(time: int, code: str) -> None:
    """Appendix B's values for SHA-1, their last six digits."""
    token = SoftwareToken("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert token.code(time // 30) == code
    assert token.next_code(time) == code


# Which factor


async def test_no_factor_no_question(api: Api) -> None:
    await offer(api)
    await api.add_user(phone_number=PHONE)
    give_token(api)
    assert "AuthenticationResult" in await api.begin()


async def test_mfa_that_is_off(sms: Api) -> None:
    await sms("SetUserPoolMfaConfig", UserPoolId=sms.pool_id, MfaConfiguration="OFF")
    assert "AuthenticationResult" in await sms.begin()


async def test_two_factors_are_a_choice(api: Api) -> None:
    await offer(api)
    await api.add_user(phone_number=PHONE)
    token = give_token(api)
    await prefer(api, SMS=(True, False), SoftwareToken=(True, False))
    challenged = await api.begin()
    assert challenged["ChallengeName"] == "SELECT_MFA_TYPE"
    choice = json.loads(challenged["ChallengeParameters"]["MFAS_CAN_CHOOSE"])
    assert choice == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]
    assert (await refused(api, challenged, ANSWER="EMAIL_OTP"))[0] == "InvalidParameterException"
    chosen = await api.respond(challenged, ANSWER="SOFTWARE_TOKEN_MFA")
    assert chosen["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert await refused(api, challenged, ANSWER="SMS_MFA") == USED
    answer = await api.respond(chosen, SOFTWARE_TOKEN_MFA_CODE=code_of(api, token))
    assert "AuthenticationResult" in answer


async def test_one_of_two_is_preferred(api: Api) -> None:
    await offer(api)
    await api.add_user(phone_number=PHONE)
    give_token(api)
    await prefer(api, SMS=(True, False), SoftwareToken=(True, True))
    assert (await api.begin())["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


MAIL_FIRST = {
    "RecoveryMechanisms": [
        {"Priority": 1, "Name": "verified_email"},
        {"Priority": 2, "Name": "verified_phone_number"},
    ]
}


@pytest.mark.parametrize(
    ("token", "attributes", "mail_first", "asked"),
    [
        (False, {"phone_number": PHONE}, False, "SMS_MFA"),
        (False, {"email": EMAIL}, False, "EMAIL_OTP"),
        (True, {}, False, "SOFTWARE_TOKEN_MFA"),
        (True, {"phone_number": PHONE}, False, ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]),
        (
            True,
            {"phone_number": PHONE, "email": EMAIL},
            False,
            ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"],
        ),
        (False, {"phone_number": PHONE, "email": EMAIL}, False, ["SMS_MFA", "EMAIL_OTP"]),
        (False, {"phone_number": PHONE, "email": EMAIL}, True, "SMS_MFA"),
        (False, {"email": EMAIL}, True, "MFA_SETUP"),
        (False, {}, False, "MFA_SETUP"),
    ],
)
async def test_where_a_second_factor_is_required(
    empty_api: Api,
    token: bool,
    attributes: dict[str, str],
    mail_first: bool,
    asked: str | list[str],
) -> None:
    await empty_api.make_pool(**({"AccountRecoverySetting": MAIL_FIRST} if mail_first else {}))
    await offer(empty_api, "ON")
    await empty_api.add_user(**attributes)
    if token:
        give_token(empty_api)
    challenged = await empty_api.begin()
    if isinstance(asked, str):
        assert challenged["ChallengeName"] == asked
    else:
        assert challenged["ChallengeName"] == "SELECT_MFA_TYPE"
        assert json.loads(challenged["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == asked


async def test_a_factor_whose_address_was_deleted(api: Api) -> None:
    """Another factor replaces it; without another one, the sign-in is refused."""
    await offer(api)
    await api.add_user(phone_number=PHONE, email=EMAIL)
    await prefer(api, SMS=(True, True), Email=(True, False))
    await api.admin("AdminDeleteUserAttributes", UserAttributeNames=["phone_number"])
    assert (await api.begin())["ChallengeName"] == "EMAIL_OTP"
    await prefer(api, Email=(False, False))
    with pytest.raises(Refused, match="does not have delivery config set to turn on SMS_MFA"):
        await api.begin()


async def test_the_first_sign_in_may_skip_it(api: Api) -> None:
    api.state.assumptions = Assumptions(first_sign_in_skips_mfa=True)
    await offer(api, "ON")
    await api.add_user(phone_number=PHONE)
    assert "AuthenticationResult" in await api.begin()
    assert (await api.begin())["ChallengeName"] == "SMS_MFA"


# MFA_SETUP


async def test_set_up_a_software_token_on_the_way(api: Api) -> None:
    await offer(api, "ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    user = await api.add_user()
    challenged = await api.begin()
    assert challenged["ChallengeName"] == "MFA_SETUP"
    assert json.loads(challenged["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
    assert await refused(api, challenged) == INVALID

    associated = await api("AssociateSoftwareToken", Session=challenged["Session"])
    assert len(associated["SecretCode"]) == 52
    assert (await api.refused("AssociateSoftwareToken", Session=challenged["Session"])) == USED
    assert user.new_token is not None
    code = code_of(api, user.new_token)
    bad = await api.refused("VerifySoftwareToken", Session=associated["Session"], UserCode=wrong(code))
    assert bad == ("EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA")
    verified = await api("VerifySoftwareToken", Session=associated["Session"], UserCode=code)
    assert verified["Status"] == "SUCCESS"
    last = {**challenged, "Session": verified["Session"]}
    # Other members are tolerated.
    assert "AuthenticationResult" in await api.respond(last, SOFTWARE_TOKEN_MFA_CODE=code)
    assert await refused(api, last) == USED

    challenged = await api.begin()
    assert challenged["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    used = ("ExpiredCodeException", "Your software token has already been used once.")
    assert await refused(api, challenged, SOFTWARE_TOKEN_MFA_CODE=code) == used


async def test_registered_even_if_the_sign_in_is_not_finished(api: Api) -> None:
    await offer(api, "ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    user = await api.add_user()
    associated = await api("AssociateSoftwareToken", Session=(await api.begin())["Session"])
    assert user.new_token is not None
    code = code_of(api, user.new_token)
    await api("VerifySoftwareToken", Session=associated["Session"], UserCode=code, FriendlyDeviceName="mine")
    challenged = await api.begin()
    assert challenged["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert challenged["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "mine"


@pytest.mark.parametrize("member", ["EMAIL", "email"])
async def test_set_up_an_address_on_the_way(api: Api, member: str) -> None:
    await offer(api, "ON", EmailMfaConfiguration={}, SoftwareTokenMfaConfiguration={"Enabled": True})
    await api.add_user()
    challenged = await api.begin()
    assert (await refused(api, challenged, **{member: "nonsense"}))[0] == "InvalidParameterException"
    asked = await api.respond(challenged, **{member: EMAIL})
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert "AuthenticationResult" in await api.respond(asked, EMAIL_OTP_CODE=api.code())
    user = await api.admin("AdminGetUser")
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    assert user["UserMFASettingList"] == ["EMAIL_OTP"]
    assert (await api.begin())["ChallengeName"] == "EMAIL_OTP"


async def test_nothing_can_be_set_up(empty_api: Api) -> None:
    await empty_api.make_pool(AccountRecoverySetting=MAIL_FIRST)
    await offer(empty_api, "ON", EmailMfaConfiguration={})
    await empty_api.add_user()
    with pytest.raises(Refused) as refusal:
        await empty_api.begin()
    assert refusal.value.code == "InvalidParameterException"


async def test_new_password_then_set_up(invited: Api) -> None:
    await offer(invited, "ON")
    challenged = await invited.begin()
    asked = await invited.respond(challenged, NEW_PASSWORD=NEW_PASSWORD, **{"userAttributes.name": "Ana"})
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert "AuthenticationResult" in await invited.respond(asked, EMAIL_OTP_CODE=invited.code())


async def test_a_new_password_does_not_change_immutable_attributes(empty_api: Api) -> None:
    """They are set at creation, but for required ones that have no value yet."""
    schema = [
        {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
        {"Name": "locale", "Required": True, "Mutable": False},
    ]
    await empty_api.make_pool(Schema=schema)
    given = [{"Name": "custom:tenant", "Value": "blue"}]
    await empty_api.admin(
        "AdminCreateUser", UserAttributes=given, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    challenged = await empty_api.begin()
    answer = {"NEW_PASSWORD": NEW_PASSWORD, "userAttributes.locale": "en"}
    with pytest.raises(Refused) as refusal:
        await empty_api.respond(challenged, **answer, **{"userAttributes.custom:tenant": "red"})
    assert refusal.value.message == "user.custom:tenant: Attribute cannot be updated.\n"
    assert "AuthenticationResult" in await empty_api.respond(challenged, **answer)
    user = empty_api.pool.users.find("ana")
    assert user is not None
    assert user.attributes == {"custom:tenant": "blue", "locale": "en"}


async def test_a_new_password_with_another_address(empty_api: Api) -> None:
    """The address is not verified, and cannot be another user's sign-in name."""
    await empty_api.make_pool(AliasAttributes=["email", "preferred_username"])
    await empty_api.add_user("ben", email="ben@example.com", email_verified="true", preferred_username="b")
    given = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    await empty_api.admin(
        "AdminCreateUser", UserAttributes=given, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    challenged = await empty_api.begin()
    for name, value, text in (
        ("email", "ben@example.com", "An account with the given email already exists."),
        ("preferred_username", "b", "An account with the given preferred_username already exists."),
        ("preferred_username", "ben", "User account already exists for the alias."),
    ):
        with pytest.raises(Refused) as refusal:
            await empty_api.respond(
                challenged, NEW_PASSWORD=NEW_PASSWORD, **{f"userAttributes.{name}": value}
            )
        assert (refusal.value.code, refusal.value.message) == ("AliasExistsException", text)
    other = {"userAttributes.email": "other@example.com"}
    await empty_api.respond(challenged, NEW_PASSWORD=NEW_PASSWORD, **other)
    user = empty_api.pool.users.find("ana")
    assert user is not None
    assert user.attributes == {"email": "other@example.com", "email_verified": "false"}


async def test_an_administrator_answers(invited: Api) -> None:
    """AdminRespondToAuthChallenge answers a challenge."""
    asked = await invited(
        "AdminInitiateAuth",
        UserPoolId=invited.pool_id,
        ClientId=invited.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
    )
    answer = await invited(
        "AdminRespondToAuthChallenge",
        UserPoolId=invited.pool_id,
        ClientId=invited.client_id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": NEW_PASSWORD, "userAttributes.name": "Ana"},
    )
    assert "AuthenticationResult" in answer


# Software tokens and preferences outside of a sign-in


async def test_a_token_of_ones_own(api: Api) -> None:
    await offer(api)
    user = await api.add_user()
    access = (await api.tokens())["AccessToken"]
    setting = {"SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    missing = "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"
    refusal = await api.refused("SetUserMFAPreference", AccessToken=access, **setting)
    assert refusal == ("InvalidParameterException", missing)
    first = await api("AssociateSoftwareToken", AccessToken=access)
    second = await api("AssociateSoftwareToken", AccessToken=access)
    assert first.keys() == {"SecretCode"}
    assert first["SecretCode"] != second["SecretCode"]
    code = code_of(api, SoftwareToken(first["SecretCode"]))
    assert (await api.refused("VerifySoftwareToken", AccessToken=access, UserCode=code))[0] == (
        "EnableSoftwareTokenMFAException"
    )
    code = code_of(api, SoftwareToken(second["SecretCode"]))
    assert await api("VerifySoftwareToken", AccessToken=access, UserCode=code) == {"Status": "SUCCESS"}
    assert "UserMFASettingList" not in await api("GetUser", AccessToken=access)
    assert "AuthenticationResult" in await api.begin()
    assert await api("SetUserMFAPreference", AccessToken=access, **setting) == {}
    found = await api("GetUser", AccessToken=access)
    assert (found["UserMFASettingList"], found["PreferredMfaSetting"]) == (
        ["SOFTWARE_TOKEN_MFA"],
        "SOFTWARE_TOKEN_MFA",
    )
    assert (await api.begin())["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert user.new_token is None
    assert (await api.refused("VerifySoftwareToken", AccessToken=access, UserCode=code))[0] == (
        "EnableSoftwareTokenMFAException"
    )


async def test_software_tokens_that_are_not_offered(api: Api) -> None:
    await api.add_user()
    access = (await api.tokens())["AccessToken"]
    refusal = await api.refused("AssociateSoftwareToken", AccessToken=access)
    assert refusal == ("SoftwareTokenMFANotFoundException", "Software Token MFA not enabled by userpool")


async def test_one_credential_is_needed(api: Api) -> None:
    await api.add_user()
    access = (await api.tokens())["AccessToken"]
    for given in ({}, {"AccessToken": access, "Session": "A" * 20}):
        assert (await api.refused("AssociateSoftwareToken", **given))[0] == "InvalidParameterException"
    assert await api.refused("AssociateSoftwareToken", Session="A" * 20) == INVALID


async def test_a_set_up_ends_with_its_user(api: Api) -> None:
    await offer(api, "ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    await api.add_user()
    session = (await api.begin())["Session"]
    await api.admin("AdminDeleteUser")
    refusal = await api.refused("VerifySoftwareToken", Session=session, UserCode="123456")
    assert refusal == ("UserNotFoundException", "User does not exist.")
    # AssociateSoftwareToken does not declare that code.
    refusal = await api.refused("AssociateSoftwareToken", Session=session)
    assert refusal == ("NotAuthorizedException", "User does not exist.")


async def test_a_set_up_is_found_in_its_pool(api: Api) -> None:
    await offer(api, "ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    await api.add_user()
    session = (await api.begin())["Session"]
    await api.make_pool()
    assert "SecretCode" in await api("AssociateSoftwareToken", Session=session)


@pytest.mark.parametrize(
    "settings",
    [
        {"SMS": (True, True), "Email": (True, True)},
        {"SMS": (False, True)},
        {"SoftwareToken": (True, False)},
    ],
)
async def test_preferences_that_cannot_be(api: Api, settings: dict[str, Any]) -> None:
    await offer(api)
    await api.add_user(phone_number=PHONE, email=EMAIL)
    with pytest.raises(Refused) as refusal:
        await prefer(api, **settings)
    assert refusal.value.code == "InvalidParameterException"
    assert "UserMFASettingList" not in await api.admin("AdminGetUser")


async def test_preferences_change(api: Api) -> None:
    """SetUserMFAPreference turns factors on and off, and prefers one."""
    await offer(api)
    await api.add_user(phone_number=PHONE, email=EMAIL)

    async def found() -> tuple[list[str] | None, str | None]:
        user = await api.admin("AdminGetUser")
        return user.get("UserMFASettingList"), user.get("PreferredMfaSetting")

    await prefer(api, SMS=(True, True))
    assert await found() == (["SMS_MFA"], "SMS_MFA")
    await prefer(api, Email=(True, True))
    assert await found() == (["SMS_MFA", "EMAIL_OTP"], "EMAIL_OTP")
    await prefer(api, Email=(True, False))
    assert await found() == (["SMS_MFA", "EMAIL_OTP"], None)
    await prefer(api, SMS=(False, False), Email=(False, False))
    assert await found() == (None, None)


async def test_what_is_required_cannot_be_turned_off(api: Api) -> None:
    await offer(api, "ON")
    await api.add_user(phone_number=PHONE)
    await prefer(api, SMS=(True, True))
    await prefer(api, SMS=(False, False))
    assert (await api.admin("AdminGetUser"))["UserMFASettingList"] == ["SMS_MFA"]


async def test_a_pools_configuration(api: Api) -> None:
    """SetUserPoolMfaConfig sets the second factors of a pool."""
    assert await api("GetUserPoolMfaConfig", UserPoolId=api.pool_id) == {"MfaConfiguration": "OFF"}
    refusal = await api.refused("SetUserPoolMfaConfig", UserPoolId=api.pool_id, MfaConfiguration="ON")
    assert refusal[0] == "InvalidParameterException"
    await offer(api, "OPTIONAL")
    found = await api("GetUserPoolMfaConfig", UserPoolId=api.pool_id)
    assert found == {"MfaConfiguration": "OPTIONAL", **ALL}
    assert (await api("DescribeUserPool", UserPoolId=api.pool_id))["UserPool"][
        "MfaConfiguration"
    ] == "OPTIONAL"


async def test_sms_from_the_start(empty_api: Api) -> None:
    await empty_api.make_pool(
        MfaConfiguration="OPTIONAL", SmsConfiguration=ALL["SmsMfaConfiguration"]["SmsConfiguration"]
    )
    assert empty_api.pool.factors == ("SMS_MFA",)


def test_beliefs_can_be_changed() -> None:
    assert attrs.evolve(Assumptions(), wrong_codes_per_handle=3) != Assumptions()


async def test_a_new_password_takes_no_sign_in_name_of_another_user(empty_api: Api) -> None:
    """A required attribute that comes with the new password can be an alias."""
    await empty_api.make_pool(AliasAttributes=["preferred_username"])
    ana = await empty_api.add_user("ana")
    await empty_api.admin(
        "AdminUpdateUserAttributes", "ana", UserAttributes=[{"Name": "preferred_username", "Value": "boss"}]
    )
    await empty_api.admin("AdminCreateUser", "ben", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    challenged = await empty_api.begin(name="ben")
    wanted = {"NEW_PASSWORD": NEW_PASSWORD, "userAttributes.preferred_username": "boss"}
    assert await refused(empty_api, challenged, "ben", **wanted) == (
        "AliasExistsException",
        "An account with the given preferred_username already exists.",
    )
    assert empty_api.pool.users.find("boss") is ana
    assert "AuthenticationResult" in await empty_api.respond(challenged, "ben", NEW_PASSWORD=NEW_PASSWORD)
