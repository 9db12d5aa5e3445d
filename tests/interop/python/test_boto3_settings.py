"""boto3 against our emulator: a full user pool with all its settings set up, changed and torn down."""

import base64
from typing import Any

import httpx
import pytest
from cryptography import x509

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
ROLE = "arn:aws:iam::123456789012:role/r"


async def test_a_full_pool(admin: Any, emulator: CognitoEmulator) -> None:
    """boto3 sets up, changes and removes all settings of a pool."""
    pool = await set_up(admin)
    client = await admin("create_user_pool_client", **pool, ClientName="web")
    web = {**pool, "ClientId": client["UserPoolClient"]["ClientId"]}
    await pages(admin, pool, web)
    await risks_and_events(admin, pool, web)
    await imports(admin, pool)
    await admin("delete_user_pool_client", **web)
    assert (await admin("list_terms", **pool))["Terms"] == []
    assert (
        await admin.refused("describe_managed_login_branding_by_client", **web) == "ResourceNotFoundException"
    )
    await admin("delete_user_pool_domain", **pool, Domain="shop")
    await admin("delete_user_pool", **pool)
    assert await admin.refused("describe_user_pool", **pool) == "ResourceNotFoundException"


async def set_up(admin: Any) -> dict[str, str]:
    settings = {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}, "UserPoolTier": "PLUS"}
    made = await admin("create_user_pool", PoolName="shop", AutoVerifiedAttributes=["email"], **settings)
    pool = {"UserPoolId": made["UserPool"]["Id"]}
    await admin("create_user_pool_domain", **pool, Domain="shop")
    log = {
        "EventSource": "userAuthEvents",
        "LogLevel": "INFO",
        "FirehoseConfiguration": {"StreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/a"},
    }
    await admin("set_log_delivery_configuration", **pool, LogConfigurations=[log])
    found = await admin("get_log_delivery_configuration", **pool)
    assert found["LogDeliveryConfiguration"]["LogConfigurations"] == [log]
    certificate = (await admin("get_signing_certificate", **pool))["Certificate"]
    parsed = x509.load_der_x509_certificate(base64.b64decode(certificate))
    assert pool["UserPoolId"] in parsed.subject.rfc4514_string()
    return pool


async def pages(admin: Any, pool: dict[str, str], web: dict[str, str]) -> None:
    image = b"\x89PNG"
    await admin("set_ui_customization", **pool, CSS=".all {}")
    await admin("set_ui_customization", **web, CSS=".web {}", ImageFile=image)
    assert (await admin("get_ui_customization", **web))["UICustomization"]["CSS"] == ".web {}"
    await admin("set_ui_customization", **web)
    assert (await admin("get_ui_customization", **web))["UICustomization"]["ClientId"] == "ALL"
    asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": image}
    made = await admin("create_managed_login_branding", **web, Settings={"a": {"b": 1}}, Assets=[asset])
    style = {**pool, "ManagedLoginBrandingId": made["ManagedLoginBranding"]["ManagedLoginBrandingId"]}
    await admin("update_managed_login_branding", **style, Settings={"a": {"c": 2}})
    found = (await admin("describe_managed_login_branding", **style))["ManagedLoginBranding"]
    assert found["Settings"] == {"a": {"b": 1, "c": 2}}
    assert found["Assets"] == [asset]
    links = {"cognito:default": "https://shop.example/terms"}
    terms = {"TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "Links": links}
    assert (await admin("create_terms", **web, **terms))["Terms"]["Links"] == links


async def risks_and_events(admin: Any, pool: dict[str, str], web: dict[str, str]) -> None:
    actions = {"Actions": {"EventAction": "BLOCK"}}
    await admin("set_risk_configuration", **web, CompromisedCredentialsRiskConfiguration=actions)
    found = (await admin("describe_risk_configuration", **web))["RiskConfiguration"]
    assert found["CompromisedCredentialsRiskConfiguration"]["Actions"] == actions["Actions"]
    ana = {**pool, "Username": "ana"}
    await admin("admin_create_user", **ana, MessageAction="SUPPRESS")
    await admin("admin_set_user_password", **ana, Password=PASSWORD, Permanent=True)
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    await admin("update_user_pool_client", **web, ExplicitAuthFlows=flows)
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    await admin("admin_initiate_auth", **web, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters)
    (event,) = (await admin("admin_list_user_auth_events", **ana))["AuthEvents"]
    assert (event["EventType"], event["EventResponse"]) == ("SignIn", "Pass")
    feedback = {"EventId": event["EventId"], "FeedbackValue": "Valid"}
    await admin("admin_update_auth_event_feedback", **ana, **feedback)
    (event,) = (await admin("admin_list_user_auth_events", **ana))["AuthEvents"]
    assert event["EventFeedback"]["FeedbackValue"] == "Valid"


async def imports(admin: Any, pool: dict[str, str]) -> None:
    job = await admin("create_user_import_job", **pool, JobName="people", CloudWatchLogsRoleArn=ROLE)
    named = {**pool, "JobId": job["UserImportJob"]["JobId"]}
    header = (await admin("get_csv_header", **pool))["CSVHeader"]
    row = {"cognito:username": "bob", "email": "bob@example.com", "email_verified": "true"}
    file = f"{','.join(header)}\n{','.join(row.get(name, '') for name in header)}\n".encode()
    async with httpx.AsyncClient() as http:
        response = await http.put(job["UserImportJob"]["PreSignedUrl"], content=file)
    assert response.status_code == 200
    await admin("start_user_import_job", **named)
    found = (await admin("describe_user_import_job", **named))["UserImportJob"]
    assert (found["Status"], found["ImportedUsers"]) == ("Succeeded", 1)
    bob = await admin("admin_get_user", **pool, Username="bob")
    assert bob["UserStatus"] == "RESET_REQUIRED"
