"""Every operation asked over HTTP, its raw answer judged by botocore's own model and validator.

botocore's parser would hide what is wrong: it drops unknown members and makes up absent ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aiocognito import _srp as srp
from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.operations import (
    TABLE,
    account,
    admin_factors,
    admin_users,
    app_clients,
    attributes,
    auth_events,
    authentication,
    client_secrets,
    client_tokens,
    devices,
    domains,
    groups,
    identity_providers,
    linked_users,
    log_delivery,
    managed_login,
    mfa,
    mfa_options,
    passkeys,
    passwords,
    provisioned_limits,
    resource_servers,
    risk_configuration,
    sessions,
    sign_up,
    signing_certificate,
    terms,
    ui_customization,
    user_import,
    user_pools,
    user_sessions,
)
from aiocognito.emulator.service_model import USER_POOLS
from aiocognito.emulator.totp import SoftwareToken
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, wrong
from helpers.model_judge import refusal_faults, response_faults
from sign_in.authenticator import Authenticator

from .judge import Judge

MODULES = (
    account,
    admin_users,
    app_clients,
    attributes,
    authentication,
    groups,
    mfa,
    passwords,
    sessions,
    sign_up,
    user_pools,
)
CONTROL = (
    auth_events,
    log_delivery,
    managed_login,
    mfa_options,
    provisioned_limits,
    risk_configuration,
    signing_certificate,
    terms,
    ui_customization,
)
OTHER = "other@example.com"


@pytest.mark.parametrize(
    ("operation", "body", "fault"),
    [
        ("GetUser", {"Username": "ana"}, ".UserAttributes: missing"),
        ("GetUser", {"Username": "ana", "UserAttributes": [], "Extra": 1}, ".Extra: unknown"),
        (
            "GetUser",
            {"Username": "ana", "UserAttributes": [{"Name": "email", "Value": True}]},
            ".UserAttributes[0].Value: True is not a string",
        ),
        ("GetUser", {"Username": "ana", "UserAttributes": {}}, ".UserAttributes: {} is not a list"),
        ("GetUser", {"Username": "a" * 129, "UserAttributes": []}, "less than or equal to 128"),
        ("AdminGetUser", {"Username": "ana", "UserStatus": "ASLEEP"}, "must satisfy enum value set"),
        ("AdminGetUser", {"Username": "ana", "UserCreateDate": "2026-11-28"}, "is not a timestamp"),
        ("RespondToAuthChallenge", {"AuthenticationResult": {"AccessToken": "a b"}}, "regular expression"),
        ("CreateManagedLoginBranding", {"ManagedLoginBranding": {"Assets": [{"Bytes": "?"}]}}, "not a blob"),
        ("DeleteUserPool", {"Deleted": True}, "where nothing is declared"),
    ],
)
def test_the_judge_is_strict(operation: str, body: dict[str, Any], fault: str) -> None:
    faults = response_faults(USER_POOLS, operation, body)
    assert [each for each in faults if fault in each]


def test_the_judge_of_refusals_is_strict() -> None:
    for code, status, more in (
        ("TeapotException", 400, {}),
        ("UserNotFoundException", 404, {}),
        ("UserNotFoundException", 400, {"Message": ""}),
    ):
        body = {"__type": code, "message": "", **more}
        assert refusal_faults(USER_POOLS, "AdminGetUser", status, body)
    body = {"__type": "UserNotFoundException", "message": ""}
    assert refusal_faults(USER_POOLS, "AdminGetUser", 400, body) == []


async def test_every_operation(emulator: CognitoEmulator, judge: Judge) -> None:
    """The raw response of each operation fits the service model."""

    def code() -> str:
        return emulator.outbox.messages[-1].code

    pool, client = await set_up(judge)
    await people(judge, pool, client, code)
    await signing_in(judge, pool, client, code)
    await own_account(judge, pool, client, code)
    await judge.wrong_subjects()
    await tear_down(judge, pool, client)
    wanted = {
        name for name, function in TABLE.items() if function.__module__ in {m.__name__ for m in MODULES}
    }
    assert judge.asked >= wanted, wanted - judge.asked


async def test_every_operation_on_devices_and_passkeys(emulator: CognitoEmulator, judge: Judge) -> None:
    tracking = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
    pool = await emulator.create_user_pool(
        DeviceConfiguration=tracking,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        WebAuthnConfiguration={"RelyingPartyId": "example.com"},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"]},
    )
    await pool.add_user("ana", PASSWORD)
    await own_devices(judge, pool)
    await own_passkeys(judge, pool)
    wanted = {
        name
        for name, function in TABLE.items()
        if function.__module__ in {devices.__name__, passkeys.__name__}
    }
    assert judge.asked >= wanted, wanted - judge.asked
    await judge.wrong_subjects()


async def test_every_operation_on_user_sessions(emulator: CognitoEmulator, judge: Judge) -> None:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    named, ana = {"UserPoolId": pool.id}, {"UserPoolId": pool.id, "Username": "ana"}
    assert await judge.refused("AdminListUserSessions", **ana) == "OperationNotEnabledException"
    await judge("GetUserPoolSessionConfiguration", **named)
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    await judge("SetUserPoolSessionConfiguration", **named, **tracking)
    client = {**named, "ClientId": pool.client_id}
    await judge("SetUserPoolClientSessionConfiguration", **client, SSOSession={"MaxValidityMinutes": 0})
    await judge("GetUserPoolClientSessionConfiguration", **client)
    signed_in = [
        await judge(
            "InitiateAuth",
            ClientId=pool.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
        )
        for _ in range(3)
    ]
    own = {"AccessToken": signed_in[0]["AuthenticationResult"]["AccessToken"]}
    listed = (await judge("ListUserSessions", **own))["Sessions"]
    first, second = (each["SessionId"] for each in listed if not each["IsCurrentSession"])
    await judge("RevokeUserSession", **own, SessionId=first)
    await judge("AdminRevokeUserSession", **ana, SessionId=second)
    assert len((await judge("AdminListUserSessions", **ana))["Sessions"]) == 1
    assert await judge.refused("RevokeUserSession", **own, SessionId=first) == "ResourceNotFoundException"
    wanted = {name for name, function in TABLE.items() if function.__module__ == user_sessions.__name__}
    assert judge.asked >= wanted, wanted - judge.asked
    await judge.wrong_subjects()


async def test_every_operation_on_client_secrets_and_factors(emulator: CognitoEmulator, judge: Judge) -> None:
    pool = await emulator.create_user_pool(client={"GenerateSecret": True})
    await pool.add_user("ana", PASSWORD)
    client = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    await judge("AddUserPoolClientSecret", **client)
    assert await judge.refused("AddUserPoolClientSecret", **client) == "LimitExceededException"
    listed = (await judge("ListUserPoolClientSecrets", **client))["ClientSecrets"]
    await judge("DeleteUserPoolClientSecret", **client, ClientSecretId=listed[0]["ClientSecretId"])
    ana = {"UserPoolId": pool.id, "Username": "ana"}
    assert (await judge("AdminGetUserAuthFactors", **ana))["ConfiguredUserAuthFactors"] == ["PASSWORD"]
    await judge("AdminDeleteSoftwareToken", **ana)
    modules = {client_secrets.__name__, admin_factors.__name__}
    wanted = {name for name, function in TABLE.items() if function.__module__ in modules}
    assert judge.asked >= wanted, wanted - judge.asked
    await judge.wrong_subjects()


async def test_every_operation_on_oauth(emulator: CognitoEmulator, judge: Judge) -> None:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    named = {"UserPoolId": pool.id}
    await own_resource_servers(judge, named)
    await own_domains(judge, named)
    await own_providers(judge, named)
    own = (client_tokens, domains, identity_providers, linked_users, resource_servers)
    modules = {module.__name__ for module in own}
    wanted = {name for name, function in TABLE.items() if function.__module__ in modules}
    assert judge.asked >= wanted, wanted - judge.asked
    await judge.wrong_subjects()


async def test_every_operation_on_risks_and_pages(emulator: CognitoEmulator, judge: Judge) -> None:
    protection = {"AdvancedSecurityMode": "AUDIT"}
    pool = await emulator.create_user_pool(UserPoolTier="PLUS", UserPoolAddOns=protection)
    named = {"UserPoolId": pool.id}
    await judge("CreateUserPoolDomain", **named, Domain="shop")
    client = {**named, "ClientId": pool.client_id}
    await own_risks(judge, named, client)
    await own_pages(judge, named, client)
    await own_terms(judge, named, client)
    await own_logs_and_limits(judge, named)
    await pool.add_user("ana", PASSWORD, attributes={"phone_number": PHONE})
    options = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    who = {"AccessToken": (await password_sign_in(judge, pool))["AuthenticationResult"]["AccessToken"]}
    await judge("AdminSetUserSettings", **named, Username="ana", MFAOptions=options)
    assert (await judge("GetUser", **who))["UserMFASettingList"] == ["SMS_MFA"]
    await judge("SetUserSettings", **who, MFAOptions=[])
    await judge("GetSigningCertificate", **named)
    ana = {**named, "Username": "ana"}
    event = (await judge("AdminListUserAuthEvents", **ana, MaxResults=1))["AuthEvents"][0]["EventId"]
    await judge("AdminUpdateAuthEventFeedback", **ana, EventId=event, FeedbackValue="Invalid")
    feedback = {"EventId": event, "FeedbackToken": event, "FeedbackValue": "Valid"}
    await judge("UpdateAuthEventFeedback", **ana, **feedback)
    await judge("AdminListUserAuthEvents", **ana)
    modules = {module.__name__ for module in CONTROL}
    wanted = {name for name, function in TABLE.items() if function.__module__ in modules}
    assert judge.asked >= wanted, wanted - judge.asked
    await judge.wrong_subjects()


async def own_risks(judge: Judge, pool: dict[str, str], client: dict[str, str]) -> None:
    takeover = {
        "NotifyConfiguration": {"SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.com"},
        "Actions": {"HighAction": {"Notify": True, "EventAction": "BLOCK"}},
    }
    await judge("SetRiskConfiguration", **client, AccountTakeoverRiskConfiguration=takeover)
    await judge("DescribeRiskConfiguration", **client)
    await judge("DescribeRiskConfiguration", **pool)
    wrong_range = {"RiskExceptionConfiguration": {"SkippedIPRangeList": ["example.com"]}}
    refused = await judge.refused("SetRiskConfiguration", **pool, **wrong_range)
    assert refused == "InvalidParameterException"


async def own_pages(judge: Judge, pool: dict[str, str], client: dict[str, str]) -> None:
    await judge("GetUICustomization", **pool)
    await judge("SetUICustomization", **client, CSS=".a {}", ImageFile="aW1hZ2U=")
    await judge("GetUICustomization", **client)
    assets = [{"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": "aW1hZ2U="}]
    made = await judge(
        "CreateManagedLoginBranding", **client, Settings={"a": {"b": [1, None]}}, Assets=assets
    )
    again = await judge.refused("CreateManagedLoginBranding", **client)
    assert again == "ManagedLoginBrandingExistsException"
    style = {**pool, "ManagedLoginBrandingId": made["ManagedLoginBranding"]["ManagedLoginBrandingId"]}
    await judge("UpdateManagedLoginBranding", **style, UseCognitoProvidedValues=True)
    await judge("DescribeManagedLoginBranding", **style, ReturnMergedResources=True)
    await judge("DescribeManagedLoginBrandingByClient", **client)
    await judge("DeleteManagedLoginBranding", **style)
    assert await judge.refused("DescribeManagedLoginBranding", **style) == "ResourceNotFoundException"


async def own_terms(judge: Judge, pool: dict[str, str], client: dict[str, str]) -> None:
    fixed = {"TermsSource": "LINK", "Enforcement": "NONE", "Links": {"cognito:default": "https://a.example"}}
    made = await judge("CreateTerms", **client, TermsName="terms-of-use", **fixed)
    again = await judge.refused("CreateTerms", **client, TermsName="terms-of-use", **fixed)
    assert again == "TermsExistsException"
    terms = {**pool, "TermsId": made["Terms"]["TermsId"]}
    await judge("DescribeTerms", **terms)
    await judge("DescribeTermsByClient", **client, TermsName="terms-of-use")
    await judge("UpdateTerms", **terms, TermsName="privacy-policy")
    await judge("ListTerms", **pool, MaxResults=1)
    await judge("DeleteTerms", **terms)
    assert await judge.refused("DescribeTerms", **terms) == "ResourceNotFoundException"


async def own_logs_and_limits(judge: Judge, pool: dict[str, str]) -> None:
    log = {"LogLevel": "INFO", "EventSource": "userAuthEvents"}
    bucket = {"S3Configuration": {"BucketArn": "arn:aws:s3:::logs"}}
    await judge("SetLogDeliveryConfiguration", **pool, LogConfigurations=[{**log, **bucket}])
    await judge("GetLogDeliveryConfiguration", **pool)
    limit = {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": "UserCreation"}}}
    await judge("GetProvisionedLimit", **limit)
    await judge("UpdateProvisionedLimit", **limit, RequestedLimitValue=60)
    refused = await judge.refused("UpdateProvisionedLimit", **limit, RequestedLimitValue=1)
    assert refused == "InvalidParameterException"


def test_no_operation_goes_without_a_judge() -> None:
    oauth = (client_tokens, domains, identity_providers, linked_users, resource_servers)
    # Imports are judged in test_user_import.py.
    others = (*oauth, *CONTROL, user_import, devices, passkeys, user_sessions, client_secrets, admin_factors)
    judged = {module.__name__ for module in (*MODULES, *others)}
    assert {function.__module__ for function in TABLE.values()} == judged


async def own_resource_servers(judge: Judge, pool: dict[str, str]) -> None:
    named = {**pool, "Identifier": "orders"}
    scopes = [{"ScopeName": "read", "ScopeDescription": "See orders"}]
    await judge("CreateResourceServer", **named, Name="Orders")
    await judge("DescribeResourceServer", **named)
    await judge("UpdateResourceServer", **named, Name="Orders", Scopes=scopes)
    await judge("ListResourceServers", **pool, MaxResults=1)
    assert await judge.refused("CreateResourceServer", **named, Name="Orders") == "InvalidParameterException"
    oauth = {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["orders/read"],
    }
    made = await judge("CreateUserPoolClient", **pool, ClientName="app", GenerateSecret=True, **oauth)
    client = {**pool, "ClientId": made["UserPoolClient"]["ClientId"]}
    machine = {"ClientId": client["ClientId"], "Secret": made["UserPoolClient"]["ClientSecret"]}
    given = await judge("GetClientToken", **machine, Scopes=["orders/read"])
    assert given["ClientAuthenticationResult"]["TokenType"] == "Bearer"
    wrong_secret = {**machine, "Secret": "x" * 24}
    assert await judge.refused("GetClientToken", **wrong_secret) == "NotAuthorizedException"
    wrong_scope = {**machine, "Scopes": ["orders/write"]}
    assert await judge.refused("GetClientToken", **wrong_scope) == "InvalidParameterException"
    both = {**oauth, "AllowedOAuthFlows": ["client_credentials", "implicit"]}
    assert await judge.refused("UpdateUserPoolClient", **client, **both) == "InvalidOAuthFlowException"
    unknown = {**oauth, "AllowedOAuthScopes": ["orders/write"]}
    assert await judge.refused("UpdateUserPoolClient", **client, **unknown) == "ScopeDoesNotExistException"
    await judge("DeleteResourceServer", **named)
    assert await judge.refused("DescribeResourceServer", **named) == "ResourceNotFoundException"


async def own_domains(judge: Judge, pool: dict[str, str]) -> None:
    named = {**pool, "Domain": "shop"}
    await judge("CreateUserPoolDomain", **named)
    await judge("DescribeUserPoolDomain", Domain="shop")
    await judge("DescribeUserPool", **pool)
    await judge("UpdateUserPoolDomain", **named, ManagedLoginVersion=2)
    assert await judge.refused("DeleteUserPool", **pool) == "InvalidParameterException"
    await judge("DeleteUserPoolDomain", **named)
    await judge("DescribeUserPoolDomain", Domain="shop")
    assert await judge.refused("DeleteUserPoolDomain", **named) == "InvalidParameterException"


async def own_providers(judge: Judge, pool: dict[str, str]) -> None:
    named = {**pool, "ProviderName": "Google"}
    details = {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid"}
    made = {**named, "ProviderType": "Google", "ProviderDetails": details}
    await judge("CreateIdentityProvider", **made, IdpIdentifiers=["example.com"])
    assert await judge.refused("CreateIdentityProvider", **made) == "DuplicateProviderException"
    await judge("DescribeIdentityProvider", **named)
    await judge("UpdateIdentityProvider", **named, AttributeMapping={"email": "email"})
    await judge("ListIdentityProviders", **pool, MaxResults=1)
    await judge("GetIdentityProviderByIdentifier", **pool, IdpIdentifier="example.com")
    subject = {"ProviderAttributeName": "Cognito_Subject"}
    source = {"ProviderName": "Google", **subject, "ProviderAttributeValue": "g-1"}
    ana = {"ProviderName": "Cognito", **subject, "ProviderAttributeValue": "ana"}
    await judge("AdminLinkProviderForUser", **pool, DestinationUser=ana, SourceUser=source)
    await judge("AdminGetUser", **pool, Username="ana")
    await judge("AdminDisableProviderForUser", **pool, User=source)
    gone = await judge.refused("AdminDisableProviderForUser", **pool, User=source)
    assert gone == "UserNotFoundException"
    await judge("DeleteIdentityProvider", **named)
    assert await judge.refused("DescribeIdentityProvider", **named) == "ResourceNotFoundException"


async def password_sign_in(judge: Judge, pool: Any, **more: str) -> dict[str, Any]:
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD, **more}
    members = {"ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    return await judge("InitiateAuth", **members, AuthParameters=parameters)


async def respond(judge: Judge, pool: Any, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
    return await judge(
        "RespondToAuthChallenge",
        ClientId=pool.client_id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ana", **responses},
    )


async def own_devices(judge: Judge, pool: Any) -> None:
    result = (await password_sign_in(judge, pool))["AuthenticationResult"]
    made = result["NewDeviceMetadata"]
    key = made["DeviceKey"]
    verifier = srp.device_verifier(made["DeviceGroupKey"], key)
    who = {"AccessToken": result["AccessToken"]}
    config = {"Salt": verifier.salt, "PasswordVerifier": verifier.password_verifier}
    members = {**who, "DeviceKey": key, "DeviceSecretVerifierConfig": config}
    await judge("ConfirmDevice", **members)
    assert await judge.refused("ConfirmDevice", **members) != "InternalErrorException"
    remembered = {"DeviceKey": key, "DeviceRememberedStatus": "remembered"}
    await judge("UpdateDeviceStatus", **who, **remembered)
    await judge("GetDevice", **who, DeviceKey=key)
    await judge("ListDevices", **who, Limit=1)
    asked = await password_sign_in(judge, pool, DEVICE_KEY=key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    public = srp.Ephemeral.generate().public_hex
    asked = await respond(judge, pool, asked, DEVICE_KEY=key, SRP_A=public)
    assert asked["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
    ana = {"UserPoolId": pool.id, "Username": "ana"}
    await judge("AdminUpdateDeviceStatus", **ana, **remembered)
    await judge("AdminGetDevice", **ana, DeviceKey=key)
    await judge("AdminListDevices", **ana, Limit=1)
    await judge("AdminForgetDevice", **ana, DeviceKey=key)
    assert await judge.refused("ForgetDevice", **who, DeviceKey=key) == "ResourceNotFoundException"
    result = (await password_sign_in(judge, pool))["AuthenticationResult"]
    key = result["NewDeviceMetadata"]["DeviceKey"]
    members = {"AccessToken": result["AccessToken"], "DeviceKey": key}
    await judge("ConfirmDevice", **members, DeviceSecretVerifierConfig=config)
    await judge("ForgetDevice", **members)


async def own_passkeys(judge: Judge, pool: Any) -> None:
    who = {"AccessToken": (await password_sign_in(judge, pool))["AuthenticationResult"]["AccessToken"]}
    authenticator = Authenticator()
    credential: dict[str, Any] = {}
    for _ in range(2):
        options = (await judge("StartWebAuthnRegistration", **who))["CredentialCreationOptions"]
        credential = await authenticator.create(options)
        await judge("CompleteWebAuthnRegistration", **who, Credential=credential)
    refusal = await judge.refused("CompleteWebAuthnRegistration", **who, Credential=credential)
    assert refusal == "WebAuthnChallengeNotFoundException"
    await judge("ListWebAuthnCredentials", **who, MaxResults=1)
    parameters = {"USERNAME": "ana", "PREFERRED_CHALLENGE": "WEB_AUTHN"}
    members = {"ClientId": pool.client_id, "AuthFlow": "USER_AUTH"}
    asked = await judge("InitiateAuth", **members, AuthParameters=parameters)
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    proof = json.dumps(await authenticator.get(options))
    assert "AuthenticationResult" in await respond(judge, pool, asked, CREDENTIAL=proof)
    gone = {"CredentialId": credential["id"]}
    await judge("DeleteWebAuthnCredential", **who, **gone)
    refusal = await judge.refused("DeleteWebAuthnCredential", **who, **gone)
    assert refusal == "ResourceNotFoundException"


async def set_up(judge: Judge) -> tuple[dict[str, str], dict[str, str]]:
    made = await judge(
        "CreateUserPool",
        PoolName="people",
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        UserPoolTags={"a": "b"},
        Schema=[{"Name": "team", "AttributeDataType": "String"}],
        AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
    )
    pool = {"UserPoolId": made["UserPool"]["Id"]}
    arn = {"ResourceArn": made["UserPool"]["Arn"]}
    await judge("UpdateUserPool", **pool, AutoVerifiedAttributes=["email"])
    await judge("DescribeUserPool", **pool)
    await judge("ListUserPools", MaxResults=1)
    added = [{"Name": "level", "AttributeDataType": "Number"}]
    await judge("AddCustomAttributes", **pool, CustomAttributes=added)
    await judge("TagResource", **arn, Tags={"c": "d"})
    await judge("UntagResource", **arn, TagKeys=["c"])
    await judge("ListTagsForResource", **arn)
    sms = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}}
    await judge(
        "SetUserPoolMfaConfig",
        **pool,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration=sms,
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    await judge("GetUserPoolMfaConfig", **pool)
    flows = ["USER_PASSWORD", "ADMIN_USER_PASSWORD", "USER_SRP", "REFRESH_TOKEN"]
    settings = {
        "ClientName": "app",
        "ExplicitAuthFlows": [f"ALLOW_{flow}_AUTH" for flow in flows],
        "TokenValidityUnits": {"AccessToken": "minutes"},
        "AccessTokenValidity": 30,
    }
    created = await judge("CreateUserPoolClient", **pool, **settings)
    client = {"ClientId": created["UserPoolClient"]["ClientId"]}
    await judge("UpdateUserPoolClient", **pool, **client, **settings)
    await judge("DescribeUserPoolClient", **pool, **client)
    await judge("ListUserPoolClients", **pool, MaxResults=1)
    return pool, client


async def people(judge: Judge, pool: dict[str, str], client: dict[str, str], code: Callable[[], str]) -> None:
    email = [{"Name": "email", "Value": EMAIL}]
    await judge("SignUp", **client, Username="ana", Password=PASSWORD, UserAttributes=email)
    await judge("ResendConfirmationCode", **client, Username="ana")
    bad = {"Username": "ana", "ConfirmationCode": wrong(code())}
    assert await judge.refused("ConfirmSignUp", **client, **bad) == "CodeMismatchException"
    await judge("ConfirmSignUp", **client, Username="ana", ConfirmationCode=code())
    await judge("ForgotPassword", **client, Username="ana")
    given = {"Username": "ana", "ConfirmationCode": code(), "Password": PASSWORD}
    await judge("ConfirmForgotPassword", **client, **given)
    ben = {**pool, "Username": "ben"}
    await judge("AdminCreateUser", **ben, UserAttributes=[{"Name": "phone_number", "Value": PHONE}])
    await judge("AdminUpdateUserAttributes", **ben, UserAttributes=[{"Name": "custom:level", "Value": "3"}])
    await judge("AdminDeleteUserAttributes", **ben, UserAttributeNames=["custom:level"])
    await judge("AdminSetUserPassword", **ben, Password=PASSWORD, Permanent=True)
    await judge("AdminSetUserMFAPreference", **ben, SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    await judge("AdminGetUser", **ben)
    await judge("AdminDisableUser", **ben)
    await judge("AdminEnableUser", **ben)
    await judge("AdminUserGlobalSignOut", **ben)
    group = {**pool, "GroupName": "editors"}
    await judge("CreateGroup", **group, Precedence=1, Description="They edit")
    await judge("UpdateGroup", **group, Precedence=2)
    await judge("GetGroup", **group)
    await judge("ListGroups", **pool)
    await judge("AdminAddUserToGroup", **ben, GroupName="editors")
    await judge("ListUsersInGroup", **group)
    await judge("AdminListGroupsForUser", **ben)
    await judge("AdminRemoveUserFromGroup", **ben, GroupName="editors")
    await judge("DeleteGroup", **group)
    await judge("ListUsers", **pool, Limit=1)
    await judge("SignUp", **client, Username="clara", Password=PASSWORD)
    await judge("AdminConfirmSignUp", **pool, Username="clara")
    await judge("AdminDeleteUser", **pool, Username="clara")
    assert await judge.refused("AdminGetUser", **pool, Username="clara") == "UserNotFoundException"


async def signing_in(
    judge: Judge, pool: dict[str, str], client: dict[str, str], code: Callable[[], str]
) -> None:
    given = {"USERNAME": "ben", "PASSWORD": PASSWORD}
    respond, answer, result = "", dict[str, Any](), dict[str, Any]()
    for operation, respond, flow, where in (
        ("InitiateAuth", "RespondToAuthChallenge", "USER_PASSWORD_AUTH", {}),
        ("AdminInitiateAuth", "AdminRespondToAuthChallenge", "ADMIN_USER_PASSWORD_AUTH", pool),
    ):
        asked = await judge(operation, **where, **client, AuthFlow=flow, AuthParameters=given)
        assert asked["ChallengeName"] == "SMS_MFA"
        answer = {
            **where,
            **client,
            "ChallengeName": "SMS_MFA",
            "Session": asked["Session"],
            "ChallengeResponses": {"USERNAME": "ben", "SMS_MFA_CODE": code()},
        }
        result = (await judge(respond, **answer))["AuthenticationResult"]
    assert await judge.refused(respond, **answer) == "NotAuthorizedException"
    await judge("GetTokensFromRefreshToken", **client, RefreshToken=result["RefreshToken"])
    await judge("RevokeToken", **client, Token=result["RefreshToken"])
    refusal = await judge.refused("GetTokensFromRefreshToken", **client, RefreshToken=result["RefreshToken"])
    assert refusal == "NotAuthorizedException"
    srp = {"USERNAME": "ana", "SRP_A": "abc"}
    begun = await judge("InitiateAuth", **client, AuthFlow="USER_SRP_AUTH", AuthParameters=srp)
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"


async def own_account(
    judge: Judge, pool: dict[str, str], client: dict[str, str], code: Callable[[], str]
) -> None:
    given = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    flow = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": given}
    result = (await judge("InitiateAuth", **client, **flow))["AuthenticationResult"]
    who = {"AccessToken": result["AccessToken"]}
    secret = (await judge("AssociateSoftwareToken", **who))["SecretCode"]
    now = await judge.http.post(f"{judge.url}/_emulator/clock", json={"advance": 0})
    step = int((await now.json())["now"] // 30)
    await judge("VerifySoftwareToken", **who, UserCode=SoftwareToken(secret).code(step))
    await judge(
        "SetUserMFAPreference", **who, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    factors = await judge("GetUserAuthFactors", **who)
    assert factors["ConfiguredUserAuthFactors"][0] == "PASSWORD"
    assert factors["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert "SOFTWARE_TOKEN" in factors["ConfiguredUserAuthFactors"]
    found = await judge("GetUser", **who)
    assert found["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    await judge("UpdateUserAttributes", **who, UserAttributes=[{"Name": "email", "Value": OTHER}])
    await judge("GetUserAttributeVerificationCode", **who, AttributeName="email")
    await judge("VerifyUserAttribute", **who, AttributeName="email", Code=code())
    await judge("DeleteUserAttributes", **who, UserAttributeNames=["name"])
    await judge("ChangePassword", **who, PreviousPassword=PASSWORD, ProposedPassword=NEW_PASSWORD)
    await judge("AdminResetUserPassword", **pool, Username="ana")
    await judge("GlobalSignOut", **who)
    assert await judge.refused("GetUser", **who) == "NotAuthorizedException"
    ben = {**pool, "Username": "ben"}
    await judge("AdminSetUserMFAPreference", **ben, SMSMfaSettings={"Enabled": False})
    flow["AuthParameters"] = {**given, "USERNAME": "ben"}
    result = (await judge("InitiateAuth", **client, **flow))["AuthenticationResult"]
    await judge("DeleteUser", AccessToken=result["AccessToken"])


async def tear_down(judge: Judge, pool: dict[str, str], client: dict[str, str]) -> None:
    await judge("DeleteUserPoolClient", **pool, **client)
    await judge("DeleteUserPool", **pool)
    for operation in ("DescribeUserPool", "DeleteUserPool", "UpdateUserPool"):
        assert await judge.refused(operation, **pool) == "ResourceNotFoundException"
