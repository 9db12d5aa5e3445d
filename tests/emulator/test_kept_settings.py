"""Settings that the emulator stores and describes: risk configuration, branding, terms, logs, limits, …"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from aiocognito.emulator import CognitoEmulator
from helpers.api import PASSWORD, PHONE, Api

from .judge import Judge

BLOCK = {"Actions": {"EventAction": "BLOCK"}}
LINKS = {"cognito:default": "https://shop.example/terms"}
ROLE = "arn:aws:ses:us-east-1:123456789012:identity/a@example.com"
UNKNOWN = "1cabd6ed-8a3c-4a6f-9d5c-0a0a0a0a0a0a"


@pytest.fixture
def pool(api: Api) -> dict[str, str]:
    return {"UserPoolId": api.pool_id}


@pytest.fixture
def client(api: Api) -> dict[str, str]:
    return {"UserPoolId": api.pool_id, "ClientId": api.client_id}


async def test_a_risk_configuration_is_replaced_as_a_whole(api: Api, pool: dict[str, str]) -> None:
    exceptions = {"BlockedIPRangeList": ["10.10.10.10/32"]}
    await api("SetRiskConfiguration", **pool, RiskExceptionConfiguration=exceptions)
    await api("SetRiskConfiguration", **pool, CompromisedCredentialsRiskConfiguration=BLOCK)
    found = (await api("DescribeRiskConfiguration", **pool))["RiskConfiguration"]
    assert found.pop("LastModifiedDate")
    every_event = ["SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"]
    assert found == {**pool, "CompromisedCredentialsRiskConfiguration": {"EventFilter": every_event, **BLOCK}}
    await api("SetRiskConfiguration", **pool)
    assert (await api("DescribeRiskConfiguration", **pool))["RiskConfiguration"] == pool


async def test_a_client_has_a_risk_configuration_of_its_own(
    api: Api, pool: dict[str, str], client: dict[str, str]
) -> None:
    await api("SetRiskConfiguration", **client, CompromisedCredentialsRiskConfiguration=BLOCK)
    assert (await api("DescribeRiskConfiguration", **pool))["RiskConfiguration"] == pool
    described = (await api("DescribeRiskConfiguration", **client))["RiskConfiguration"]
    assert described["ClientId"] == api.client_id
    await api("DeleteUserPoolClient", **client)
    assert (await api.refused("DescribeRiskConfiguration", **client))[0] == "ResourceNotFoundException"
    assert api.pool.risk_configurations == {}


@pytest.mark.parametrize(
    "members",
    [
        {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["10.0.0.256/8"]}},
        {"RiskExceptionConfiguration": {"SkippedIPRangeList": ["::1", "localhost"]}},
        {
            "AccountTakeoverRiskConfiguration": {
                "Actions": {"LowAction": {"Notify": True, "EventAction": "NO_ACTION"}}
            }
        },
    ],
)
async def test_a_wrong_risk_configuration(api: Api, pool: dict[str, str], members: dict[str, Any]) -> None:
    assert (await api.refused("SetRiskConfiguration", **pool, **members))[0] == "InvalidParameterException"
    assert api.pool.risk_configurations == {}


async def test_the_classic_pages_are_customised_for_all_clients_or_one(
    api: Api, pool: dict[str, str], client: dict[str, str]
) -> None:
    no_domain = (
        "InvalidParameterException",
        "There has to be an existing domain associated with this user pool",
    )
    assert await api.refused("SetUICustomization", **pool, CSS=".a {}") == no_domain
    assert await api.refused("GetUICustomization", **pool) == no_domain
    await api("CreateUserPoolDomain", **pool, Domain="shop")
    assert await api("GetUICustomization", **client) == {"UICustomization": {}}
    await api("SetUICustomization", **pool, CSS=".all {}")
    of_all = (await api("GetUICustomization", **client))["UICustomization"]
    assert (of_all["ClientId"], of_all["CSS"], "ImageUrl" in of_all) == ("ALL", ".all {}", False)
    api.state.clock.advance(60)
    await api("SetUICustomization", **client, ImageFile=base64.b64encode(b"\x89PNG").decode())
    own = (await api("GetUICustomization", **client))["UICustomization"]
    assert (own["ClientId"], "CSS" in own) == (api.client_id, False)
    assert own["ImageUrl"].endswith("/assets/images/image.jpg")
    assert own["CreationDate"] == own["LastModifiedDate"] == of_all["CreationDate"] + 60
    api.state.clock.advance(60)
    changed = (await api("SetUICustomization", **client, CSS=".b {}"))["UICustomization"]
    assert changed["LastModifiedDate"] == changed["CreationDate"] + 60 == own["CreationDate"] + 60
    assert await api("SetUICustomization", **client) == {"UICustomization": {}}
    assert (await api("GetUICustomization", **client))["UICustomization"] == of_all


async def test_blobs_are_base64(api: Api, pool: dict[str, str]) -> None:
    """An image is sent in base64, and its size is limited."""
    await api("CreateUserPoolDomain", **pool, Domain="shop")
    refused = await api.refused("SetUICustomization", **pool, ImageFile="not base64!")
    assert refused[0] == "SerializationException"
    large = base64.b64encode(bytes(131_073)).decode()
    code, text = await api.refused("SetUICustomization", **pool, ImageFile=large)
    assert code == "InvalidParameterException"
    assert text.endswith("Member must have length less than or equal to 131072")


async def test_a_style_of_managed_login(api: Api, pool: dict[str, str], client: dict[str, str]) -> None:
    logo = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "ResourceId": "one"}
    dark = {**logo, "ColorMode": "DARK"}
    settings = {"categories": {"form": {"displayGraphics": False}}, "a": {"b": 1, "c": 2}}
    made = await api("CreateManagedLoginBranding", **client, Settings=settings, Assets=[logo])
    style = made["ManagedLoginBranding"]
    assert (style["Settings"], style["Assets"]) == (settings, [logo])
    assert style["UseCognitoProvidedValues"] is False
    named = {**pool, "ManagedLoginBrandingId": style["ManagedLoginBrandingId"]}
    assert await api("DescribeManagedLoginBranding", **named) == made
    assert await api("DescribeManagedLoginBrandingByClient", **client) == made

    new_logo = {**logo, "ResourceId": "two"}
    update = {"Settings": {"a": {"c": 3}}, "Assets": [new_logo, dark]}
    changed = (await api("UpdateManagedLoginBranding", **named, **update))["ManagedLoginBranding"]
    assert changed["Settings"] == {**settings, "a": {"b": 1, "c": 3}}
    assert changed["Assets"] == [new_logo, dark]

    merged = (await api("DescribeManagedLoginBrandingByClient", **client, ReturnMergedResources=True))[
        "ManagedLoginBranding"
    ]["Settings"]
    assert merged["categories"]["form"]["displayGraphics"] is False
    assert merged["categories"]["global"]["colorSchemeMode"] == "LIGHT"

    await api("UpdateManagedLoginBranding", **named, UseCognitoProvidedValues=True)
    own = (await api("DescribeManagedLoginBranding", **named))["ManagedLoginBranding"]
    assert own["UseCognitoProvidedValues"] is True
    assert not own.keys() & {"Settings", "Assets"}
    await api("UpdateManagedLoginBranding", **named, UseCognitoProvidedValues=False)
    own = (await api("DescribeManagedLoginBranding", **named))["ManagedLoginBranding"]
    assert own["UseCognitoProvidedValues"] is False


async def test_a_wrong_style_of_managed_login(api: Api, pool: dict[str, str], client: dict[str, str]) -> None:
    code, text = await api.refused("DescribeManagedLoginBrandingByClient", **client)
    assert (code, text) == (
        "ResourceNotFoundException",
        f"Managed login branding for app client {api.client_id} does not exist.",
    )
    both = {"UseCognitoProvidedValues": True, "Settings": {"a": 1}}
    assert (await api.refused("CreateManagedLoginBranding", **client, **both))[
        0
    ] == "InvalidParameterException"
    asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG"}
    for wrong in (asset, {**asset, "Bytes": "aa==", "ResourceId": "one"}):
        refused = await api.refused("CreateManagedLoginBranding", **client, Assets=[wrong])
        assert refused[0] == "InvalidParameterException"
    assert await api.refused("UpdateManagedLoginBranding", **pool) == (
        "InvalidParameterException",
        "Missing required parameter ManagedLoginBrandingId",
    )
    named = {**pool, "ManagedLoginBrandingId": UNKNOWN}
    for operation in ("UpdateManagedLoginBranding", "DeleteManagedLoginBranding"):
        assert (await api.refused(operation, **named))[0] == "ResourceNotFoundException"


async def test_terms_documents(api: Api, pool: dict[str, str], client: dict[str, str]) -> None:
    """Documents of terms are created, changed and deleted."""
    fixed = {"TermsSource": "LINK", "Enforcement": "NONE"}
    use = (await api("CreateTerms", **client, TermsName="terms-of-use", Links=LINKS, **fixed))["Terms"]
    privacy = (await api("CreateTerms", **client, TermsName="privacy-policy", Links=LINKS, **fixed))["Terms"]
    again = await api.refused("CreateTerms", **client, TermsName="terms-of-use", Links=LINKS, **fixed)
    assert again[0] == "TermsExistsException"
    named = {**pool, "TermsId": use["TermsId"]}
    assert (await api("DescribeTerms", **named))["Terms"] == use
    found = await api("DescribeTermsByClient", **client, TermsName="privacy-policy")
    assert found["Terms"] == privacy
    api.state.clock.advance(60)
    links = {**LINKS, "cognito:french": "https://shop.example/conditions"}
    changed = (await api("UpdateTerms", **named, TermsName="terms-of-use", Links=links))["Terms"]
    assert changed == {**use, "Links": links, "LastModifiedDate": use["LastModifiedDate"] + 60}
    taken = await api.refused("UpdateTerms", **named, TermsName="privacy-policy")
    assert taken[0] == "TermsExistsException"
    only_french = {"cognito:french": "https://shop.example/conditions"}
    assert (await api.refused("UpdateTerms", **named, Links=only_french))[0] == "InvalidParameterException"
    first = await api("ListTerms", **pool, MaxResults=1)
    second = await api("ListTerms", **pool, MaxResults=1, NextToken=first["NextToken"])
    names = [each["TermsName"] for each in (*first["Terms"], *second["Terms"])]
    assert names == ["terms-of-use", "privacy-policy"]
    await api("DeleteTerms", **named)
    code, _ = await api.refused("DescribeTermsByClient", **client, TermsName="terms-of-use")
    assert code == "ResourceNotFoundException"
    await api("DeleteUserPoolClient", **client)
    assert await api("ListTerms", **pool) == {"Terms": []}


GROUP = {"CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:a"}}
BUCKET = {"S3Configuration": {"BucketArn": "arn:aws:s3:::logs"}}
NOTICES = {"EventSource": "userNotification", "LogLevel": "ERROR", **GROUP}
EVENTS = {"EventSource": "userAuthEvents", "LogLevel": "INFO", **BUCKET}


async def test_log_delivery(empty_api: Api) -> None:
    """The delivery of logs is set and removed."""
    await empty_api.make_pool(UserPoolTier="PLUS")
    pool = {"UserPoolId": empty_api.pool_id}
    nothing = {"LogDeliveryConfiguration": {**pool, "LogConfigurations": []}}
    assert await empty_api("GetLogDeliveryConfiguration", **pool) == nothing
    set_to = {"LogDeliveryConfiguration": {**pool, "LogConfigurations": [EVENTS, NOTICES]}}
    assert (
        await empty_api("SetLogDeliveryConfiguration", **pool, LogConfigurations=[EVENTS, NOTICES]) == set_to
    )
    assert await empty_api("GetLogDeliveryConfiguration", **pool) == set_to
    assert await empty_api("SetLogDeliveryConfiguration", **pool, LogConfigurations=[]) == nothing


@pytest.mark.parametrize(
    ("configurations", "error"),
    [
        ([NOTICES, NOTICES], "InvalidParameterException"),
        ([{**NOTICES, "LogLevel": "INFO"}], "InvalidParameterException"),
        ([{**NOTICES, **BUCKET}], "InvalidParameterException"),
        ([{"EventSource": "userNotification", "LogLevel": "ERROR", **BUCKET}], "InvalidParameterException"),
        ([EVENTS], "FeatureUnavailableInTierException"),
    ],
)
async def test_wrong_log_delivery(
    api: Api, pool: dict[str, str], configurations: list[Any], error: str
) -> None:
    """A wrong delivery of logs is refused."""
    refused = await api.refused("SetLogDeliveryConfiguration", **pool, LogConfigurations=configurations)
    assert refused[0] == error
    assert api.pool.log_configurations == []


def limit_of(category: str) -> dict[str, Any]:
    return {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": category}}}


async def test_provisioned_limits(api: Api) -> None:
    """A limit of requests can be raised."""
    sign_ins = limit_of("UserAuthentication")
    free = {**sign_ins, "ProvisionedLimitValue": 120, "FreeLimitValue": 120}
    assert await api("GetProvisionedLimit", **sign_ins) == {"Limit": free}
    raised = {"Limit": {**free, "ProvisionedLimitValue": 200}}
    assert await api("UpdateProvisionedLimit", **sign_ins, RequestedLimitValue=200) == raised
    assert await api("GetProvisionedLimit", **sign_ins) == raised
    for value, error in ((119, "InvalidParameterException"), (1201, "ServiceQuotaExceededException")):
        refused = await api.refused("UpdateProvisionedLimit", **sign_ins, RequestedLimitValue=value)
        assert refused[0] == error
    assert (await api.refused("GetProvisionedLimit", **limit_of("Users")))[0] == "InvalidParameterException"


async def test_a_signing_certificate_is_self_signed_and_stays(api: Api, pool: dict[str, str]) -> None:
    text = (await api("GetSigningCertificate", **pool))["Certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(text))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    algorithm = certificate.signature_hash_algorithm
    assert algorithm is not None
    key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    assert certificate.issuer == certificate.subject
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert (life.days, certificate.not_valid_before_utc.timestamp()) == (3650, 1_700_000_000)
    api.state.clock.advance(86_400)
    assert (await api("GetSigningCertificate", **pool))["Certificate"] == text


async def test_mfa_options_turn_sms_on_and_off(api: Api) -> None:
    await api.add_user("ana", PASSWORD, phone_number=PHONE)
    options = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    who = {"AccessToken": (await api.tokens())["AccessToken"]}
    await api("SetUserSettings", **who, MFAOptions=options)
    (listed,) = (await api("ListUsers", UserPoolId=api.pool_id))["Users"]
    for found in (await api("GetUser", **who), await api.admin("AdminGetUser", "ana"), listed):
        assert found["MFAOptions"] == options
        assert found.get("UserMFASettingList", ["SMS_MFA"]) == ["SMS_MFA"]
    await api("SetUserMFAPreference", **who, SMSMfaSettings={"Enabled": False})
    assert "MFAOptions" not in await api("GetUser", **who)
    await api.admin("AdminSetUserMFAPreference", "ana", SMSMfaSettings={"Enabled": True})
    await api.admin("AdminSetUserSettings", "ana", MFAOptions=[])
    assert not (await api.admin("AdminGetUser", "ana")).keys() & {"UserMFASettingList", "MFAOptions"}
    by_mail = [{"DeliveryMedium": "EMAIL", "AttributeName": "email"}]
    assert (await api.refused("SetUserSettings", **who, MFAOptions=by_mail))[0] == "InvalidParameterException"


async def test_a_clients_session_configuration(
    api: Api, pool: dict[str, str], client: dict[str, str]
) -> None:
    default = {**client, "SSOSession": {"MaxValidityMinutes": 60}}
    assert await api("GetUserPoolClientSessionConfiguration", **client) == default
    change = {**client, "SSOSession": {"MaxValidityMinutes": 0}}
    refused = await api.refused("SetUserPoolClientSessionConfiguration", **change)
    assert refused[0] == "OperationNotEnabledException"
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    await api("SetUserPoolSessionConfiguration", **pool, **tracking)
    assert await api("SetUserPoolClientSessionConfiguration", **change) == change
    assert await api("GetUserPoolClientSessionConfiguration", **client) == change


async def test_these_settings_survive_the_process(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with CognitoEmulator(data=tmp_path) as emulator:
        pool = {"UserPoolId": (await emulator.create_user_pool()).id}
        judge = Judge(emulator.url, http)
        await judge("SetRiskConfiguration", **pool, CompromisedCredentialsRiskConfiguration=BLOCK)
        await judge("UpdateProvisionedLimit", **limit_of("UserList"), RequestedLimitValue=40)
        described = await judge("DescribeRiskConfiguration", **pool)
        certificate = await judge("GetSigningCertificate", **pool)
    async with CognitoEmulator(data=tmp_path) as emulator:
        judge = Judge(emulator.url, http)
        assert await judge("DescribeRiskConfiguration", **pool) == described
        assert await judge("GetSigningCertificate", **pool) == certificate
        limit = (await judge("GetProvisionedLimit", **limit_of("UserList")))["Limit"]
        assert limit["ProvisionedLimitValue"] == 40
