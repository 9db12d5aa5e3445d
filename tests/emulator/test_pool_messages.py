"""A user pool's own words in the messages that it sends."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import EMAIL, PASSWORD, PHONE, SMS_ROLE, Api

SMS = {"SnsCallerArn": SMS_ROLE}


def sent(ask: Api) -> tuple[str | None, str]:
    message = ask.state.outbox.messages[-1]
    return message.subject, message.text.replace(message.code or "-", "000000")


async def sign_up(ask: Api, **attributes: str) -> None:
    entries = [{"Name": name, "Value": value} for name, value in attributes.items()]
    members = {"ClientId": ask.client_id, "Username": "ana", "Password": PASSWORD}
    await ask("SignUp", **members, UserAttributes=entries)


@pytest.mark.parametrize(
    "settings",
    [
        {"EmailVerificationMessage": "Foo: {####}", "EmailVerificationSubject": "Welcome"},
        {"VerificationMessageTemplate": {"EmailMessage": "Foo: {####}", "EmailSubject": "Welcome"}},
    ],
)
async def test_a_verification_by_email(blank: Api, settings: dict[str, Any]) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["email"], **settings)
    await sign_up(blank, email=EMAIL)
    assert sent(blank) == ("Welcome", "Foo: 000000")
    # Both members are the same setting.
    found = (await blank("DescribeUserPool", UserPoolId=blank.pool_id))["UserPool"]
    assert found["EmailVerificationMessage"] == "Foo: {####}"
    assert found["VerificationMessageTemplate"]["EmailMessage"] == "Foo: {####}"
    later = {"UserPoolId": blank.pool_id, "AutoVerifiedAttributes": ["email"]}
    await blank("UpdateUserPool", **later, EmailVerificationMessage="Bar: {####}")
    await blank("ResendConfirmationCode", ClientId=blank.client_id, Username="ana")
    assert sent(blank) == ("Welcome", "Bar: 000000")


async def test_a_verification_by_link(blank: Api) -> None:
    template = {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessageByLink": "Hello, {##confirm here##} now",
        "EmailSubjectByLink": "Link",
    }
    await blank.make_pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=template)
    await sign_up(blank, email=EMAIL)
    subject, text = sent(blank)
    assert subject == "Link"
    assert text.startswith("Hello, http://localhost/confirmUser?")
    assert text.endswith(" now")


async def test_a_verification_by_sms(blank: Api) -> None:
    await blank.make_pool(AutoVerifiedAttributes=["phone_number"], SmsVerificationMessage="Foo {####}")
    await sign_up(blank, phone_number=PHONE)
    assert sent(blank) == (None, "Foo 000000")


async def test_an_invitation(blank: Api) -> None:
    invitation = {
        "EmailMessage": "{username}: {####}",
        "EmailSubject": "Come",
        "SMSMessage": "{username} {####}",
    }
    await blank.make_pool(AdminCreateUserConfig={"InviteMessageTemplate": invitation})
    await blank.admin(
        "AdminCreateUser",
        UserAttributes=[{"Name": "email", "Value": EMAIL}],
        DesiredDeliveryMediums=["EMAIL"],
        TemporaryPassword=PASSWORD,
    )
    message = blank.state.outbox.messages[-1]
    assert (message.subject, message.text) == ("Come", f"ana: {PASSWORD}")


async def test_second_factors(blank: Api) -> None:
    await blank.make_pool(EmailConfiguration={"EmailSendingAccount": "DEVELOPER"})
    factors = {
        "EmailMfaConfiguration": {"Message": "Mail {####}", "Subject": "Code"},
        "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Text {####}", "SmsConfiguration": SMS},
    }
    await blank("SetUserPoolMfaConfig", UserPoolId=blank.pool_id, MfaConfiguration="OPTIONAL", **factors)
    await blank.add_user(email=EMAIL, phone_number=PHONE)
    for member, expected in {
        "EmailMfaSettings": ("Code", "Mail 000000"),
        "SMSMfaSettings": (None, "Text 000000"),
    }.items():
        await blank.admin("AdminSetUserMFAPreference", **{member: {"Enabled": True, "PreferredMfa": True}})
        await blank.begin()
        assert sent(blank) == expected
        await blank.admin("AdminSetUserMFAPreference", **{member: {"Enabled": False}})


async def test_a_text_without_its_placeholder_is_refused(blank: Api) -> None:
    for settings in (
        {"EmailVerificationMessage": "no code"},
        {"SmsAuthenticationMessage": "no code"},
        {"VerificationMessageTemplate": {"EmailMessageByLink": "no link"}},
    ):
        refusal = await blank.refused("CreateUserPool", PoolName="p", **settings)
        assert refusal[0] == "InvalidParameterException"
