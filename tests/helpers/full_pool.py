"""A full user pool and identity pool: set up, changed and torn down by any client of the control plane."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import httpx
from cryptography import x509
from pyotp.totp import TOTP

from .control_plane import ControlPlane, Services
from .measured_settings import check_mfa, check_updates
from .terraform_resources import walk_resources

PASSWORD = "Correct-Horse-1"
_ROLE = "arn:aws:iam::123456789012:role/r"
_FLOWS = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


async def check_full_pool(services: Services) -> None:
    """Set up, change and tear down all that the control plane has."""
    api = services["cognito-idp"]

    async def meanwhile(names: Mapping[str, str]) -> None:
        pool = {"UserPoolId": names["pool"]}
        web = {**pool, "ClientId": names["client"]}
        await _secrets(api, web)
        await _terms(api, web)
        await _users(api, pool)
        await _import(api, pool)
        await _lists(services, names)
        certificate = (await api("GetSigningCertificate", **pool))["Certificate"]
        parsed = x509.load_der_x509_certificate(base64.b64decode(certificate))
        assert names["pool"] in parsed.subject.rfc4514_string()

    await walk_resources(services, meanwhile)


async def check_measured_settings(services: Services) -> None:
    """Check each change of a setting against the tables of measurements."""
    api = services["cognito-idp"]
    await check_updates(api)
    await check_mfa(api)
    await _client_updates(api)


async def _secrets(api: ControlPlane, web: Mapping[str, str]) -> None:
    """Two client secrets at once."""
    first = (await api("DescribeUserPoolClient", **web))["UserPoolClient"]["ClientSecret"]
    added = (await api("AddUserPoolClientSecret", **web))["ClientSecretDescriptor"]
    assert added["ClientSecretValue"] != first
    listed = (await api("ListUserPoolClientSecrets", **web))["ClientSecrets"]
    assert [secret["ClientSecretId"] for secret in listed][1:] == [added["ClientSecretId"]]
    assert all("ClientSecretValue" not in secret for secret in listed)
    code, _text = await api.refused("AddUserPoolClientSecret", **web)
    assert code == "LimitExceededException"
    for secret in (first, added["ClientSecretValue"]):
        revocation = {"ClientId": web["ClientId"], "Token": "unknown"}
        _code, text = await api.refused("RevokeToken", **revocation, ClientSecret=secret[::-1])
        assert text == "Invalid client or secret"
        assert await api("RevokeToken", **revocation, ClientSecret=secret) == {}
    assert await api("DeleteUserPoolClientSecret", **web, ClientSecretId=listed[0]["ClientSecretId"]) == {}
    left = (await api("ListUserPoolClientSecrets", **web))["ClientSecrets"]
    assert [secret["ClientSecretId"] for secret in left] == [added["ClientSecretId"]]


async def _terms(api: ControlPlane, web: Mapping[str, str]) -> None:
    """A terms document; a change of its links leaves the rest."""
    pool = {"UserPoolId": web["UserPoolId"]}
    links = {"cognito:default": "https://shop.example/terms"}
    sent = {"TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "Links": links}
    made = (await api("CreateTerms", **web, **sent))["Terms"]
    named = {**pool, "TermsId": made["TermsId"]}
    before = (await api("DescribeTerms", **named))["Terms"]
    assert {**before, **sent} == before
    links = {**links, "cognito:german": "https://shop.example/agb"}
    await api("UpdateTerms", **named, Links=links)
    after = (await api("DescribeTerms", **named))["Terms"]
    assert after == {**before, "Links": links, "LastModifiedDate": after["LastModifiedDate"]}
    assert [terms["TermsId"] for terms in (await api("ListTerms", **pool))["Terms"]] == [made["TermsId"]]
    await api("DeleteTerms", **named)
    assert (await api("ListTerms", **pool))["Terms"] == []


async def _users(api: ControlPlane, pool: Mapping[str, str]) -> None:
    """A user signs in, and chooses a second factor, which another one replaces; the sign-in is an event."""
    made = await api("CreateUserPoolClient", **pool, ClientName="tool", ExplicitAuthFlows=_FLOWS)
    tool = {**pool, "ClientId": made["UserPoolClient"]["ClientId"]}
    bob = {**pool, "Username": "bob"}
    phone = [{"Name": "phone_number", "Value": "+15555550100"}, {"Name": "email", "Value": "bob@example.com"}]
    await api("AdminCreateUser", **bob, UserAttributes=phone, MessageAction="SUPPRESS")
    await api("AdminSetUserPassword", **bob, Password=PASSWORD, Permanent=True)
    signed_in = await api(
        "AdminInitiateAuth",
        **tool,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "bob", "PASSWORD": PASSWORD},
    )
    proof = {"AccessToken": signed_in["AuthenticationResult"]["AccessToken"]}
    secret = (await api("AssociateSoftwareToken", **proof))["SecretCode"]
    verified = await api("VerifySoftwareToken", **proof, UserCode=TOTP(secret).now())
    assert verified["Status"] == "SUCCESS"
    await _preferences(api, bob, proof)
    (event,) = (await api("AdminListUserAuthEvents", **bob))["AuthEvents"]
    assert (event["EventType"], event["EventResponse"]) == ("SignIn", "Pass")
    await api("AdminUpdateAuthEventFeedback", **bob, EventId=event["EventId"], FeedbackValue="Valid")
    (event,) = (await api("AdminListUserAuthEvents", **bob))["AuthEvents"]
    assert event["EventFeedback"]["FeedbackValue"] == "Valid"
    await api("AdminDeleteUser", **bob)
    assert (await api.refused("GetUser", **proof))[0] in {"NotAuthorizedException", "UserNotFoundException"}
    await api("DeleteUserPoolClient", **tool)


async def _preferences(api: ControlPlane, bob: Mapping[str, str], proof: Mapping[str, str]) -> None:
    """Each factor stays on until it is named."""
    preferred, on, off = ({"Enabled": True, "PreferredMfa": True}, {"Enabled": True}, {"Enabled": False})
    for settings, factors, preference in (
        ({"SoftwareTokenMfaSettings": preferred}, ["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ({"SMSMfaSettings": on}, ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ({"SMSMfaSettings": preferred}, ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "SMS_MFA"),
        ({"SMSMfaSettings": off}, ["SOFTWARE_TOKEN_MFA"], None),
    ):
        await api("AdminSetUserMFAPreference", **bob, **settings)
        found = await api("AdminGetUser", **bob)
        assert sorted(found["UserMFASettingList"]) == factors
        assert found.get("PreferredMfaSetting") == preference
    assert await api("SetUserMFAPreference", **proof, SoftwareTokenMfaSettings=off) == {}
    found = await api("GetUser", **proof)
    assert not {"UserMFASettingList", "PreferredMfaSetting"} & found.keys()


async def _import(api: ControlPlane, pool: Mapping[str, str]) -> None:
    """Users from a file."""
    job = await api("CreateUserImportJob", **pool, JobName="people", CloudWatchLogsRoleArn=_ROLE)
    named = {**pool, "JobId": job["UserImportJob"]["JobId"]}
    header = (await api("GetCSVHeader", **pool))["CSVHeader"]
    row = {"cognito:username": "eve", "email": "eve@example.com", "email_verified": "true"}
    file = f"{','.join(header)}\n{','.join(row.get(name, '') for name in header)}\n".encode()
    async with httpx.AsyncClient() as http:
        response = await http.put(job["UserImportJob"]["PreSignedUrl"], content=file)
    assert response.status_code == 200
    await api("StartUserImportJob", **named)
    found = (await api("DescribeUserImportJob", **named))["UserImportJob"]
    while found["Status"] in {"Pending", "InProgress"}:
        found = (await api("DescribeUserImportJob", **named))["UserImportJob"]
    assert (found["Status"], found["ImportedUsers"]) == ("Succeeded", 1)
    listed = (await api("ListUserImportJobs", **pool, MaxResults=10))["UserImportJobs"]
    assert [each["JobId"] for each in listed] == [named["JobId"]]
    eve = await api("AdminGetUser", **pool, Username="eve")
    assert eve["UserStatus"] == "RESET_REQUIRED"
    await api("AdminDeleteUser", **pool, Username="eve")


async def _lists(services: Services, names: Mapping[str, str]) -> None:
    """What was created is listed."""
    api, pool = services["cognito-idp"], {"UserPoolId": names["pool"]}
    providers = (await api("ListIdentityProviders", **pool))["Providers"]
    assert {provider["ProviderName"] for provider in providers} == {"Works", "Google"}
    servers = (await api("ListResourceServers", **pool))["ResourceServers"]
    assert [server["Identifier"] for server in servers] == ["https://orders"]
    clients = (await api("ListUserPoolClients", **pool))["UserPoolClients"]
    assert {client["ClientName"] for client in clients} == {"web", "plainer"}
    assert [group["GroupName"] for group in (await api("ListGroups", **pool))["Groups"]] == ["admins"]
    users = (await api("ListUsers", **pool, Filter='email = "ana@example.org"'))["Users"]
    assert [user["Username"] for user in users] == ["ana"]
    assert (await api("ListTagsForResource", ResourceArn=names["pool_arn"]))["Tags"] == {"team": "a"}
    found = (await services["cognito-identity"]("ListIdentityPools", MaxResults=60))["IdentityPools"]
    assert {"IdentityPoolId": names["identities"], "IdentityPoolName": "shop"} in found


async def _client_updates(api: ControlPlane) -> None:
    """An update of an app client resets what it does not name, except for the name and the rotation."""
    pool = {"UserPoolId": (await api("CreateUserPool", PoolName="measured"))["UserPool"]["Id"]}
    stay = {
        "ClientName": "app",
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    }
    reset = {
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "AccessTokenValidity": 5,
        "TokenValidityUnits": {"AccessToken": "minutes"},
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": False,
        "ReadAttributes": ["email"],
        "WriteAttributes": ["email"],
    }
    plain = (await api("CreateUserPoolClient", **pool, **stay))["UserPoolClient"]
    full = (await api("CreateUserPoolClient", **pool, **stay, **reset))["UserPoolClient"]
    assert {**full, **stay, **reset} == full
    named = {**pool, "ClientId": full["ClientId"]}
    await api("UpdateUserPoolClient", **named, AuthSessionValidity=7)
    found = (await api("DescribeUserPoolClient", **named))["UserPoolClient"]
    own = {name: found[name] for name in ("ClientId", "CreationDate", "LastModifiedDate")}
    assert found == {**plain, **own, "AuthSessionValidity": 7}
    await api("DeleteUserPool", **pool)
