"""One's own attributes: changed, deleted, verified; and the account itself."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import EMAIL, PHONE, Api, wrong

OTHER = "other@example.com"
UNAUTHORIZED = ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
TAKEN = ("AliasExistsException", "An account with the given email already exists.")
MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
WAITING = {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}}
VERIFIED = {"email": EMAIL, "email_verified": "true"}


async def access_of(api: Api, name: str = "ana") -> str:
    token: str = (await api.tokens(name))["AccessToken"]
    return token


def entries(**values: str) -> list[dict[str, str]]:
    return [{"Name": name.replace("custom_", "custom:"), "Value": value} for name, value in values.items()]


async def attributes(api: Api, name: str = "ana") -> dict[str, str]:
    found = (await api.admin("AdminGetUser", name))["UserAttributes"]
    return {item["Name"]: item["Value"] for item in found if item["Name"] != "sub"}


async def update(api: Api, access: str, **values: str) -> list[dict[str, Any]]:
    answer = await api("UpdateUserAttributes", AccessToken=access, UserAttributes=entries(**values))
    if not answer:
        return []
    sent: list[dict[str, Any]] = answer["CodeDeliveryDetailsList"]
    assert sent, "without a delivery the response is {}"
    return sent


async def not_updated(api: Api, access: str, **values: str) -> tuple[str, str]:
    return await api.refused("UpdateUserAttributes", AccessToken=access, UserAttributes=entries(**values))


async def test_set_and_deleted(api: Api) -> None:
    """Users set and delete their own attributes."""
    await api.add_user(name="Ana", nickname="A")
    access = await access_of(api)
    assert await update(api, access, name="Ana B.", nickname="", locale="en") == []
    assert await attributes(api) == {"name": "Ana B.", "locale": "en"}
    names = ["name", "zoneinfo"]
    assert await api("DeleteUserAttributes", AccessToken=access, UserAttributeNames=names) == {}
    assert await attributes(api) == {"locale": "en"}


async def test_a_new_address_counts_at_once_unverified(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    await empty_api.add_user(**VERIFIED)
    access = await access_of(empty_api, EMAIL)
    sent = await update(empty_api, access, email=OTHER)
    assert sent == [{"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "o***@e***"}]
    assert await attributes(empty_api) == {"email": OTHER, "email_verified": "false"}
    for name in (EMAIL, OTHER):
        with pytest.raises(Exception, match="User does not exist"):
            await empty_api.begin(name=name)
    verify = {"AccessToken": access, "AttributeName": "email"}
    assert await empty_api.refused("VerifyUserAttribute", **verify, Code=wrong(empty_api.code())) == MISMATCH
    assert await empty_api("VerifyUserAttribute", **verify, Code=empty_api.code()) == {}
    assert (await attributes(empty_api))["email_verified"] == "true"
    assert "AuthenticationResult" in await empty_api.begin(name=OTHER)
    assert await empty_api.refused("VerifyUserAttribute", **verify, Code=empty_api.code()) == EXPIRED


async def test_the_same_address_again(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"])
    await empty_api.add_user(**VERIFIED)
    assert await update(empty_api, await access_of(empty_api), email=EMAIL) == []
    assert await attributes(empty_api) == VERIFIED


async def test_a_new_address_may_have_to_wait(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], **WAITING)
    await empty_api.add_user(**VERIFIED)
    access = await access_of(empty_api)
    await update(empty_api, access, email=OTHER, name="Ana")
    assert await attributes(empty_api) == {**VERIFIED, "name": "Ana"}
    assert empty_api.state.outbox.messages[-1].to == OTHER
    await empty_api("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="email")
    assert empty_api.state.outbox.messages[-1].to == OTHER
    await empty_api("VerifyUserAttribute", AccessToken=access, AttributeName="email", Code=empty_api.code())
    assert await attributes(empty_api) == {"email": OTHER, "email_verified": "true", "name": "Ana"}


async def test_what_waits_is_dropped_with_the_next_change(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], **WAITING)
    user = await empty_api.add_user(**VERIFIED)
    access = await access_of(empty_api)
    await update(empty_api, access, email=OTHER)
    assert await update(empty_api, access, email=EMAIL) == []
    assert user.pending == {}
    await update(empty_api, access, email=OTHER)
    await empty_api("DeleteUserAttributes", AccessToken=access, UserAttributeNames=["email"])
    assert user.pending == {}
    assert await attributes(empty_api) == {}
    members = {"AccessToken": access, "AttributeName": "email", "Code": empty_api.code()}
    assert await empty_api.refused("VerifyUserAttribute", **members) == EXPIRED


async def test_taken_addresses(empty_api: Api) -> None:
    """An address that is another user's sign-in name is refused."""
    await empty_api.make_pool(
        AutoVerifiedAttributes=["email"], AliasAttributes=["email", "preferred_username"]
    )
    await empty_api.add_user("ben", **VERIFIED, preferred_username="benny")
    await empty_api.add_user()
    access = await access_of(empty_api)
    assert await not_updated(empty_api, access, email=EMAIL) == TAKEN
    refusal = await not_updated(empty_api, access, preferred_username="benny")
    assert refusal[1] == "An account with the given preferred_username already exists."


async def test_taken_while_it_was_verified(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    await empty_api.add_user()
    access = await access_of(empty_api)
    await update(empty_api, access, email=EMAIL)
    code = empty_api.code()
    await empty_api.add_user("ben", **VERIFIED)
    members = {"AccessToken": access, "AttributeName": "email", "Code": code}
    assert await empty_api.refused("VerifyUserAttribute", **members) == TAKEN
    assert (await attributes(empty_api))["email_verified"] == "false"


async def test_what_may_not_be_written(empty_api: Api) -> None:
    schema = [
        {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
        {"Name": "level", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        {"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True},
    ]
    await empty_api.make_pool(Schema=schema, client={"WriteAttributes": ["name", "custom:tenant"]})
    await empty_api.add_user(name="Ana")
    access = await access_of(empty_api)
    assert await not_updated(empty_api, access, email=OTHER) == UNAUTHORIZED
    for name in ("email_verified", "phone_number_verified", "sub"):
        refusal = ("InvalidParameterException", f"Cannot modify the non-mutable attribute {name}")
        assert await not_updated(empty_api, access, **{name: "true"}) == refusal
        members = {"AccessToken": access, "UserAttributeNames": [name]}
        assert await empty_api.refused("DeleteUserAttributes", **members) == refusal
    assert await not_updated(empty_api, access, **{"dev:custom:level": "1"}) == UNAUTHORIZED
    assert await not_updated(empty_api, access, custom_tenant="x") == (
        "InvalidParameterException",
        "user.custom:tenant: Attribute cannot be updated.\n",
    )
    text = "Invalid user attributes: name.formatted: The attribute name.formatted is required"
    required = ("InvalidParameterException", text)
    assert await not_updated(empty_api, access, name="") == required
    members = {"AccessToken": access, "UserAttributeNames": ["name"]}
    assert await empty_api.refused("DeleteUserAttributes", **members) == required
    members = {"AccessToken": access, "UserAttributeNames": ["email"]}
    assert await empty_api.refused("DeleteUserAttributes", **members) == UNAUTHORIZED
    assert await attributes(empty_api) == {"name": "Ana"}


async def test_immutable_is_set_at_creation_or_never(empty_api: Api) -> None:
    schema = [{"Name": "tenant", "AttributeDataType": "String", "Mutable": False}]
    await empty_api.make_pool(Schema=schema)
    await empty_api.add_user(**{"custom:tenant": "blue"})
    await empty_api.add_user("ben")
    fixed = ("InvalidParameterException", "user.custom:tenant: Attribute cannot be updated.\n")
    for name in ("ana", "ben"):
        access = await access_of(empty_api, name)
        for value in ("blue", "red", ""):
            assert await not_updated(empty_api, access, custom_tenant=value) == fixed
        named = {"AccessToken": access, "UserAttributeNames": ["custom:tenant"]}
        text = "This attribute does not satisfy the mutability validation defined in the schema."
        assert await empty_api.refused("DeleteUserAttributes", **named) == (
            "InvalidParameterException",
            f"Invalid user attributes: Custom.User.tenant: {text}",
        )
    assert await attributes(empty_api) == {"custom:tenant": "blue"}
    assert await attributes(empty_api, "ben") == {}


async def test_nothing_is_changed_where_one_of_several_is_refused(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email", "phone_number"])
    await empty_api.add_user("ben", phone_number=PHONE, phone_number_verified="true")
    await empty_api.add_user(**VERIFIED, name="Ana")
    access = await access_of(empty_api)
    taken = "An account with the given phone_number already exists."
    assert await not_updated(empty_api, access, name="A", phone_number=PHONE) == (
        "AliasExistsException",
        taken,
    )
    assert (await not_updated(empty_api, access, name="A", phone_number="12"))[
        0
    ] == "InvalidParameterException"
    assert (await not_updated(empty_api, access, name="A", custom_x="1"))[0] == "InvalidParameterException"
    assert await attributes(empty_api) == {**VERIFIED, "name": "Ana"}
    assert "AuthenticationResult" in await empty_api.begin(name=EMAIL)


async def test_a_deleted_address_is_free_again(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"])
    await empty_api.add_user(**VERIFIED)
    names = {"AccessToken": await access_of(empty_api), "UserAttributeNames": ["email"]}
    await empty_api("DeleteUserAttributes", **names)
    assert await attributes(empty_api) == {}
    await empty_api.add_user("ben", **VERIFIED)
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == "ben"


async def test_what_is_not_there(api: Api) -> None:
    await api.add_user()
    access = await access_of(api)
    text = "user.custom:x: Attribute does not exist in the schema.\n"
    assert await not_updated(api, access, custom_x="1") == ("InvalidParameterException", text)
    members = {"AccessToken": access, "UserAttributeNames": ["custom:x"]}
    text = "Invalid user attributes: Type for attribute {custom:x} could not be determined"
    assert await api.refused("DeleteUserAttributes", **members) == ("InvalidParameterException", text)
    assert (await not_updated(api, access, email="nonsense"))[1] == "Invalid email address format."
    for name in ("email", "name"):
        members = {"AccessToken": access, "AttributeName": name}
        refusal = await api.refused("GetUserAttributeVerificationCode", **members)
        assert refusal[0] == "InvalidParameterException"
    refusal = await api.refused("VerifyUserAttribute", AccessToken=access, AttributeName="name", Code="1")
    assert refusal[0] == "InvalidParameterException"


async def test_limits(api: Api) -> None:
    """Five codes can be requested, and no sixth."""
    await api.add_user(phone_number=PHONE)
    access = await access_of(api)
    asked = {"AccessToken": access, "AttributeName": "phone_number"}
    for _ in range(5):
        answer = await api("GetUserAttributeVerificationCode", **asked)
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    assert await api.refused("GetUserAttributeVerificationCode", **asked) == LIMIT
    for _ in range(15):
        assert await api.refused("VerifyUserAttribute", **asked, Code=wrong(api.code())) == MISMATCH
    assert await api.refused("VerifyUserAttribute", **asked, Code=api.code()) == LIMIT


async def test_a_code_lives_a_day_and_is_for_one_address(api: Api) -> None:
    await api.add_user(phone_number=PHONE, email=EMAIL)
    access = await access_of(api)
    await api("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="phone_number")
    members = {"AccessToken": access, "Code": api.code()}
    assert await api.refused("VerifyUserAttribute", **members, AttributeName="email") == EXPIRED
    api.advance(86_400)
    members["AccessToken"] = await access_of(api)
    assert await api.refused("VerifyUserAttribute", **members, AttributeName="phone_number") == EXPIRED


async def test_deleting_oneself(empty_api: Api) -> None:
    """DeleteUser frees the name and the addresses."""
    await empty_api.make_pool(AliasAttributes=["email"])
    await empty_api.add_user(**VERIFIED)
    result = await empty_api.tokens()
    await empty_api("DeleteUser", AccessToken=result["AccessToken"])
    for name in ("ana", EMAIL):
        refusal = await empty_api.refused("AdminGetUser", UserPoolId=empty_api.pool_id, Username=name)
        assert refusal == ("UserNotFoundException", "User does not exist.")
    await empty_api.add_user("ben", **VERIFIED)
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == "ben"


async def test_a_date_of_birth_is_limited_at_its_end_only(api: Api) -> None:
    """Captured: ten characters at most; a shorter text is accepted by an update."""
    await api.add_user()
    access = await access_of(api)
    text = "user.birthdate: String must be no longer than 10 characters\n"
    assert await not_updated(api, access, birthdate="1999-09-099") == ("InvalidParameterException", text)
    assert await update(api, access, birthdate="1999") == []
    assert await attributes(api) == {"birthdate": "1999"}


async def test_of_an_attribute_that_is_given_twice_the_last_counts(api: Api) -> None:
    """Captured: the first value is not even validated."""
    await api.add_user()
    twice = [*entries(email="nonsense"), *entries(email=EMAIL)]
    access = await access_of(api)
    assert await api("UpdateUserAttributes", AccessToken=access, UserAttributes=twice) == {}
    assert (await attributes(api))["email"] == EMAIL


async def test_required_names_have_the_paths_of_scim(empty_api: Api) -> None:
    names = {"family_name": "name.familyName", "given_name": "name.givenName", "email": "email"}
    schema = [
        {"Name": name, "Required": True, "AttributeDataType": "String", "Mutable": True} for name in names
    ]
    await empty_api.make_pool(Schema=schema)
    await empty_api.add_user(family_name="Lee", given_name="Ana", email=EMAIL)
    access = await access_of(empty_api)
    for name, path in names.items():
        members = {"AccessToken": access, "UserAttributeNames": [name]}
        text = f"Invalid user attributes: {path}: The attribute {path} is required"
        assert await empty_api.refused("DeleteUserAttributes", **members) == (
            "InvalidParameterException",
            text,
        )


CONSTRAINED = [
    {"Name": "age", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1"}},
    {"Name": "flag", "AttributeDataType": "Boolean"},
    {
        "Name": "code",
        "AttributeDataType": "String",
        "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "5"},
    },
]


@pytest.mark.parametrize("operation", ["UpdateUserAttributes", "AdminUpdateUserAttributes"])
async def test_all_refused_updates_have_the_captured_form(empty_api: Api, operation: str) -> None:
    """The attribute has the prefix "user.", and a line feed ends the text."""
    await empty_api.make_pool(Schema=CONSTRAINED)
    user = await empty_api.add_user()
    whose = {"UserPoolId": empty_api.pool_id, "Username": "ana"}
    if operation == "UpdateUserAttributes":
        whose = {"AccessToken": await access_of(empty_api)}
    for name, value, text in (
        ("custom:age", "old", "Attribute must be a number"),
        ("custom:age", "0", "Attribute must be greater or equal to 1"),
        ("custom:flag", "maybe", "Attribute must be true or false"),
        ("custom:code", "x", "String must be longer or equal to 2 characters"),
        ("custom:code", "x" * 6, "String must be no longer than 5 characters"),
        ("updated_at", "-1", "Attribute must be greater or equal to 0"),
    ):
        given = [{"Name": name, "Value": value}, *entries(nickname="A")]
        refusal = await empty_api.refused(operation, **whose, UserAttributes=given)
        assert refusal == ("InvalidParameterException", f"user.{name}: {text}\n")
    assert user.attributes == {}


NOT_AN_EMAIL = (
    "InvalidParameterException",
    "Username cannot be of email format, since user pool is configured for email alias.",
)
NOT_A_PHONE = (
    "InvalidParameterException",
    "Username cannot be of phone number format, since user pool is configured for phone number alias.",
)
HELD = ("AliasExistsException", "User account already exists for the alias.")


async def test_preferred_usernames_that_cannot_be(empty_api: Api) -> None:
    """Captured: the form of another alias, and another user's username; of every operation."""
    await empty_api.make_pool(AliasAttributes=["email", "phone_number", "preferred_username"])
    user = await empty_api.add_user()
    await empty_api.add_user("ben")
    access = await access_of(empty_api)
    for name, refusal in ((OTHER, NOT_AN_EMAIL), (PHONE, NOT_A_PHONE), ("ben", HELD)):
        given = entries(preferred_username=name)
        assert await not_updated(empty_api, access, preferred_username=name, name="A") == refusal
        named = {"UserPoolId": empty_api.pool_id, "Username": "ana", "UserAttributes": given}
        assert await empty_api.refused("AdminUpdateUserAttributes", **named) == refusal
        # AdminCreateUser does not declare AliasExistsException.
        code = "UsernameExistsException" if refusal == HELD else refusal[0]
        named["Username"] = "new"
        assert await empty_api.refused("AdminCreateUser", **named) == (code, refusal[1])
    assert user.attributes == {}
    assert await update(empty_api, access, preferred_username="ana") == []


async def test_preferred_usernames_without_such_aliases(api: Api) -> None:
    """In a user pool without aliases, a preferred username is any text."""
    await api.add_user()
    await api.add_user("ben")
    access = await access_of(api)
    for name in (OTHER, PHONE, "ben"):
        assert await update(api, access, preferred_username=name) == []
