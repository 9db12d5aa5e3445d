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


async def access_of(ask: Api, name: str = "ana") -> str:
    token: str = (await ask.tokens(name))["AccessToken"]
    return token


def entries(**values: str) -> list[dict[str, str]]:
    return [{"Name": name.replace("custom_", "custom:"), "Value": value} for name, value in values.items()]


async def attributes(ask: Api, name: str = "ana") -> dict[str, str]:
    found = (await ask.admin("AdminGetUser", name))["UserAttributes"]
    return {item["Name"]: item["Value"] for item in found if item["Name"] != "sub"}


async def update(ask: Api, access: str, **values: str) -> list[dict[str, Any]]:
    answer = await ask("UpdateUserAttributes", AccessToken=access, UserAttributes=entries(**values))
    if not answer:
        return []
    sent: list[dict[str, Any]] = answer["CodeDeliveryDetailsList"]
    assert sent, "without a delivery the response is {}"
    return sent


async def not_updated(ask: Api, access: str, **values: str) -> tuple[str, str]:
    return await ask.refused("UpdateUserAttributes", AccessToken=access, UserAttributes=entries(**values))


async def test_set_and_deleted(ask: Api) -> None:
    await ask.add_user(name="Ana", nickname="A")
    access = await access_of(ask)
    assert await update(ask, access, name="Ana B.", nickname="", locale="en") == []
    assert await attributes(ask) == {"name": "Ana B.", "locale": "en"}
    names = ["name", "zoneinfo"]
    assert await ask("DeleteUserAttributes", AccessToken=access, UserAttributeNames=names) == {}
    assert await attributes(ask) == {"locale": "en"}


async def test_a_new_address_counts_at_once_unverified(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    await blank.add_user(**VERIFIED)
    access = await access_of(blank, EMAIL)
    sent = await update(blank, access, email=OTHER)
    assert sent == [{"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "o***@e***"}]
    assert await attributes(blank) == {"email": OTHER, "email_verified": "false"}
    for name in (EMAIL, OTHER):
        with pytest.raises(Exception, match="User does not exist"):
            await blank.begin(name=name)
    verify = {"AccessToken": access, "AttributeName": "email"}
    assert await blank.refused("VerifyUserAttribute", **verify, Code=wrong(blank.code())) == MISMATCH
    assert await blank("VerifyUserAttribute", **verify, Code=blank.code()) == {}
    assert (await attributes(blank))["email_verified"] == "true"
    assert "AuthenticationResult" in await blank.begin(name=OTHER)
    assert await blank.refused("VerifyUserAttribute", **verify, Code=blank.code()) == EXPIRED


async def test_the_same_address_again(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"])
    await blank.add_user(**VERIFIED)
    assert await update(blank, await access_of(blank), email=EMAIL) == []
    assert await attributes(blank) == VERIFIED


async def test_a_new_address_may_have_to_wait(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"], **WAITING)
    await blank.add_user(**VERIFIED)
    access = await access_of(blank)
    await update(blank, access, email=OTHER, name="Ana")
    assert await attributes(blank) == {**VERIFIED, "name": "Ana"}
    assert blank.state.outbox.messages[-1].to == OTHER
    await blank("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="email")
    assert blank.state.outbox.messages[-1].to == OTHER
    await blank("VerifyUserAttribute", AccessToken=access, AttributeName="email", Code=blank.code())
    assert await attributes(blank) == {"email": OTHER, "email_verified": "true", "name": "Ana"}


async def test_what_waits_is_dropped_with_the_next_change(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"], **WAITING)
    user = await blank.add_user(**VERIFIED)
    access = await access_of(blank)
    await update(blank, access, email=OTHER)
    assert await update(blank, access, email=EMAIL) == []
    assert user.pending == {}
    await update(blank, access, email=OTHER)
    await blank("DeleteUserAttributes", AccessToken=access, UserAttributeNames=["email"])
    assert user.pending == {}
    assert await attributes(blank) == {}
    members = {"AccessToken": access, "AttributeName": "email", "Code": blank.code()}
    assert await blank.refused("VerifyUserAttribute", **members) == EXPIRED


async def test_taken_addresses(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email", "preferred_username"])
    await blank.add_user("ben", **VERIFIED, preferred_username="benny")
    await blank.add_user()
    access = await access_of(blank)
    assert await not_updated(blank, access, email=EMAIL) == TAKEN
    refusal = await not_updated(blank, access, preferred_username="benny")
    assert refusal[1] == "An account with the given preferred_username already exists."


async def test_taken_while_it_was_verified(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    await blank.add_user()
    access = await access_of(blank)
    await update(blank, access, email=EMAIL)
    code = blank.code()
    await blank.add_user("ben", **VERIFIED)
    members = {"AccessToken": access, "AttributeName": "email", "Code": code}
    assert await blank.refused("VerifyUserAttribute", **members) == TAKEN
    assert (await attributes(blank))["email_verified"] == "false"


async def test_what_may_not_be_written(blank: Api) -> None:
    schema = [
        {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
        {"Name": "level", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        {"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True},
    ]
    await blank.make_pool(Schema=schema, client={"WriteAttributes": ["name", "custom:tenant"]})
    await blank.add_user(name="Ana")
    access = await access_of(blank)
    assert await not_updated(blank, access, email=OTHER) == UNAUTHORIZED
    for name in ("email_verified", "phone_number_verified", "sub"):
        refusal = ("InvalidParameterException", f"Cannot modify the non-mutable attribute {name}")
        assert await not_updated(blank, access, **{name: "true"}) == refusal
        members = {"AccessToken": access, "UserAttributeNames": [name]}
        assert await blank.refused("DeleteUserAttributes", **members) == refusal
    assert await not_updated(blank, access, **{"dev:custom:level": "1"}) == UNAUTHORIZED
    assert await not_updated(blank, access, custom_tenant="x") == (
        "InvalidParameterException",
        "user.custom:tenant: Attribute cannot be updated.\n",
    )
    text = "Invalid user attributes: name.formatted: The attribute name.formatted is required"
    required = ("InvalidParameterException", text)
    assert await not_updated(blank, access, name="") == required
    members = {"AccessToken": access, "UserAttributeNames": ["name"]}
    assert await blank.refused("DeleteUserAttributes", **members) == required
    members = {"AccessToken": access, "UserAttributeNames": ["email"]}
    assert await blank.refused("DeleteUserAttributes", **members) == UNAUTHORIZED
    assert await attributes(blank) == {"name": "Ana"}


async def test_immutable_is_set_at_creation_or_never(blank: Api) -> None:
    schema = [{"Name": "tenant", "AttributeDataType": "String", "Mutable": False}]
    await blank.make_pool(Schema=schema)
    await blank.add_user(**{"custom:tenant": "blue"})
    await blank.add_user("ben")
    fixed = ("InvalidParameterException", "user.custom:tenant: Attribute cannot be updated.\n")
    for name in ("ana", "ben"):
        access = await access_of(blank, name)
        for value in ("blue", "red", ""):
            assert await not_updated(blank, access, custom_tenant=value) == fixed
        named = {"AccessToken": access, "UserAttributeNames": ["custom:tenant"]}
        text = "This attribute does not satisfy the mutability validation defined in the schema."
        assert await blank.refused("DeleteUserAttributes", **named) == (
            "InvalidParameterException",
            f"Invalid user attributes: Custom.User.tenant: {text}",
        )
    assert await attributes(blank) == {"custom:tenant": "blue"}
    assert await attributes(blank, "ben") == {}


async def test_nothing_is_changed_where_one_of_several_is_refused(blank: Api) -> None:
    await blank.make_pool(AliasAttributes=["email", "phone_number"])
    await blank.add_user("ben", phone_number=PHONE, phone_number_verified="true")
    await blank.add_user(**VERIFIED, name="Ana")
    access = await access_of(blank)
    taken = "An account with the given phone_number already exists."
    assert await not_updated(blank, access, name="A", phone_number=PHONE) == ("AliasExistsException", taken)
    assert (await not_updated(blank, access, name="A", phone_number="12"))[0] == "InvalidParameterException"
    assert (await not_updated(blank, access, name="A", custom_x="1"))[0] == "InvalidParameterException"
    assert await attributes(blank) == {**VERIFIED, "name": "Ana"}
    assert "AuthenticationResult" in await blank.begin(name=EMAIL)


async def test_a_deleted_address_is_free_again(blank: Api) -> None:
    await blank.make_pool(AliasAttributes=["email"])
    await blank.add_user(**VERIFIED)
    names = {"AccessToken": await access_of(blank), "UserAttributeNames": ["email"]}
    await blank("DeleteUserAttributes", **names)
    assert await attributes(blank) == {}
    await blank.add_user("ben", **VERIFIED)
    assert (await blank.admin("AdminGetUser", EMAIL))["Username"] == "ben"


async def test_what_is_not_there(ask: Api) -> None:
    await ask.add_user()
    access = await access_of(ask)
    text = "user.custom:x: Attribute does not exist in the schema.\n"
    assert await not_updated(ask, access, custom_x="1") == ("InvalidParameterException", text)
    members = {"AccessToken": access, "UserAttributeNames": ["custom:x"]}
    text = "Invalid user attributes: Type for attribute {custom:x} could not be determined"
    assert await ask.refused("DeleteUserAttributes", **members) == ("InvalidParameterException", text)
    assert (await not_updated(ask, access, email="nonsense"))[1] == "Invalid email address format."
    for name in ("email", "name"):
        members = {"AccessToken": access, "AttributeName": name}
        refusal = await ask.refused("GetUserAttributeVerificationCode", **members)
        assert refusal[0] == "InvalidParameterException"
    refusal = await ask.refused("VerifyUserAttribute", AccessToken=access, AttributeName="name", Code="1")
    assert refusal[0] == "InvalidParameterException"


async def test_limits(ask: Api) -> None:
    await ask.add_user(phone_number=PHONE)
    access = await access_of(ask)
    asked = {"AccessToken": access, "AttributeName": "phone_number"}
    for _ in range(5):
        answer = await ask("GetUserAttributeVerificationCode", **asked)
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    assert await ask.refused("GetUserAttributeVerificationCode", **asked) == LIMIT
    for _ in range(15):
        assert await ask.refused("VerifyUserAttribute", **asked, Code=wrong(ask.code())) == MISMATCH
    assert await ask.refused("VerifyUserAttribute", **asked, Code=ask.code()) == LIMIT


async def test_a_code_lives_a_day_and_is_for_one_address(ask: Api) -> None:
    await ask.add_user(phone_number=PHONE, email=EMAIL)
    access = await access_of(ask)
    await ask("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="phone_number")
    members = {"AccessToken": access, "Code": ask.code()}
    assert await ask.refused("VerifyUserAttribute", **members, AttributeName="email") == EXPIRED
    ask.advance(86_400)
    members["AccessToken"] = await access_of(ask)
    assert await ask.refused("VerifyUserAttribute", **members, AttributeName="phone_number") == EXPIRED


async def test_deleting_oneself(blank: Api) -> None:
    await blank.make_pool(AliasAttributes=["email"])
    await blank.add_user(**VERIFIED)
    result = await blank.tokens()
    await blank("DeleteUser", AccessToken=result["AccessToken"])
    for name in ("ana", EMAIL):
        refusal = await blank.refused("AdminGetUser", UserPoolId=blank.pool_id, Username=name)
        assert refusal == ("UserNotFoundException", "User does not exist.")
    await blank.add_user("ben", **VERIFIED)
    assert (await blank.admin("AdminGetUser", EMAIL))["Username"] == "ben"


async def test_a_date_of_birth_is_limited_at_its_end_only(ask: Api) -> None:
    """Captured: ten characters at most; a shorter text is accepted by an update."""
    await ask.add_user()
    access = await access_of(ask)
    text = "user.birthdate: String must be no longer than 10 characters\n"
    assert await not_updated(ask, access, birthdate="1999-09-099") == ("InvalidParameterException", text)
    assert await update(ask, access, birthdate="1999") == []
    assert await attributes(ask) == {"birthdate": "1999"}


async def test_of_an_attribute_that_is_given_twice_the_last_counts(ask: Api) -> None:
    """Captured: the first value is not even validated."""
    await ask.add_user()
    twice = [*entries(email="nonsense"), *entries(email=EMAIL)]
    access = await access_of(ask)
    assert await ask("UpdateUserAttributes", AccessToken=access, UserAttributes=twice) == {}
    assert (await attributes(ask))["email"] == EMAIL


async def test_required_names_have_the_paths_of_scim(blank: Api) -> None:
    names = {"family_name": "name.familyName", "given_name": "name.givenName", "email": "email"}
    schema = [
        {"Name": name, "Required": True, "AttributeDataType": "String", "Mutable": True} for name in names
    ]
    await blank.make_pool(Schema=schema)
    await blank.add_user(family_name="Lee", given_name="Ana", email=EMAIL)
    access = await access_of(blank)
    for name, path in names.items():
        members = {"AccessToken": access, "UserAttributeNames": [name]}
        text = f"Invalid user attributes: {path}: The attribute {path} is required"
        assert await blank.refused("DeleteUserAttributes", **members) == ("InvalidParameterException", text)
