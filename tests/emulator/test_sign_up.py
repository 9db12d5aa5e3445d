"""Signing up: policy, attributes, names, codes (SignUp, ConfirmSignUp, ResendConfirmationCode)."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from aiocognito.emulator import Assumptions
from helpers.api import EMAIL, PASSWORD, PHONE, Api, wrong


def attributes(**values: str) -> list[dict[str, str]]:
    return [{"Name": name.replace("custom_", "custom:"), "Value": value} for name, value in values.items()]


async def sign_up(api: Api, name: str = "ana", **members: Any) -> dict[str, Any]:
    members = {"Password": PASSWORD, "UserAttributes": attributes(email=EMAIL), **members}
    return await api("SignUp", ClientId=api.client_id, Username=name, **members)


async def not_signed_up(api: Api, name: str = "ana", **members: Any) -> tuple[str, str]:
    members = {"Password": PASSWORD, "UserAttributes": attributes(email=EMAIL), **members}
    return await api.refused("SignUp", ClientId=api.client_id, Username=name, **members)


async def confirm(api: Api, code: str, name: str = "ana", **members: Any) -> dict[str, Any]:
    return await api("ConfirmSignUp", ClientId=api.client_id, Username=name, ConfirmationCode=code, **members)


async def not_confirmed(api: Api, code: str, name: str = "ana") -> tuple[str, str]:
    return await api.refused("ConfirmSignUp", ClientId=api.client_id, Username=name, ConfirmationCode=code)


MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
UNKNOWN = ("UserNotFoundException", "Username/client id combination not found.")
LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")


@pytest.fixture
async def verifying(empty_api: Api) -> Api:
    """A pool that verifies e-mail addresses and phone numbers."""
    await empty_api.make_pool(AutoVerifiedAttributes=["email", "phone_number"])
    return empty_api


async def test_a_code_goes_out_and_confirms(verifying: Api) -> None:
    answer = await sign_up(verifying)
    assert not answer["UserConfirmed"]
    assert answer["CodeDeliveryDetails"] == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": "a***@e***",
    }
    message = verifying.state.outbox.messages[-1]
    assert (message.to, message.username, message.medium, message.purpose) == (
        EMAIL,
        "ana",
        "EMAIL",
        "sign_up",
    )
    assert len(message.code) == 6
    assert message.code.isdecimal()
    assert await confirm(verifying, message.code) == {}
    user = await verifying.admin("AdminGetUser")
    assert user["UserStatus"] == "CONFIRMED"
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    assert {"Name": "sub", "Value": answer["UserSub"]} in user["UserAttributes"]


async def test_the_phone_comes_first(verifying: Api) -> None:
    answer = await sign_up(verifying, UserAttributes=attributes(email=EMAIL, phone_number="+12065550839"))
    assert answer["CodeDeliveryDetails"] == {
        "AttributeName": "phone_number",
        "DeliveryMedium": "SMS",
        "Destination": "+*******0839",
    }


async def test_no_code_without_auto_verification_or_address(api: Api) -> None:
    assert "CodeDeliveryDetails" not in await sign_up(api)
    assert api.state.outbox.messages == []
    refusal = await api.refused("ResendConfirmationCode", ClientId=api.client_id, Username="ana")
    assert refusal == (
        "InvalidParameterException",
        "Cannot resend codes. Auto verification not turned on.",
    )


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("Sh0rt!", "Password not long enough"),
        ("no-upper-case-1", "Password must have uppercase characters"),
        ("NO-LOWER-CASE-1", "Password must have lowercase characters"),
        ("No-number-at-all", "Password must have numeric characters"),
        ("NoSymbolAtAll1", "Password must have symbol characters"),
    ],
)
async def test_password_policy(api: Api, password: str, rule: str) -> None:
    """The rule that a password breaks is named."""
    refusal = await not_signed_up(api, Password=password)
    assert refusal == ("InvalidPasswordException", f"Password did not conform with policy: {rule}")


async def test_a_policy_of_ones_own(empty_api: Api) -> None:
    await empty_api.make_pool(Policies={"PasswordPolicy": {"MinimumLength": 6}})
    assert (await not_signed_up(empty_api, Password="abcde"))[0] == "InvalidPasswordException"
    assert "UserSub" in await sign_up(empty_api, Password="abcdef")


async def test_a_password_is_needed(api: Api) -> None:
    members = {"ClientId": api.client_id, "Username": "ana"}
    assert (await api.refused("SignUp", **members))[0] == "InvalidParameterException"


async def test_required_attributes(empty_api: Api) -> None:
    """A required attribute that is missing is named."""
    required = {"AttributeDataType": "String", "Required": True, "Mutable": True}
    schema = [{"Name": "preferred_username", **required}, {"Name": "name", **required}]
    await empty_api.make_pool(Schema=[{"Name": "family_name", **required}])
    # Captured: without a line feed at its end.
    path = "name.familyName"
    assert await not_signed_up(empty_api) == (
        "InvalidParameterException",
        f"Attributes did not conform to the schema: {path}: The attribute {path} is required",
    )
    await empty_api.make_pool(Schema=schema)
    assert await not_signed_up(empty_api) == (
        "InvalidParameterException",
        "Attributes did not conform to the schema: name.formatted: The attribute name.formatted is required\n"
        "preferred_username: The attribute is required\n",
    )


async def test_attributes_outside_the_schema(api: Api) -> None:
    refusal = await not_signed_up(api, UserAttributes=attributes(custom_team="blue"))
    assert refusal == (
        "InvalidParameterException",
        "Attributes did not conform to the schema: custom:team: Attribute does not exist in the schema.\n",
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"email": "nonsense"}, "Invalid email address format."),
        ({"phone_number": "555"}, "Invalid phone number format."),
        (
            {"birthdate": "1999"},
            "Attributes did not conform to the schema: birthdate: String must be longer or equal to"
            " 10 characters\n",
        ),
        (
            {"birthdate": "1999-09-099"},
            "Attributes did not conform to the schema: birthdate: String must be shorter or equal to"
            " 10 characters\n",
        ),
        (
            {"updated_at": "soon"},
            "Attributes did not conform to the schema: updated_at: Attribute must be a number\n",
        ),
        (
            {"updated_at": "-1"},
            "Attributes did not conform to the schema: updated_at: Attribute must be greater or equal to 0\n",
        ),
        (
            {"custom_level": "11"},
            "Attributes did not conform to the schema: custom:level: Attribute must be less or equal to 10\n",
        ),
        (
            {"custom_member": "perhaps"},
            "Attributes did not conform to the schema: custom:member: Attribute must be true or false\n",
        ),
    ],
)
async def test_values_that_cannot_be(empty_api: Api, values: dict[str, str], text: str) -> None:
    level = {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "10"}}
    await empty_api.make_pool(Schema=[level, {"Name": "member", "AttributeDataType": "Boolean"}])
    refusal = await not_signed_up(empty_api, UserAttributes=attributes(**values))
    assert refusal == ("InvalidParameterException", text)


async def test_values_that_can_be(empty_api: Api) -> None:
    level = {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "10"}}
    await empty_api.make_pool(Schema=[level, {"Name": "member", "AttributeDataType": "Boolean"}])
    values = {"custom_level": "10", "custom_member": "true", "updated_at": "5", "nickname": ""}
    await sign_up(empty_api, UserAttributes=attributes(**values))
    found = {
        item["Name"]: item["Value"] for item in (await empty_api.admin("AdminGetUser"))["UserAttributes"]
    }
    assert found.items() >= {("custom:level", "10"), ("custom:member", "true"), ("updated_at", "5")}
    assert "nickname" not in found


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "sub"])
async def test_attributes_that_users_cannot_set_themselves(api: Api, name: str) -> None:
    refusal = await not_signed_up(api, UserAttributes=attributes(**{name: "true"}))
    assert refusal == ("InvalidParameterException", f"Cannot modify the non-mutable attribute {name}")


async def test_write_attributes(empty_api: Api) -> None:
    """A client can write only its WriteAttributes."""
    await empty_api.make_pool(client={"WriteAttributes": ["email"]})
    refusal = await not_signed_up(empty_api, UserAttributes=attributes(name="Ana"))
    assert refusal == ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
    assert "UserSub" in await sign_up(empty_api)


async def test_a_name_can_be_taken_once(api: Api) -> None:
    await sign_up(api)
    assert await not_signed_up(api) == ("UsernameExistsException", "User already exists")
    assert "UserSub" in await sign_up(api, "Ana")


async def test_case_is_ignored_where_the_pool_says_so(empty_api: Api) -> None:
    await empty_api.make_pool(UsernameConfiguration={"CaseSensitive": False})
    await sign_up(empty_api, "Ana")
    assert (await not_signed_up(empty_api, "ANA"))[0] == "UsernameExistsException"
    assert (await empty_api.admin("AdminGetUser", "aNA"))["Username"] == "ana"


async def test_case_is_kept_if_that_is_believed(empty_api: Api) -> None:
    empty_api.state.assumptions = Assumptions(lower_case_usernames=False)
    await empty_api.make_pool(UsernameConfiguration={"CaseSensitive": False})
    await sign_up(empty_api, "Ana")
    assert (await empty_api.admin("AdminGetUser", "ana"))["Username"] == "Ana"


async def test_only_administrators_create_users(empty_api: Api) -> None:
    await empty_api.make_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert await not_signed_up(empty_api) == (
        "NotAuthorizedException",
        "SignUp is not permitted for this user pool",
    )


async def test_unknown_client(api: Api) -> None:
    """An unknown client is refused."""
    refusal = await api.refused("SignUp", ClientId="unknown", Username="ana", Password=PASSWORD)
    assert refusal == ("ResourceNotFoundException", "User pool client unknown does not exist.")


# Addresses as usernames


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (["email"], "Username should be an email."),
        (["phone_number"], "Username should be a phone number."),
        (["email", "phone_number"], "Username should be either an email or a phone number."),
    ],
)
async def test_usernames_that_must_be_addresses(empty_api: Api, wanted: list[str], text: str) -> None:
    await empty_api.make_pool(UsernameAttributes=wanted)
    refusal = await not_signed_up(empty_api, UserAttributes=[])
    assert refusal == ("InvalidParameterException", text)


async def test_an_address_as_username(empty_api: Api) -> None:
    await empty_api.make_pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    answer = await sign_up(empty_api, EMAIL, UserAttributes=[])
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    refusal = await not_signed_up(empty_api, EMAIL, UserAttributes=[])
    assert refusal == ("UsernameExistsException", "An account with the given email already exists.")
    await confirm(empty_api, empty_api.code(), EMAIL)
    user = await empty_api.admin("AdminGetUser", EMAIL)
    assert user["Username"] == answer["UserSub"]
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    assert (await empty_api.admin("AdminGetUser", answer["UserSub"]))["Username"] == user["Username"]


async def test_a_phone_number_as_username(empty_api: Api) -> None:
    await empty_api.make_pool(UsernameAttributes=["email", "phone_number"])
    await sign_up(empty_api, PHONE, UserAttributes=[])
    refusal = await not_signed_up(empty_api, PHONE, UserAttributes=[])
    assert refusal == ("UsernameExistsException", "An account with the given phone_number already exists.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (EMAIL, "Username cannot be of email format, since user pool is configured for email alias."),
        (
            PHONE,
            "Username cannot be of phone number format, since user pool is configured for phone number"
            " alias.",
        ),
    ],
)
async def test_usernames_that_must_not_be_addresses(empty_api: Api, name: str, text: str) -> None:
    await empty_api.make_pool(AliasAttributes=["email", "phone_number"])
    assert await not_signed_up(empty_api, name) == ("InvalidParameterException", text)


async def test_an_alias_works_once_it_is_verified(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    await sign_up(empty_api)
    assert (await empty_api.refused("AdminGetUser", UserPoolId=empty_api.pool_id, Username=EMAIL))[0] == (
        "UserNotFoundException"
    )
    await confirm(empty_api, empty_api.code())
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == "ana"


async def test_an_alias_belongs_to_one(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    await sign_up(empty_api)
    first = empty_api.code()
    await sign_up(empty_api, "ben")
    second = empty_api.code()
    await confirm(empty_api, first)
    refusal = await not_confirmed(empty_api, second, "ben")
    assert refusal == ("AliasExistsException", "An account with the given email already exists.")
    assert (await empty_api.admin("AdminGetUser", "ben"))["UserStatus"] == "UNCONFIRMED"
    await confirm(empty_api, second, "ben", ForceAliasCreation=True)
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == "ben"
    entries = (await empty_api.admin("AdminGetUser", "ana"))["UserAttributes"]
    assert {"Name": "email_verified", "Value": "false"} in entries


async def test_a_refused_alias_leaves_what_was_verified_before(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    await sign_up(empty_api)
    await confirm(empty_api, empty_api.code())
    await sign_up(empty_api, "ben")
    code = empty_api.code()
    ben = empty_api.pool.users.find("ben")
    assert ben is not None
    ben.attributes["email_verified"] = "false"
    assert (await not_confirmed(empty_api, code, "ben"))[0] == "AliasExistsException"
    assert ben.attributes["email_verified"] == "false"


async def test_preferred_username_is_not_an_alias_of_unconfirmed_users(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["preferred_username"])
    refusal = await not_signed_up(empty_api, UserAttributes=attributes(preferred_username="annie"))
    assert refusal[0] == "InvalidParameterException"


# Codes


async def test_wrong_code(verifying: Api) -> None:
    """A wrong code is refused, and the right one is accepted afterwards."""
    await sign_up(verifying)
    assert await not_confirmed(verifying, wrong(verifying.code())) == MISMATCH
    assert await confirm(verifying, verifying.code()) == {}


async def test_a_code_lives_a_day(verifying: Api) -> None:
    await sign_up(verifying)
    verifying.advance(86_400)
    assert await not_confirmed(verifying, verifying.code()) == EXPIRED


async def test_no_code_outstanding(api: Api) -> None:
    """A code that was never sent counts as expired."""
    await sign_up(api)
    assert await not_confirmed(api, "123456") == EXPIRED


async def test_confirmed_once(verifying: Api) -> None:
    """An account is confirmed once."""
    await sign_up(verifying)
    await confirm(verifying, verifying.code())
    refusal = await not_confirmed(verifying, verifying.code())
    assert refusal == ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
    refusal = await verifying.refused("ResendConfirmationCode", ClientId=verifying.client_id, Username="ana")
    assert refusal == ("InvalidParameterException", "User is already confirmed.")


async def test_resending_makes_the_older_code_worthless(verifying: Api) -> None:
    await sign_up(verifying)
    old = verifying.code()
    members = {"ClientId": verifying.client_id, "Username": "ana"}
    answer = await verifying("ResendConfirmationCode", **members)
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert verifying.code() != old
    assert await not_confirmed(verifying, old) == MISMATCH
    await confirm(verifying, verifying.code())


async def test_fifteen_tries_an_hour(verifying: Api) -> None:
    await sign_up(verifying)
    for _ in range(15):
        assert await not_confirmed(verifying, wrong(verifying.code())) == MISMATCH
    assert await not_confirmed(verifying, verifying.code()) == LIMIT
    verifying.advance(3600)
    await confirm(verifying, verifying.code())


async def test_five_codes_an_hour(verifying: Api) -> None:
    await sign_up(verifying)
    members = {"ClientId": verifying.client_id, "Username": "ana"}
    for _ in range(5):
        await verifying("ResendConfirmationCode", **members)
    assert await verifying.refused("ResendConfirmationCode", **members) == LIMIT
    verifying.advance(3600)
    await verifying("ResendConfirmationCode", **members)


async def test_unknown_users_are_reported(verifying: Api) -> None:
    assert await not_confirmed(verifying, "123456", "unknown") == UNKNOWN
    members = {"ClientId": verifying.client_id, "Username": "unknown"}
    assert await verifying.refused("ResendConfirmationCode", **members) == UNKNOWN


async def test_disabled_users_get_no_code(verifying: Api) -> None:
    await sign_up(verifying)
    await verifying.admin("AdminDisableUser")
    members = {"ClientId": verifying.client_id, "Username": "ana"}
    refusal = await verifying.refused("ResendConfirmationCode", **members)
    assert refusal == ("NotAuthorizedException", "User is disabled.")


@pytest.mark.parametrize("belief", [MISMATCH, EXPIRED])
async def test_unknown_users_are_hidden(empty_api: Api, belief: Any) -> None:
    empty_api.state.assumptions = attrs.evolve(Assumptions(), hidden_user_confirm_sign_up=belief[0])
    hides = {"PreventUserExistenceErrors": "ENABLED"}
    await empty_api.make_pool(AutoVerifiedAttributes=["email", "phone_number"], client=hides)
    assert await not_confirmed(empty_api, "123456", "unknown") == belief
    for name, medium in (("unknown@example.com", "EMAIL"), ("+15555550123", "SMS"), ("unknown", "EMAIL")):
        members = {"ClientId": empty_api.client_id, "Username": name}
        first = await empty_api("ResendConfirmationCode", **members)
        assert first["CodeDeliveryDetails"]["DeliveryMedium"] == medium
        assert await empty_api("ResendConfirmationCode", **members) == first
    assert empty_api.state.outbox.messages == []


async def test_unknown_users_are_hidden_where_there_are_only_phones(empty_api: Api) -> None:
    hides = {"PreventUserExistenceErrors": "ENABLED"}
    await empty_api.make_pool(AutoVerifiedAttributes=["phone_number"], client=hides)
    members = {"ClientId": empty_api.client_id, "Username": "unknown"}
    details = (await empty_api("ResendConfirmationCode", **members))["CodeDeliveryDetails"]
    assert details["AttributeName"] == "phone_number"
    assert len(details["Destination"]) == len("+*******0839")


# Client secrets


async def test_secret_hashes(empty_api: Api) -> None:
    """A client with a secret has to prove it."""
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], client={"GenerateSecret": True})
    missing = (
        "NotAuthorizedException",
        f"Client {empty_api.client_id} is configured with secret but SECRET_HASH was not received",
    )
    bad = ("NotAuthorizedException", f"Unable to verify secret hash for client {empty_api.client_id}")
    assert await not_signed_up(empty_api) == missing
    assert await not_signed_up(empty_api, SecretHash=empty_api.hash("ben")) == bad
    await sign_up(empty_api, SecretHash=empty_api.hash("ana"))
    named = {"ClientId": empty_api.client_id, "Username": "ana"}
    for operation, more in (
        ("ResendConfirmationCode", {}),
        ("ConfirmSignUp", {"ConfirmationCode": empty_api.code()}),
        ("ForgotPassword", {}),
        ("ConfirmForgotPassword", {"ConfirmationCode": "123456", "Password": PASSWORD}),
    ):
        assert await empty_api.refused(operation, **named, **more) == missing
        assert await empty_api.refused(operation, **named, **more, SecretHash=empty_api.hash("ben")) == bad
    await confirm(empty_api, empty_api.code(), SecretHash=empty_api.hash("ana"))


async def test_a_hash_for_a_client_without_secret(api: Api) -> None:
    refusal = await not_signed_up(api, SecretHash="AAAA")
    assert refusal == ("NotAuthorizedException", f"Unable to verify secret hash for client {api.client_id}")
