"""Settings of user pools, as live user pools were measured: updates, required MFA, and what is described."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import SMS_ROLE, Api
from helpers.measured_settings import UPDATES, check_mfa, check_updates

SMS = {"SnsCallerArn": SMS_ROLE}
TOKEN = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
BY_SMS = {"SmsMfaConfiguration": {"SmsConfiguration": SMS}}
CODES = "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
NO_SMS = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"


async def described(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api("DescribeUserPool", UserPoolId=api.pool_id))["UserPool"]
    return found


async def set_mfa(api: Api, mode: str | None = None, **members: Any) -> dict[str, Any]:
    said = {} if mode is None else {"MfaConfiguration": mode}
    return await api("SetUserPoolMfaConfig", UserPoolId=api.pool_id, **said, **members)


def first_factors(*names: str) -> dict[str, Any]:
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *names]}}}


# UpdateUserPool


@pytest.mark.parametrize("row", UPDATES, ids=[row["member"] for row in UPDATES])
async def test_a_member_that_an_update_does_not_name(empty_api: Api, row: dict[str, Any]) -> None:
    member, settings = row["member"], {row["member"]: row["sent"]}
    if member == "MfaConfiguration":
        settings["SmsConfiguration"] = SMS
    more = row.get("with", {})
    await empty_api.make_pool(**settings, **more)
    assert (await described(empty_api))[member] == row["sent"]
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id, **more)
    after = row["sent"] if row["omitted"] == "kept" else row["after"]
    assert (await described(empty_api)).get(member) == after
    # What is sent is stored, also after an update that did not name it.
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id, **settings, **more)
    assert (await described(empty_api))[member] == row["sent"]


async def test_the_two_policies_stay_each_on_its_own(empty_api: Api) -> None:
    password = {"MinimumLength": 12}
    sign_in = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}
    await empty_api.make_pool(Policies={"PasswordPolicy": password, "SignInPolicy": sign_in})
    before = (await described(empty_api))["Policies"]
    await empty_api(
        "UpdateUserPool", UserPoolId=empty_api.pool_id, Policies={"PasswordPolicy": {"MinimumLength": 9}}
    )
    after = (await described(empty_api))["Policies"]
    assert after["SignInPolicy"] == before["SignInPolicy"] == sign_in
    assert after["PasswordPolicy"]["MinimumLength"] == 9
    only = {"AllowedFirstAuthFactors": ["PASSWORD"]}
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id, Policies={"SignInPolicy": only})
    assert (await described(empty_api))["Policies"] == {**after, "SignInPolicy": only}


async def test_an_update_does_not_end_required_mfa(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"])
    await set_mfa(empty_api, "ON", **TOKEN)
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id)
    found = await described(empty_api)
    assert found["MfaConfiguration"] == "ON"
    assert "AutoVerifiedAttributes" not in found
    assert empty_api.pool.factors == ("SOFTWARE_TOKEN_MFA",)


async def test_addresses_that_wait_for_verification_must_be_verified_automatically(empty_api: Api) -> None:
    update = {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}}
    text = "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"
    refusal = ("InvalidParameterException", text)
    assert await empty_api.refused("CreateUserPool", PoolName="p", **update) == refusal
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], **update)
    assert await empty_api.refused("UpdateUserPool", UserPoolId=empty_api.pool_id) == refusal
    assert (await described(empty_api))["AutoVerifiedAttributes"] == ["email"]
    empty: dict[str, Any] = {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []}}
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id, **empty)
    assert (await described(empty_api))["UserAttributeUpdateSettings"] == empty["UserAttributeUpdateSettings"]


async def test_two_lifetimes_of_temporary_passwords_exclude_each_other(empty_api: Api) -> None:
    both = {
        "Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}},
        "AdminCreateUserConfig": {"UnusedAccountValidityDays": 3},
    }
    text = "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
    refusal = ("InvalidParameterException", text)
    assert await empty_api.refused("CreateUserPool", PoolName="p", **both) == refusal
    await empty_api.make_pool()
    assert await empty_api.refused("UpdateUserPool", UserPoolId=empty_api.pool_id, **both) == refusal


# MFA


@pytest.mark.parametrize("mode", ["ON", "OPTIONAL"])
async def test_a_new_pool_has_mfa_only_with_sms(empty_api: Api, mode: str) -> None:
    refusal = await empty_api.refused("CreateUserPool", PoolName="p", MfaConfiguration=mode)
    assert refusal == ("InvalidParameterException", NO_SMS)
    await empty_api.make_pool(MfaConfiguration=mode, SmsConfiguration=SMS)
    assert empty_api.pool.factors == ("SMS_MFA",)


async def test_an_update_cannot_require_mfa(empty_api: Api) -> None:
    await empty_api.make_pool()
    text = "Cannot turn MFA functionality ON, once the user pool has been created."
    named = {"UserPoolId": empty_api.pool_id}
    for more in ({}, {"SmsConfiguration": SMS}):
        refusal = await empty_api.refused("UpdateUserPool", **named, MfaConfiguration="ON", **more)
        assert refusal == ("InvalidParameterException", text)
    refusal = await empty_api.refused("UpdateUserPool", **named, MfaConfiguration="OPTIONAL")
    assert refusal == ("InvalidParameterException", NO_SMS)
    await set_mfa(empty_api, "OPTIONAL", **TOKEN)
    refusal = await empty_api.refused("UpdateUserPool", **named, MfaConfiguration="ON")
    assert refusal == ("InvalidParameterException", text)
    await set_mfa(empty_api, "ON", **TOKEN)
    await empty_api("UpdateUserPool", **named, MfaConfiguration="ON")
    await empty_api("UpdateUserPool", **named, MfaConfiguration="OPTIONAL")
    assert (await described(empty_api))["MfaConfiguration"] == "OPTIONAL"


@pytest.mark.parametrize("factor", ["EMAIL_OTP", "SMS_OTP"])
async def test_required_mfa_excludes_codes_as_first_factor(empty_api: Api, factor: str) -> None:
    await empty_api.make_pool(SmsConfiguration=SMS)
    await set_mfa(empty_api, "ON", **TOKEN)
    refusal = await empty_api.refused("UpdateUserPool", UserPoolId=empty_api.pool_id, **first_factors(factor))
    assert refusal == ("InvalidParameterException", CODES)


async def test_codes_by_sms_as_first_factor_need_sms(empty_api: Api) -> None:
    text = "SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration"
    refusal = await empty_api.refused("CreateUserPool", PoolName="p", **first_factors("SMS_OTP"))
    assert refusal == ("InvalidParameterException", text)


# What is described


async def test_what_comes_back_of_a_pool_with_its_name_alone(empty_api: Api) -> None:
    made = (await empty_api("CreateUserPool", PoolName="p"))["UserPool"]
    volatile = {"Id", "Arn", "Name", "CreationDate", "LastModifiedDate", "SchemaAttributes"}
    assert {name: value for name, value in made.items() if name not in volatile} == {
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [
                {"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"},
            ]
        },
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
        "DeletionProtection": "INACTIVE",
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "EstimatedNumberOfUsers": 0,
        "IssuerConfiguration": {"Type": "ORIGINAL"},
        "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        "LambdaConfig": {},
        "MfaConfiguration": "OFF",
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
        "UserPoolTier": "ESSENTIALS",
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    }
    assert [entry["Name"] for entry in made["SchemaAttributes"]][:3] == ["sub", "name", "given_name"]
    assert len(made["SchemaAttributes"]) == 20


async def test_constraints_of_a_standard_attribute_are_described_and_enforced(empty_api: Api) -> None:
    limits = {"MinLength": "2", "MaxLength": "4"}
    entry = {"Name": "given_name", "AttributeDataType": "String", "StringAttributeConstraints": limits}
    await empty_api.make_pool(Schema=[entry])
    found = {each["Name"]: each for each in (await described(empty_api))["SchemaAttributes"]}
    assert found["given_name"]["StringAttributeConstraints"] == limits
    assert found["family_name"]["StringAttributeConstraints"] == {"MinLength": "0", "MaxLength": "2048"}
    for value in ("x", "xxxxx"):
        attributes = [{"Name": "given_name", "Value": value}]
        members = {"UserPoolId": empty_api.pool_id, "Username": "ana", "UserAttributes": attributes}
        assert (await empty_api.refused("AdminCreateUser", **members))[0] == "InvalidParameterException"
    await empty_api.add_user(given_name="Ana")


# The tables, walked with the operations alone


async def test_each_member_changed_alone(empty_api: Api) -> None:
    await check_updates(empty_api)


async def test_each_configuration_of_second_factors(empty_api: Api) -> None:
    await check_mfa(empty_api)


async def test_second_factors_follow_the_configuration(empty_api: Api) -> None:
    await empty_api.make_pool()
    await set_mfa(empty_api, "ON", **TOKEN)
    assert list(empty_api.pool.factors) == ["SOFTWARE_TOKEN_MFA"]
    await set_mfa(empty_api, "OPTIONAL", **BY_SMS)
    assert list(empty_api.pool.factors) == ["SMS_MFA"]
    assert (await described(empty_api))["SmsConfiguration"] == SMS
    await set_mfa(empty_api)
    assert list(empty_api.pool.factors) == []


async def test_values_of_authentication_context_classes(empty_api: Api) -> None:
    """They are unique, and not in the plan Lite."""
    levels = {"Level1": {"AcrValue": "low"}, "Level2": {"AcrValue": "high"}}
    await empty_api.make_pool(AcrConfiguration=levels)
    pool = {"UserPoolId": empty_api.pool_id}
    assert (await empty_api("DescribeUserPool", **pool))["UserPool"]["AcrConfiguration"] == levels
    twice = {**levels, "Level2": {"AcrValue": "low"}}
    for operation, named in (("CreateUserPool", {"PoolName": "p"}), ("UpdateUserPool", pool)):
        refused = await empty_api.refused(operation, **named, AcrConfiguration=twice)
        assert refused == ("InvalidParameterException", "The AcrValues of AcrConfiguration must be unique.")
    lite = {"PoolName": "p", "UserPoolTier": "LITE", "AcrConfiguration": levels}
    assert (await empty_api.refused("CreateUserPool", **lite))[0] == "FeatureUnavailableInTierException"
    changed = await empty_api.refused("UpdateUserPool", **pool, UserPoolTier="LITE")
    assert changed[0] == "TierChangeNotAllowedException"


async def test_the_date_of_a_user_pool(empty_api: Api) -> None:
    """It has three decimals, and changes with the schema and the second factors."""
    await empty_api.make_pool()
    pool = {"UserPoolId": empty_api.pool_id}
    custom = [{"Name": "level", "AttributeDataType": "String"}]
    dates = [(await empty_api("DescribeUserPool", **pool))["UserPool"]["LastModifiedDate"]]
    for operation, members in (
        ("AddCustomAttributes", {"CustomAttributes": custom}),
        ("SetUserPoolMfaConfig", {"MfaConfiguration": "OFF"}),
    ):
        empty_api.advance(5.0004)
        await empty_api(operation, **pool, **members)
        dates.append((await empty_api("DescribeUserPool", **pool))["UserPool"]["LastModifiedDate"])
    assert dates == sorted(set(dates))
    assert [round(date, 3) for date in dates] == dates


# Second factors that no user could answer with, in either order


OWN_SENDER = {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}}
BY_EMAIL: dict[str, Any] = {"EmailMfaConfiguration": {}}
DEFAULT_SENDER = (
    "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of "
    "COGNITO_DEFAULT"
)


def recovery(*names: str) -> dict[str, Any]:
    ways = [{"Name": name, "Priority": number} for number, name in enumerate(names, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": ways}}


@pytest.mark.parametrize(
    ("way", "other", "factor", "noun"),
    [
        ("verified_phone_number", "verified_email", BY_SMS, "SMS MFA"),
        ("verified_email", "verified_phone_number", BY_EMAIL, "Email MFA"),
    ],
)
async def test_the_only_way_of_recovery_is_not_a_second_factor(
    empty_api: Api, way: str, other: str, factor: dict[str, Any], noun: str
) -> None:
    """SetUserPoolMfaConfig and UpdateUserPool refuse it alike; with two ways it is accepted."""
    text = (
        "Invalid account recovery setting parameter. Account Recovery Setting cannot use "
        f"{way} as a recovery mechanism when {noun} is configured."
    )
    refusal = ("InvalidParameterException", text)
    await empty_api.make_pool(**OWN_SENDER, **recovery(way))
    mfa = {"UserPoolId": empty_api.pool_id, "MfaConfiguration": "OPTIONAL", **factor}
    assert await empty_api.refused("SetUserPoolMfaConfig", **mfa) == refusal
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id, **recovery(way, other))
    await empty_api("SetUserPoolMfaConfig", **mfa)
    refused = await empty_api.refused("UpdateUserPool", UserPoolId=empty_api.pool_id, **recovery(way))
    assert refused == refusal


async def test_codes_by_email_keep_their_sender(empty_api: Api) -> None:
    """An update cannot return to the default sender while codes by e-mail are a second factor."""
    await empty_api.make_pool(**OWN_SENDER)
    await set_mfa(empty_api, "OPTIONAL", **BY_EMAIL)
    pool = {"UserPoolId": empty_api.pool_id}
    for sender in ({"EmailSendingAccount": "COGNITO_DEFAULT"}, {}):
        refusal = await empty_api.refused("UpdateUserPool", **pool, EmailConfiguration=sender)
        assert refusal == ("InvalidParameterException", DEFAULT_SENDER)
    await empty_api("UpdateUserPool", **pool)
    assert (await described(empty_api))["EmailConfiguration"] == OWN_SENDER["EmailConfiguration"]
    await set_mfa(empty_api, "OPTIONAL", **TOKEN)
    await empty_api("UpdateUserPool", **pool, EmailConfiguration={})


async def test_codes_by_sms_need_the_configuration_of_sms(empty_api: Api) -> None:
    """It is that of the request, or of the user pool."""
    await empty_api.make_pool()
    text = {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "Your code is {####}"}}
    mfa = {"UserPoolId": empty_api.pool_id, "MfaConfiguration": "ON"}
    requests: list[dict[str, Any]] = [text, {"SmsMfaConfiguration": {}}, {**text, **TOKEN}]
    for sms in requests:
        refusal = await empty_api.refused("SetUserPoolMfaConfig", **mfa, **sms)
        assert refusal == ("InvalidParameterException", NO_SMS)
    assert await set_mfa(empty_api) == {"MfaConfiguration": "OFF"}
    await empty_api("UpdateUserPool", UserPoolId=empty_api.pool_id, SmsConfiguration=SMS)
    assert (await set_mfa(empty_api, "ON", **text))["MfaConfiguration"] == "ON"


# The plan Lite


async def test_what_excludes_the_plan_lite(empty_api: Api) -> None:
    """Each feature that is in use outside of the user pool's own settings."""
    passkeys = {"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION", "RelyingPartyId": "example.com"}
    await empty_api.make_pool()
    pool = {"UserPoolId": empty_api.pool_id}
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    domain = {**pool, "Domain": "people"}
    await set_mfa(empty_api, WebAuthnConfiguration=passkeys)
    await empty_api("SetUserPoolSessionConfiguration", **pool, **tracking)
    await empty_api("CreateUserPoolDomain", **domain, ManagedLoginVersion=2)
    features = ["Passkey MFA", "User Session Tracking", "Managed Login Version 2"]
    for operation, members in (
        ("SetUserPoolMfaConfig", pool),
        ("SetUserPoolSessionConfiguration", {**pool, **tracking, "UserSessionTracking": "DISABLED"}),
        ("UpdateUserPoolDomain", {**domain, "ManagedLoginVersion": 1}),
    ):
        text = "The following features need to be disabled for the LITE pricing tier configured: "
        refusal = await empty_api.refused("UpdateUserPool", **pool, UserPoolTier="LITE")
        assert refusal == ("TierChangeNotAllowedException", text + ", ".join(features))
        await empty_api(operation, **members)
        del features[0]
    await empty_api("UpdateUserPool", **pool, UserPoolTier="LITE")
    assert (await described(empty_api))["UserPoolTier"] == "LITE"
