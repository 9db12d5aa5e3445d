"""Administration: users, groups, app clients, pools."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from aiocognito.emulator import Assumptions
from aiocognito.emulator.errors import ApiError
from aiocognito.emulator.paging import page
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, SMS_ROLE, Api, Refused

OTHER = "other@example.com"


def entries(**values: str) -> list[dict[str, str]]:
    return [{"Name": name.replace("custom_", "custom:"), "Value": value} for name, value in values.items()]


# Users


async def test_an_invitation(api: Api) -> None:
    """An invited user has to change the temporary password."""
    answer = await api.admin("AdminCreateUser", UserAttributes=entries(email=EMAIL, email_verified="True"))
    user = answer["User"]
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["Enabled"]
    assert {"Name": "email_verified", "Value": "true"} in user["Attributes"]
    message = api.state.outbox.messages[-1]
    assert (message.to, message.purpose) == (EMAIL, "invitation")
    assert (await api.begin(password=message.code))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@pytest.mark.parametrize(
    ("attributes", "media", "reached"),
    [
        ({"email": EMAIL, "phone_number": PHONE}, None, [PHONE]),
        ({"email": EMAIL, "phone_number": PHONE}, ["EMAIL"], [EMAIL]),
        ({"email": EMAIL, "phone_number": PHONE}, ["EMAIL", "SMS"], [PHONE, EMAIL]),
        ({"phone_number": PHONE}, ["EMAIL"], [PHONE]),
        ({}, None, []),
    ],
)
async def test_where_an_invitation_goes(
    api: Api, attributes: dict[str, str], media: list[str] | None, reached: list[str]
) -> None:
    more = {} if media is None else {"DesiredDeliveryMediums": media}
    await api.admin("AdminCreateUser", UserAttributes=entries(**attributes), **more)
    assert [message.to for message in api.state.outbox.messages] == reached


async def test_an_invitation_again(api: Api) -> None:
    """Another invitation replaces an expired password."""
    await api.admin("AdminCreateUser", UserAttributes=entries(email=EMAIL), TemporaryPassword=PASSWORD)
    api.advance(7 * 86_400)
    with pytest.raises(Exception, match="Temporary password has expired"):
        await api.begin()
    await api.admin("AdminCreateUser", MessageAction="RESEND")
    assert (await api.begin(password=api.code()))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    named = {"UserPoolId": api.pool_id, "MessageAction": "RESEND"}
    assert (await api.refused("AdminCreateUser", **named, Username="unknown"))[0] == "UserNotFoundException"
    await api.admin("AdminSetUserPassword", Password=PASSWORD, Permanent=True)
    refusal = await api.refused("AdminCreateUser", **named, Username="ana")
    assert refusal[0] == "UnsupportedUserStateException"


async def test_users_that_cannot_be_created(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"])
    verified = {"email": EMAIL, "email_verified": "true"}
    await empty_api.add_user(**verified)
    named = {"UserPoolId": empty_api.pool_id}
    for given, refusal in (
        ({"Username": "ana"}, ("UsernameExistsException", "User account already exists")),
        (
            {"Username": "ben", "UserAttributes": entries(**verified)},
            ("UsernameExistsException", "An account with the email already exists."),
        ),
        (
            {"Username": "ben", "TemporaryPassword": "short"},
            (
                "InvalidPasswordException",
                "Password did not conform with password policy: Password not long enough",
            ),
        ),
        (
            {"Username": "ben", "UserAttributes": entries(custom_x="1")},
            (
                "InvalidParameterException",
                "Attributes did not conform to the schema: "
                "Type for attribute {custom:x} could not be determined",
            ),
        ),
        (
            {"Username": "ben", "UserAttributes": entries(sub="1")},
            ("InvalidParameterException", "Cannot modify the non-mutable attribute sub"),
        ),
    ):
        assert await empty_api.refused("AdminCreateUser", **named, **given) == refusal
    moved = {"Username": "ben", "UserAttributes": entries(**verified), "ForceAliasCreation": True}
    await empty_api("AdminCreateUser", **named, **moved)
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == "ben"


async def test_describing(api: Api) -> None:
    """AdminGetUser has dates, status and attributes."""
    created = api.state.clock()
    await api.add_user(email=EMAIL)
    api.advance(10)
    await api.admin("AdminUpdateUserAttributes", UserAttributes=entries(name="Ana"))
    user = await api.admin("AdminGetUser")
    assert user["UserCreateDate"] == created
    assert user["UserLastModifiedDate"] == created + 10
    assert user["UserStatus"] == "CONFIRMED"
    assert user["UserAttributes"][0]["Name"] == "sub"


async def test_attributes(empty_api: Api) -> None:
    """Administrators may set what users may not."""
    schema = [
        {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
        {"Name": "level", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        {"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True},
    ]
    await empty_api.make_pool(Schema=schema, AliasAttributes=["email"])
    verified = {"email": EMAIL, "email_verified": "true"}
    user = await empty_api.add_user(name="Ana", **verified)
    await empty_api.add_user("ben", name="Ben")
    named = {"UserPoolId": empty_api.pool_id, "Username": "ana"}
    update = {**named, "UserAttributes": entries(**{"dev:custom:level": "3"}, email=OTHER)}
    assert await empty_api("AdminUpdateUserAttributes", **update) == {}
    assert user.attributes["email_verified"] == "false"
    assert user.attributes["dev:custom:level"] == "3"
    update["UserAttributes"] = entries(email=EMAIL, email_verified="true")
    await empty_api("AdminUpdateUserAttributes", **update)
    assert user.verified("email")
    taken = {**named, "Username": "ben", "UserAttributes": entries(**verified)}
    refusal = await empty_api.refused("AdminUpdateUserAttributes", **taken)
    assert refusal == ("AliasExistsException", "An account with the given email already exists.")
    assert "email" not in {
        item["Name"] for item in (await empty_api.admin("AdminGetUser", "ben"))["UserAttributes"]
    }
    update["UserAttributes"] = entries(custom_tenant="y")
    refusal = await empty_api.refused("AdminUpdateUserAttributes", **update)
    assert refusal == ("InvalidParameterException", "user.custom:tenant: Attribute cannot be updated.\n")
    await empty_api("AdminDeleteUserAttributes", **named, UserAttributeNames=["email"])
    assert user.attributes == {"name": "Ana", "dev:custom:level": "3"}


REQUIRED = "Invalid user attributes: name.familyName: The attribute name.familyName is required"
IMMUTABLE = (
    "Invalid user attributes: Custom.User.tenant: This attribute does not satisfy the mutability validation "
    "defined in the schema."
)


async def test_attributes_that_administrators_cannot_change(empty_api: Api) -> None:
    """The rules for deletions are those of the signed-in user, also for a blank value."""
    schema = [
        {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
        {"Name": "family_name", "Required": True, "Mutable": True},
    ]
    await empty_api.make_pool(Schema=schema)
    user = await empty_api.add_user(family_name="A", email=EMAIL, **{"custom:tenant": "t"})
    before = dict(user.attributes)
    for given, text in (
        ({"family_name": ""}, REQUIRED),
        ({"sub": "x"}, "Cannot modify the non-mutable attribute sub"),
        ({"custom_tenant": ""}, "user.custom:tenant: Attribute cannot be updated.\n"),
        ({"birthdate": "2000-01-011"}, "user.birthdate: String must be no longer than 10 characters\n"),
        ({"email": OTHER, "family_name": ""}, REQUIRED),
    ):
        refusal = await empty_api.refused(
            "AdminUpdateUserAttributes",
            UserPoolId=empty_api.pool_id,
            Username="ana",
            UserAttributes=entries(**given),
        )
        assert refusal == ("InvalidParameterException", text)
    for names, text in (
        (["email", "family_name"], REQUIRED),
        (["email", "custom:tenant"], IMMUTABLE),
        (["email", "sub"], "Cannot modify the non-mutable attribute sub"),
        (
            ["email", "custom:x"],
            "Invalid user attributes: Type for attribute {custom:x} could not be determined",
        ),
    ):
        refusal = await empty_api.refused(
            "AdminDeleteUserAttributes",
            UserPoolId=empty_api.pool_id,
            Username="ana",
            UserAttributeNames=names,
        )
        assert refusal == ("InvalidParameterException", text)
    assert user.attributes == before


async def test_the_flag_of_an_address_comes_before_or_after_it(api: Api) -> None:
    user = await api.add_user(email=EMAIL)
    for address, given in (
        (OTHER, entries(email_verified="true", email=OTHER)),
        (EMAIL, entries(email=EMAIL, email_verified="true")),
    ):
        await api.admin("AdminUpdateUserAttributes", UserAttributes=given)
        assert user.attributes == {"email": address, "email_verified": "true"}


async def test_an_address_that_is_verified_before_the_update(empty_api: Api) -> None:
    """It waits for its code, unless the administrator says that it is verified."""
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=settings)
    user = await empty_api.add_user(email=EMAIL, email_verified="true")
    await empty_api.admin("AdminUpdateUserAttributes", UserAttributes=entries(email=OTHER, name="Ana"))
    assert user.attributes == {"email": EMAIL, "email_verified": "true", "name": "Ana"}
    message = empty_api.state.outbox.messages[-1]
    assert message.to == OTHER
    token = (await empty_api.tokens())["AccessToken"]
    await empty_api("VerifyUserAttribute", AccessToken=token, AttributeName="email", Code=message.code)
    assert user.attributes == {"email": OTHER, "email_verified": "true", "name": "Ana"}
    await empty_api.admin(
        "AdminUpdateUserAttributes", UserAttributes=entries(email=EMAIL, email_verified="true")
    )
    assert user.attributes == {"email": EMAIL, "email_verified": "true", "name": "Ana"}
    assert empty_api.state.outbox.messages[-1] is message


async def test_confirming(api: Api) -> None:
    """AdminConfirmSignUp confirms once."""
    named = {"UserPoolId": api.pool_id, "Username": "ana"}
    await api("SignUp", ClientId=api.client_id, Username="ana", Password=PASSWORD)
    assert await api("AdminConfirmSignUp", **named) == {}
    refusal = await api.refused("AdminConfirmSignUp", **named)
    assert refusal == ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")


async def test_setting_a_password(api: Api) -> None:
    """A password is temporary by default, and the policy counts."""
    await api.add_user()
    await api.admin("AdminSetUserPassword", Password=NEW_PASSWORD)
    assert (await api.begin(password=NEW_PASSWORD))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    named = {"UserPoolId": api.pool_id, "Username": "ana"}
    refusal = await api.refused("AdminSetUserPassword", **named, Password="short")
    text = "Password does not conform to policy: Password not long enough"
    assert refusal == ("InvalidPasswordException", text)


@pytest.mark.parametrize(
    "operation",
    [
        "AdminGetUser",
        "AdminConfirmSignUp",
        "AdminDisableUser",
        "AdminEnableUser",
        "AdminDeleteUser",
        "AdminUserGlobalSignOut",
        "AdminResetUserPassword",
        "AdminListGroupsForUser",
        "AdminSetUserMFAPreference",
    ],
)
async def test_an_unknown_user(api: Api, operation: str) -> None:
    """Each operation refuses an unknown user."""
    named = {"UserPoolId": api.pool_id, "Username": "unknown"}
    assert await api.refused(operation, **named) == ("UserNotFoundException", "User does not exist.")
    named["UserPoolId"] = "us-east-1_none"
    gone = ("ResourceNotFoundException", "User pool us-east-1_none does not exist.")
    assert await api.refused(operation, **named) == gone


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, ["ana", "ben", "clara"]),
        ('email = "ana@example.com"', ["ana"]),
        ('email="ANA@EXAMPLE.COM"', ["ana"]),
        ('email ^= "a"', ["ana"]),
        ('username ^= "cl"', ["clara"]),
        ('status = "Disabled"', ["ben"]),
        ('cognito:user_status = "UNCONFIRMED"', ["clara"]),
        ('given_name = "Clara \\"C\\""', ["clara"]),
        ('phone_number = "+1"', []),
    ],
)
async def test_listing(api: Api, text: str | None, found: list[str]) -> None:
    """ListUsers filters by Cognito's expressions."""
    await api.add_user(email=EMAIL)
    await api.add_user("ben", email="ben@example.com")
    await api.admin("AdminDisableUser", "ben")
    await api.add_user("clara", status="UNCONFIRMED", given_name='Clara "C"')
    more = {} if text is None else {"Filter": text}
    answer = await api("ListUsers", UserPoolId=api.pool_id, **more)
    assert [user["Username"] for user in answer["Users"]] == found


@pytest.mark.parametrize("text", ["nonsense", 'nickname = "x"', 'email > "x"', 'email = "x" and name = "y"'])
async def test_filters_that_cannot_be(api: Api, text: str) -> None:
    refusal = await api.refused("ListUsers", UserPoolId=api.pool_id, Filter=text)
    assert refusal[0] == "InvalidParameterException"


async def test_pages_and_a_choice_of_attributes(api: Api) -> None:
    for number in range(5):
        await api.admin("AdminCreateUser", f"user{number}", UserAttributes=entries(email=EMAIL, name="x"))
    found: list[Any] = []
    token: dict[str, Any] = {}
    for size in (2, 2, 1):
        answer = await api("ListUsers", UserPoolId=api.pool_id, Limit=2, AttributesToGet=["name"], **token)
        assert len(answer["Users"]) == size
        found += answer["Users"]
        token = {"PaginationToken": answer.get("PaginationToken")}
    assert token == {"PaginationToken": None}
    assert [user["Username"] for user in found] == [f"user{number}" for number in range(5)]
    assert found[0]["Attributes"] == [{"Name": "name", "Value": "x"}]


@pytest.mark.parametrize("token", ["nonsense", "cGFnZTotMQ==", "Ym9vazox", "ÿ"])
def test_tokens_of_no_page(token: str) -> None:
    with pytest.raises(ApiError, match="InvalidParameterException"):
        page([1, 2, 3], "Items", token, 1, "NextToken")


# Groups


async def test_a_limit_of_no_groups(api: Api) -> None:
    """Captured: the texts name a member that the operations do not have."""
    await api.add_user()
    named = {"UserPoolId": api.pool_id}
    await api("CreateGroup", **named, GroupName="g")
    text = (
        "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must "
        "have value greater than or equal to 1"
    )
    refusal = ("InvalidParameterException", text)
    assert await api.refused("ListGroups", **named, Limit=0) == refusal
    assert await api.refused("AdminListGroupsForUser", **named, Username="ana", Limit=0) == refusal
    code, message = await api.refused("ListUsersInGroup", **named, GroupName="g", Limit=0)
    start = "com.amazonaws.services.identitystoreservice.model.ValidationException: "
    end = (
        " (Service: AWSIdentityStoreService; Status Code: 400; Error Code: ValidationException; Request ID: "
        f"{message[-50:-14]}; Proxy: null)"
    )
    assert (code, message) == ("InvalidParameterException", f"{start}{text}{end}")


async def test_a_groups_life(api: Api) -> None:
    """A group is created, changed, listed and deleted."""
    await api.add_user()
    await api.add_user("ben")
    group = {"UserPoolId": api.pool_id, "GroupName": "editors"}
    made = await api("CreateGroup", **group, Description="They edit", Precedence=3)
    now = api.state.clock()
    assert made["Group"] == {
        **group,
        "Description": "They edit",
        "Precedence": 3,
        "CreationDate": now,
        "LastModifiedDate": now,
    }
    assert (await api.refused("CreateGroup", **group))[0] == "GroupExistsException"
    api.advance(1)
    await api("UpdateGroup", **group, Precedence=0)
    found = (await api("GetGroup", **group))["Group"]
    assert (found["Precedence"], found["Description"], found["LastModifiedDate"]) == (0, "They edit", now + 1)
    for _ in range(2):
        await api.admin("AdminAddUserToGroup", GroupName="editors")
    users = await api("ListUsersInGroup", **group)
    assert [user["Username"] for user in users["Users"]] == ["ana"]
    assert (await api.admin("AdminListGroupsForUser"))["Groups"] == [found]
    assert (await api("ListGroups", UserPoolId=api.pool_id))["Groups"] == [found]
    for _ in range(2):
        await api.admin("AdminRemoveUserFromGroup", GroupName="editors")
    assert (await api("ListUsersInGroup", **group))["Users"] == []
    await api.admin("AdminAddUserToGroup", GroupName="editors")
    assert await api("DeleteGroup", **group) == {}
    assert (await api.admin("AdminListGroupsForUser"))["Groups"] == []
    for operation in ("GetGroup", "UpdateGroup", "DeleteGroup", "ListUsersInGroup"):
        assert await api.refused(operation, **group) == ("ResourceNotFoundException", "Group not found.")


# App clients


async def test_a_clients_life(api: Api) -> None:
    """An app client is created, changed, listed and deleted."""
    now = api.state.clock()
    made = await api("CreateUserPoolClient", UserPoolId=api.pool_id, ClientName="app", GenerateSecret=True)
    client = made["UserPoolClient"]
    assert len(client["ClientId"]) == 26
    assert 24 <= len(client["ClientSecret"]) <= 64
    assert (
        client.items()
        >= {
            "ClientName": "app",
            "RefreshTokenValidity": 30,
            "EnableTokenRevocation": True,
            "AuthSessionValidity": 3,
            "CreationDate": now,
        }.items()
    )
    named = {"UserPoolId": api.pool_id, "ClientId": client["ClientId"]}
    assert (await api("DescribeUserPoolClient", **named))["UserPoolClient"] == client
    api.advance(1)
    updated = (await api("UpdateUserPoolClient", **named, AuthSessionValidity=5))["UserPoolClient"]
    assert updated["ClientName"] == "app"
    assert updated["LastModifiedDate"] == now + 1
    # What is left out goes back to its default.
    updated = (await api("UpdateUserPoolClient", **named, ClientName="other"))["UserPoolClient"]
    assert (updated["ClientName"], updated["AuthSessionValidity"]) == ("other", 3)
    assert updated["ClientSecret"] == client["ClientSecret"]
    listed = await api("ListUserPoolClients", UserPoolId=api.pool_id, MaxResults=60)
    assert listed["UserPoolClients"][-1] == {**named, "ClientName": "other"}
    assert await api("DeleteUserPoolClient", **named) == {}
    refusal = await api.refused("DescribeUserPoolClient", **named)
    assert refusal == ("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist.")


async def test_a_secret_of_ones_own(api: Api) -> None:
    secret = "a" * 24
    members = {"UserPoolId": api.pool_id, "ClientName": "app", "ClientSecret": secret}
    assert (await api("CreateUserPoolClient", **members))["UserPoolClient"]["ClientSecret"] == secret


@pytest.mark.parametrize(
    "settings",
    [
        {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH"]},
        {"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "minutes"}},
        {"IdTokenValidity": 2, "TokenValidityUnits": {"IdToken": "days"}},
        {"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}},
        {"ReadAttributes": ["custom:x"]},
        {"WriteAttributes": ["custom:x"]},
    ],
)
async def test_clients_that_cannot_be(api: Api, settings: dict[str, Any]) -> None:
    members = {"UserPoolId": api.pool_id, "ClientName": "app", **settings}
    assert (await api.refused("CreateUserPoolClient", **members))[0] == "InvalidParameterException"


# Pools


async def test_a_pools_life(empty_api: Api) -> None:
    """A user pool is created, changed, listed and deleted."""
    now = empty_api.state.clock()
    made = (await empty_api("CreateUserPool", PoolName="people"))["UserPool"]
    assert made["Id"].startswith("us-east-1_")
    assert made["MfaConfiguration"] == "OFF"
    assert made["UserPoolTier"] == "ESSENTIALS"
    assert made["Policies"]["SignInPolicy"] == {"AllowedFirstAuthFactors": ["PASSWORD"]}
    assert "UsernameConfiguration" not in made
    assert {"sub", "email", "phone_number_verified"} <= {item["Name"] for item in made["SchemaAttributes"]}
    named = {"UserPoolId": made["Id"]}
    found = (await empty_api("DescribeUserPool", **named))["UserPool"]
    # Captured: only DescribeUserPool has tags that were not sent, and the attribute of linked identities.
    assert found.pop("UserPoolTags") == {}
    assert found["SchemaAttributes"].pop()["Name"] == "identities"
    assert found == made
    empty_api.advance(1)
    await empty_api("UpdateUserPool", **named, AutoVerifiedAttributes=["email"], DeletionProtection="ACTIVE")
    found = (await empty_api("DescribeUserPool", **named))["UserPool"]
    assert found["AutoVerifiedAttributes"] == ["email"]
    assert (found["Name"], found["CreationDate"], found["LastModifiedDate"]) == ("people", now, now + 1)
    listed = (await empty_api("ListUserPools", MaxResults=60))["UserPools"]
    assert [pool["Id"] for pool in listed] == [made["Id"]]
    assert (await empty_api.refused("DeleteUserPool", **named))[0] == "InvalidParameterException"
    await empty_api("UpdateUserPool", **named, DeletionProtection="INACTIVE")
    assert "AutoVerifiedAttributes" not in (await empty_api("DescribeUserPool", **named))["UserPool"]
    assert await empty_api("DeleteUserPool", **named) == {}
    refusal = await empty_api.refused("DescribeUserPool", **named)
    assert refusal == ("ResourceNotFoundException", f"User pool {made['Id']} does not exist.")


async def test_an_update_keeps_what_is_for_good(empty_api: Api) -> None:
    await empty_api.make_pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id)
    found = (await empty_api("DescribeUserPool", UserPoolId=empty_api.pool_id))["UserPool"]
    assert found["UsernameAttributes"] == ["email"]
    assert found["UsernameConfiguration"] == {"CaseSensitive": False}


async def test_a_policy_that_is_given_says_everything(empty_api: Api) -> None:
    await empty_api.make_pool(Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}})
    policy = empty_api.pool.settings["Policies"]["PasswordPolicy"]
    assert policy == {
        "MinimumLength": 12,
        "RequireUppercase": False,
        "RequireLowercase": False,
        "RequireNumbers": True,
        "RequireSymbols": False,
        "TemporaryPasswordValidityDays": 7,
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"AliasAttributes": ["email"], "UsernameAttributes": ["email"]},
        {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["EMAIL_OTP"]}}},
        {"Schema": [{"Name": "x", "AttributeDataType": "String", "Required": True}]},
    ],
)
async def test_pools_that_cannot_be(empty_api: Api, settings: dict[str, Any]) -> None:
    refusal = await empty_api.refused("CreateUserPool", PoolName="people", **settings)
    assert refusal[0] == "InvalidParameterException"


async def test_further_attributes(api: Api) -> None:
    """Attributes can be added to the schema of a pool."""
    added = [
        {"Name": "team", "AttributeDataType": "String"},
        {"Name": "born", "AttributeDataType": "DateTime"},
    ]
    members = {"UserPoolId": api.pool_id, "CustomAttributes": added}
    assert await api("AddCustomAttributes", **members) == {}
    assert (await api.refused("AddCustomAttributes", **members))[0] == "InvalidParameterException"
    await api.add_user(**{"custom:team": "blue"})


async def test_a_pool_has_fifty_custom_attributes_at_most(empty_api: Api) -> None:
    """Standard attributes do not count."""
    names = [{"Name": f"a{number}", "AttributeDataType": "String"} for number in range(51)]
    await empty_api.make_pool(Schema=names[:20])
    named = {"UserPoolId": empty_api.pool_id}
    await empty_api("AddCustomAttributes", **named, CustomAttributes=names[20:40])
    refusal = await empty_api.refused("AddCustomAttributes", **named, CustomAttributes=names[40:])
    assert refusal == ("InvalidParameterException", "A user pool can have at most 50 custom attributes.")
    await empty_api("AddCustomAttributes", **named, CustomAttributes=names[40:50])
    assert "custom:a49" in empty_api.pool.schema


async def test_tags(empty_api: Api) -> None:
    """Tags are added, listed and removed by ARN."""
    made = (await empty_api("CreateUserPool", PoolName="people", UserPoolTags={"a": "1"}))["UserPool"]
    arn = {"ResourceArn": made["Arn"]}
    await empty_api("TagResource", **arn, Tags={"b": "2"})
    assert await empty_api("ListTagsForResource", **arn) == {"Tags": {"a": "1", "b": "2"}}
    await empty_api("UntagResource", **arn, TagKeys=["a", "c"])
    assert await empty_api("ListTagsForResource", **arn) == {"Tags": {"b": "2"}}
    other = {"ResourceArn": made["Arn"] + "x"}
    assert (await empty_api.refused("ListTagsForResource", **other))[0] == "ResourceNotFoundException"


async def test_factors_that_are_not_mentioned(api: Api) -> None:
    named = {"UserPoolId": api.pool_id, "MfaConfiguration": "OPTIONAL"}
    token = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    sms = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": SMS_ROLE}}}
    await api("SetUserPoolMfaConfig", **named, **token)
    await api("SetUserPoolMfaConfig", **named, **sms)
    assert list(api.pool.factors) == ["SMS_MFA"]
    api.state.assumptions = attrs.evolve(Assumptions(), mfa_configuration_replaces=False)
    await api("SetUserPoolMfaConfig", **named, **token)
    assert list(api.pool.factors) == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]


async def test_one_address_for_two_users_that_are_created_at_the_same_time(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"])
    address = entries(email=EMAIL, email_verified="true")
    created = await asyncio.gather(
        *(empty_api.admin("AdminCreateUser", name, UserAttributes=address) for name in ("ana", "ben")),
        return_exceptions=True,
    )
    assert [type(each) for each in created] == [dict, Refused]
    assert str(created[1]).startswith("('UsernameExistsException'")
    holder = empty_api.pool.users.find(EMAIL)
    assert holder is not None
    assert (holder.username, holder.verified("email")) == ("ana", True)
