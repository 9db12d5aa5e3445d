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
def pool(ask: Api) -> dict[str, str]:
    return {"UserPoolId": ask.pool_id}


@pytest.fixture
def client(ask: Api) -> dict[str, str]:
    return {"UserPoolId": ask.pool_id, "ClientId": ask.client_id}


async def test_a_risk_configuration_is_replaced_as_a_whole(ask: Api, pool: dict[str, str]) -> None:
    exceptions = {"BlockedIPRangeList": ["10.10.10.10/32"]}
    await ask("SetRiskConfiguration", **pool, RiskExceptionConfiguration=exceptions)
    await ask("SetRiskConfiguration", **pool, CompromisedCredentialsRiskConfiguration=BLOCK)
    found = (await ask("DescribeRiskConfiguration", **pool))["RiskConfiguration"]
    assert found.pop("LastModifiedDate")
    every_event = ["SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"]
    assert found == {**pool, "CompromisedCredentialsRiskConfiguration": {"EventFilter": every_event, **BLOCK}}
    await ask("SetRiskConfiguration", **pool)
    assert (await ask("DescribeRiskConfiguration", **pool))["RiskConfiguration"] == pool


async def test_a_client_has_a_risk_configuration_of_its_own(
    ask: Api, pool: dict[str, str], client: dict[str, str]
) -> None:
    await ask("SetRiskConfiguration", **client, CompromisedCredentialsRiskConfiguration=BLOCK)
    assert (await ask("DescribeRiskConfiguration", **pool))["RiskConfiguration"] == pool
    described = (await ask("DescribeRiskConfiguration", **client))["RiskConfiguration"]
    assert described["ClientId"] == ask.client_id
    await ask("DeleteUserPoolClient", **client)
    assert (await ask.refused("DescribeRiskConfiguration", **client))[0] == "ResourceNotFoundException"
    assert ask.pool.risk_configurations == {}


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
async def test_a_wrong_risk_configuration(ask: Api, pool: dict[str, str], members: dict[str, Any]) -> None:
    assert (await ask.refused("SetRiskConfiguration", **pool, **members))[0] == "InvalidParameterException"
    assert ask.pool.risk_configurations == {}


async def test_the_classic_pages_are_customised_for_all_clients_or_one(
    ask: Api, pool: dict[str, str], client: dict[str, str]
) -> None:
    no_domain = (
        "InvalidParameterException",
        "There has to be an existing domain associated with this user pool",
    )
    assert await ask.refused("SetUICustomization", **pool, CSS=".a {}") == no_domain
    assert await ask.refused("GetUICustomization", **pool) == no_domain
    await ask("CreateUserPoolDomain", **pool, Domain="shop")
    assert await ask("GetUICustomization", **client) == {"UICustomization": {}}
    await ask("SetUICustomization", **pool, CSS=".all {}")
    of_all = (await ask("GetUICustomization", **client))["UICustomization"]
    assert (of_all["ClientId"], of_all["CSS"], "ImageUrl" in of_all) == ("ALL", ".all {}", False)
    ask.state.clock.advance(60)
    await ask("SetUICustomization", **client, ImageFile=base64.b64encode(b"\x89PNG").decode())
    own = (await ask("GetUICustomization", **client))["UICustomization"]
    assert (own["ClientId"], "CSS" in own) == (ask.client_id, False)
    assert own["ImageUrl"].endswith("/assets/images/image.jpg")
    assert own["CreationDate"] == own["LastModifiedDate"] == of_all["CreationDate"] + 60
    ask.state.clock.advance(60)
    changed = (await ask("SetUICustomization", **client, CSS=".b {}"))["UICustomization"]
    assert changed["LastModifiedDate"] == changed["CreationDate"] + 60 == own["CreationDate"] + 60
    assert await ask("SetUICustomization", **client) == {"UICustomization": {}}
    assert (await ask("GetUICustomization", **client))["UICustomization"] == of_all


async def test_blobs_are_base64(ask: Api, pool: dict[str, str]) -> None:
    await ask("CreateUserPoolDomain", **pool, Domain="shop")
    refused = await ask.refused("SetUICustomization", **pool, ImageFile="not base64!")
    assert refused[0] == "SerializationException"
    large = base64.b64encode(bytes(131_073)).decode()
    code, text = await ask.refused("SetUICustomization", **pool, ImageFile=large)
    assert code == "InvalidParameterException"
    assert text.endswith("Member must have length less than or equal to 131072")


async def test_a_style_of_managed_login(ask: Api, pool: dict[str, str], client: dict[str, str]) -> None:
    logo = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "ResourceId": "one"}
    dark = {**logo, "ColorMode": "DARK"}
    settings = {"categories": {"form": {"displayGraphics": False}}, "a": {"b": 1, "c": 2}}
    made = await ask("CreateManagedLoginBranding", **client, Settings=settings, Assets=[logo])
    style = made["ManagedLoginBranding"]
    assert (style["Settings"], style["Assets"]) == (settings, [logo])
    assert style["UseCognitoProvidedValues"] is False
    named = {**pool, "ManagedLoginBrandingId": style["ManagedLoginBrandingId"]}
    assert await ask("DescribeManagedLoginBranding", **named) == made
    assert await ask("DescribeManagedLoginBrandingByClient", **client) == made

    new_logo = {**logo, "ResourceId": "two"}
    update = {"Settings": {"a": {"c": 3}}, "Assets": [new_logo, dark]}
    changed = (await ask("UpdateManagedLoginBranding", **named, **update))["ManagedLoginBranding"]
    assert changed["Settings"] == {**settings, "a": {"b": 1, "c": 3}}
    assert changed["Assets"] == [new_logo, dark]

    merged = (await ask("DescribeManagedLoginBrandingByClient", **client, ReturnMergedResources=True))[
        "ManagedLoginBranding"
    ]["Settings"]
    assert merged["categories"]["form"]["displayGraphics"] is False
    assert merged["categories"]["global"]["colorSchemeMode"] == "LIGHT"

    await ask("UpdateManagedLoginBranding", **named, UseCognitoProvidedValues=True)
    own = (await ask("DescribeManagedLoginBranding", **named))["ManagedLoginBranding"]
    assert own["UseCognitoProvidedValues"] is True
    assert not own.keys() & {"Settings", "Assets"}
    await ask("UpdateManagedLoginBranding", **named, UseCognitoProvidedValues=False)
    own = (await ask("DescribeManagedLoginBranding", **named))["ManagedLoginBranding"]
    assert own["UseCognitoProvidedValues"] is False


async def test_a_wrong_style_of_managed_login(ask: Api, pool: dict[str, str], client: dict[str, str]) -> None:
    code, text = await ask.refused("DescribeManagedLoginBrandingByClient", **client)
    assert (code, text) == (
        "ResourceNotFoundException",
        f"Managed login branding for app client {ask.client_id} does not exist.",
    )
    both = {"UseCognitoProvidedValues": True, "Settings": {"a": 1}}
    assert (await ask.refused("CreateManagedLoginBranding", **client, **both))[
        0
    ] == "InvalidParameterException"
    asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG"}
    for wrong in (asset, {**asset, "Bytes": "aa==", "ResourceId": "one"}):
        refused = await ask.refused("CreateManagedLoginBranding", **client, Assets=[wrong])
        assert refused[0] == "InvalidParameterException"
    assert await ask.refused("UpdateManagedLoginBranding", **pool) == (
        "InvalidParameterException",
        "Missing required parameter ManagedLoginBrandingId",
    )
    named = {**pool, "ManagedLoginBrandingId": UNKNOWN}
    for operation in ("UpdateManagedLoginBranding", "DeleteManagedLoginBranding"):
        assert (await ask.refused(operation, **named))[0] == "ResourceNotFoundException"


async def test_terms_documents(ask: Api, pool: dict[str, str], client: dict[str, str]) -> None:
    fixed = {"TermsSource": "LINK", "Enforcement": "NONE"}
    use = (await ask("CreateTerms", **client, TermsName="terms-of-use", Links=LINKS, **fixed))["Terms"]
    privacy = (await ask("CreateTerms", **client, TermsName="privacy-policy", Links=LINKS, **fixed))["Terms"]
    again = await ask.refused("CreateTerms", **client, TermsName="terms-of-use", Links=LINKS, **fixed)
    assert again[0] == "TermsExistsException"
    named = {**pool, "TermsId": use["TermsId"]}
    assert (await ask("DescribeTerms", **named))["Terms"] == use
    found = await ask("DescribeTermsByClient", **client, TermsName="privacy-policy")
    assert found["Terms"] == privacy
    ask.state.clock.advance(60)
    links = {**LINKS, "cognito:french": "https://shop.example/conditions"}
    changed = (await ask("UpdateTerms", **named, TermsName="terms-of-use", Links=links))["Terms"]
    assert changed == {**use, "Links": links, "LastModifiedDate": use["LastModifiedDate"] + 60}
    taken = await ask.refused("UpdateTerms", **named, TermsName="privacy-policy")
    assert taken[0] == "TermsExistsException"
    only_french = {"cognito:french": "https://shop.example/conditions"}
    assert (await ask.refused("UpdateTerms", **named, Links=only_french))[0] == "InvalidParameterException"
    first = await ask("ListTerms", **pool, MaxResults=1)
    second = await ask("ListTerms", **pool, MaxResults=1, NextToken=first["NextToken"])
    names = [each["TermsName"] for each in (*first["Terms"], *second["Terms"])]
    assert names == ["terms-of-use", "privacy-policy"]
    await ask("DeleteTerms", **named)
    code, _ = await ask.refused("DescribeTermsByClient", **client, TermsName="terms-of-use")
    assert code == "ResourceNotFoundException"
    await ask("DeleteUserPoolClient", **client)
    assert await ask("ListTerms", **pool) == {"Terms": []}


GROUP = {"CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:a"}}
BUCKET = {"S3Configuration": {"BucketArn": "arn:aws:s3:::logs"}}
NOTICES = {"EventSource": "userNotification", "LogLevel": "ERROR", **GROUP}
EVENTS = {"EventSource": "userAuthEvents", "LogLevel": "INFO", **BUCKET}


async def test_log_delivery(blank: Api) -> None:
    await blank.make_pool(UserPoolTier="PLUS")
    pool = {"UserPoolId": blank.pool_id}
    nothing = {"LogDeliveryConfiguration": {**pool, "LogConfigurations": []}}
    assert await blank("GetLogDeliveryConfiguration", **pool) == nothing
    set_to = {"LogDeliveryConfiguration": {**pool, "LogConfigurations": [EVENTS, NOTICES]}}
    assert await blank("SetLogDeliveryConfiguration", **pool, LogConfigurations=[EVENTS, NOTICES]) == set_to
    assert await blank("GetLogDeliveryConfiguration", **pool) == set_to
    assert await blank("SetLogDeliveryConfiguration", **pool, LogConfigurations=[]) == nothing


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
    ask: Api, pool: dict[str, str], configurations: list[Any], error: str
) -> None:
    refused = await ask.refused("SetLogDeliveryConfiguration", **pool, LogConfigurations=configurations)
    assert refused[0] == error
    assert ask.pool.log_configurations == []


def limit_of(category: str) -> dict[str, Any]:
    return {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": category}}}


async def test_provisioned_limits(ask: Api) -> None:
    sign_ins = limit_of("UserAuthentication")
    free = {**sign_ins, "ProvisionedLimitValue": 120, "FreeLimitValue": 120}
    assert await ask("GetProvisionedLimit", **sign_ins) == {"Limit": free}
    raised = {"Limit": {**free, "ProvisionedLimitValue": 200}}
    assert await ask("UpdateProvisionedLimit", **sign_ins, RequestedLimitValue=200) == raised
    assert await ask("GetProvisionedLimit", **sign_ins) == raised
    for value, error in ((119, "InvalidParameterException"), (1201, "ServiceQuotaExceededException")):
        refused = await ask.refused("UpdateProvisionedLimit", **sign_ins, RequestedLimitValue=value)
        assert refused[0] == error
    assert (await ask.refused("GetProvisionedLimit", **limit_of("Users")))[0] == "InvalidParameterException"


async def test_a_signing_certificate_is_self_signed_and_stays(ask: Api, pool: dict[str, str]) -> None:
    text = (await ask("GetSigningCertificate", **pool))["Certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(text))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    algorithm = certificate.signature_hash_algorithm
    assert algorithm is not None
    key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    assert certificate.issuer == certificate.subject
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert (life.days, certificate.not_valid_before_utc.timestamp()) == (3650, 1_700_000_000)
    ask.state.clock.advance(86_400)
    assert (await ask("GetSigningCertificate", **pool))["Certificate"] == text


async def test_mfa_options_turn_sms_on_and_off(ask: Api) -> None:
    await ask.add_user("ana", PASSWORD, phone_number=PHONE)
    options = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    who = {"AccessToken": (await ask.tokens())["AccessToken"]}
    await ask("SetUserSettings", **who, MFAOptions=options)
    assert (await ask.admin("AdminGetUser", "ana"))["UserMFASettingList"] == ["SMS_MFA"]
    await ask.admin("AdminSetUserSettings", "ana", MFAOptions=[])
    assert "UserMFASettingList" not in await ask.admin("AdminGetUser", "ana")
    by_mail = [{"DeliveryMedium": "EMAIL", "AttributeName": "email"}]
    assert (await ask.refused("SetUserSettings", **who, MFAOptions=by_mail))[0] == "InvalidParameterException"


async def test_a_clients_session_configuration(
    ask: Api, pool: dict[str, str], client: dict[str, str]
) -> None:
    default = {**client, "SSOSession": {"MaxValidityMinutes": 60}}
    assert await ask("GetUserPoolClientSessionConfiguration", **client) == default
    change = {**client, "SSOSession": {"MaxValidityMinutes": 0}}
    refused = await ask.refused("SetUserPoolClientSessionConfiguration", **change)
    assert refused[0] == "OperationNotEnabledException"
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    await ask("SetUserPoolSessionConfiguration", **pool, **tracking)
    assert await ask("SetUserPoolClientSessionConfiguration", **change) == change
    assert await ask("GetUserPoolClientSessionConfiguration", **client) == change


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
