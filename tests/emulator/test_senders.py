"""CustomSMSSender and CustomEmailSender: triggers that send a pool's messages in place of Cognito."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from aiohttp import web

from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.setup.trigger_loading import load_all
from helpers.api import EMAIL, PASSWORD, PHONE, SMS_ROLE, Api

Event = dict[str, Any]


def listen(api: Api, *names: str) -> list[Event]:
    """Set senders that return nothing, as most do."""
    events: list[Event] = []
    api.pool.triggers.update(dict.fromkeys(names, events.append))
    return events


def code_of(event: Event) -> str:
    return base64.b64decode(event["request"]["code"]).decode()


@pytest.fixture
async def verifying(empty_api: Api) -> Api:
    await empty_api.make_pool(
        AutoVerifiedAttributes=["email"], SmsConfiguration={"SnsCallerArn": SMS_ROLE}, MfaConfiguration="OFF"
    )
    return empty_api


async def sign_up(api: Api, **members: Any) -> dict[str, Any]:
    entries = [{"Name": "email", "Value": EMAIL}]
    named = {"ClientId": api.client_id, "Username": "ana", "Password": PASSWORD}
    return await api("SignUp", **named, UserAttributes=entries, **members)


async def test_the_event_and_its_code(verifying: Api) -> None:
    events = listen(verifying, "CustomEmailSender")
    answer = await sign_up(verifying, ClientMetadata={"from": "test"})
    (event,) = events
    assert event == {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": verifying.pool_id,
        "userName": "ana",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": verifying.client_id},
        "triggerSource": "CustomEmailSender_SignUp",
        "request": {
            "type": "customEmailSenderRequestV1",
            "code": event["request"]["code"],
            "clientMetadata": {"from": "test"},
            "userAttributes": {
                "sub": answer["UserSub"],
                "cognito:user_status": "UNCONFIRMED",
                "email": EMAIL,
            },
        },
    }
    assert verifying.state.outbox.messages == []
    ana = {"ClientId": verifying.client_id, "Username": "ana"}
    await verifying("ConfirmSignUp", **ana, ConfirmationCode=code_of(event))
    await verifying("ForgotPassword", **ana)
    assert events[1]["request"]["clientMetadata"] is None
    assert (
        await verifying(
            "ConfirmForgotPassword", **ana, Password=PASSWORD, ConfirmationCode=code_of(events[1])
        )
        == {}
    )


async def test_every_message_has_its_source(verifying: Api) -> None:
    events = listen(verifying, "CustomEmailSender", "CustomSMSSender")
    entries = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    mail = {"DesiredDeliveryMediums": ["EMAIL"], "UserAttributes": entries}
    await verifying.admin("AdminCreateUser", TemporaryPassword=PASSWORD, **mail)
    assert code_of(events[0]) == PASSWORD
    await verifying.admin("AdminSetUserPassword", Password=PASSWORD, Permanent=True)
    access = (await verifying.tokens())["AccessToken"]
    change = [{"Name": "phone_number", "Value": PHONE}]
    await verifying("UpdateUserAttributes", AccessToken=access, UserAttributes=change)
    await verifying("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="phone_number")
    await verifying(
        "VerifyUserAttribute", AccessToken=access, AttributeName="phone_number", Code=code_of(events[-1])
    )
    await verifying(
        "UpdateUserAttributes",
        AccessToken=access,
        UserAttributes=[{"Name": "email", "Value": "b@example.com"}],
    )
    sms = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": SMS_ROLE}}}
    await verifying("SetUserPoolMfaConfig", UserPoolId=verifying.pool_id, MfaConfiguration="OPTIONAL", **sms)
    await verifying.admin("AdminSetUserMFAPreference", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = await verifying.begin()
    assert await verifying.respond(asked, SMS_MFA_CODE=code_of(events[-1]))
    assert [event["triggerSource"] for event in events] == [
        "CustomEmailSender_AdminCreateUser",
        "CustomSMSSender_VerifyUserAttribute",
        "CustomEmailSender_UpdateUserAttribute",
        "CustomSMSSender_Authentication",
    ]
    assert events[-1]["request"]["type"] == "customSMSSenderRequestV1"
    assert verifying.state.outbox.messages == []


async def test_a_sender_of_the_other_medium_leaves_the_message_to_the_outbox(verifying: Api) -> None:
    events = listen(verifying, "CustomSMSSender")
    await sign_up(verifying)
    assert events == []
    assert verifying.state.outbox.messages[-1].to == EMAIL


async def test_a_failing_sender_is_logged_without_the_code_and_fails_no_request(
    verifying: Api, caplog: pytest.LogCaptureFixture
) -> None:
    codes: list[str] = []

    async def fail(event: Event) -> None:
        codes.append(code_of(event))
        raise ValueError(f"cannot send {codes[-1]}")

    verifying.pool.triggers["CustomEmailSender"] = fail
    assert (await sign_up(verifying))["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert f"user pool {verifying.pool_id}: the trigger CustomEmailSender raised ValueError" in caplog.text
    assert codes[0] not in caplog.text


async def test_a_sender_behind_a_url_may_answer_null(
    emulator: CognitoEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Event] = []

    async def serve(request: web.Request) -> web.Response:
        events.append(await request.json())
        return web.json_response(None)

    app = web.Application()
    app.router.add_post("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://{}:{}/".format(*runner.addresses[0])
    pool = await emulator.create_user_pool(triggers={"CustomEmailSender": url})
    ana = {"Username": "ana", "UserAttributes": [{"Name": "email", "Value": EMAIL}]}
    members = {"UserPoolId": pool.id, "TemporaryPassword": PASSWORD, "DesiredDeliveryMediums": ["EMAIL"]}
    await emulator.call("AdminCreateUser", **members, **ana)
    await runner.cleanup()
    assert code_of(events[0]) == PASSWORD
    assert caplog.records == []


def test_their_names_in_python() -> None:
    assert sorted(load_all(f"{__name__}:Functions")) == [
        "CustomEmailSender",
        "CustomSMSSender",
        "InboundFederation",
    ]


class Functions:
    """Triggers under names of Python."""

    @staticmethod
    def custom_sms_sender(event: Event) -> None:
        """Send a message."""

    @staticmethod
    def custom_email_sender(event: Event) -> None:
        """Send an e-mail."""

    @staticmethod
    def inbound_federation(event: Event) -> Event:
        """Change claims."""
        return event
