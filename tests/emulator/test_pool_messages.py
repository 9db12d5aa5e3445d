"""A user pool's own words in the messages that it sends."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import EMAIL, PASSWORD, PHONE, SMS_ROLE, Api

SMS = {"SnsCallerArn": SMS_ROLE}


def sent(api: Api) -> tuple[str | None, str]:
    message = api.state.outbox.messages[-1]
    return message.subject, message.text.replace(message.code or "-", "000000")


async def sign_up(api: Api, **attributes: str) -> None:
    entries = [{"Name": name, "Value": value} for name, value in attributes.items()]
    members = {"ClientId": api.client_id, "Username": "ana", "Password": PASSWORD}
    await api("SignUp", **members, UserAttributes=entries)


@pytest.mark.parametrize(
    "settings",
    [
        {"EmailVerificationMessage": "Foo: {####}", "EmailVerificationSubject": "Welcome"},
        {"VerificationMessageTemplate": {"EmailMessage": "Foo: {####}", "EmailSubject": "Welcome"}},
    ],
)
async def test_a_verification_by_email(empty_api: Api, settings: dict[str, Any]) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], **settings)
    await sign_up(empty_api, email=EMAIL)
    assert sent(empty_api) == ("Welcome", "Foo: 000000")
    # Both members are the same setting.
    found = (await empty_api("DescribeUserPool", UserPoolId=empty_api.pool_id))["UserPool"]
    assert found["EmailVerificationMessage"] == "Foo: {####}"
    assert found["VerificationMessageTemplate"]["EmailMessage"] == "Foo: {####}"
    later = {"UserPoolId": empty_api.pool_id, "AutoVerifiedAttributes": ["email"]}
    await empty_api("UpdateUserPool", **later, EmailVerificationMessage="Bar: {####}")
    await empty_api("ResendConfirmationCode", ClientId=empty_api.client_id, Username="ana")
    assert sent(empty_api) == ("Welcome", "Bar: 000000")


async def test_a_new_template_replaces_all_texts(empty_api: Api) -> None:
    texts = {"EmailMessage": "Foo: {####}", "EmailSubject": "Welcome", "SmsMessage": "Bar: {####}"}
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=texts)
    named = {"UserPoolId": empty_api.pool_id, "AutoVerifiedAttributes": ["email"]}
    template = {"DefaultEmailOption": "CONFIRM_WITH_CODE", "SmsMessage": "Baz: {####}"}
    await empty_api("UpdateUserPool", **named, VerificationMessageTemplate=template)
    found = (await empty_api("DescribeUserPool", UserPoolId=empty_api.pool_id))["UserPool"]
    assert found["VerificationMessageTemplate"] == template
    assert found["SmsVerificationMessage"] == "Baz: {####}"
    assert not {"EmailVerificationMessage", "EmailVerificationSubject"} & found.keys()
    await sign_up(empty_api, email=EMAIL)
    assert sent(empty_api)[1] == "Your confirmation code is 000000"


async def test_sms_is_set_up_in_one_place(empty_api: Api) -> None:
    await empty_api.make_pool()
    named = {"UserPoolId": empty_api.pool_id}

    async def texts() -> list[dict[str, Any]]:
        pool = (await empty_api("DescribeUserPool", **named))["UserPool"]
        mfa = await empty_api("GetUserPoolMfaConfig", **named)
        names = ("SmsConfiguration", "SmsAuthenticationMessage")
        return [{name: place[name] for name in names} for place in (pool, mfa["SmsMfaConfiguration"])]

    first = {"SmsConfiguration": SMS, "SmsAuthenticationMessage": "One {####}"}
    await empty_api("SetUserPoolMfaConfig", **named, MfaConfiguration="OPTIONAL", SmsMfaConfiguration=first)
    assert await texts() == [first, first]
    second = {"SmsConfiguration": {**SMS, "ExternalId": "x"}, "SmsAuthenticationMessage": "Two {####}"}
    for member in second:
        await empty_api("UpdateUserPool", **named, **{member: second[member]})
    assert await texts() == [second, second]


async def test_a_verification_by_link(empty_api: Api) -> None:
    template = {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessageByLink": "Hello, {##confirm here##} now",
        "EmailSubjectByLink": "Link",
    }
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=template)
    await sign_up(empty_api, email=EMAIL)
    subject, text = sent(empty_api)
    assert subject == "Link"
    assert text.startswith("Hello, http://localhost/confirmUser?")
    assert text.endswith(" now")


async def test_a_verification_by_sms(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["phone_number"], SmsVerificationMessage="Foo {####}")
    await sign_up(empty_api, phone_number=PHONE)
    assert sent(empty_api) == (None, "Foo 000000")


async def test_an_invitation(empty_api: Api) -> None:
    """Invitations have the pool's texts."""
    invitation = {
        "EmailMessage": "{username}: {####}",
        "EmailSubject": "Come",
        "SMSMessage": "{username} {####}",
    }
    await empty_api.make_pool(AdminCreateUserConfig={"InviteMessageTemplate": invitation})
    await empty_api.admin(
        "AdminCreateUser",
        UserAttributes=[{"Name": "email", "Value": EMAIL}],
        DesiredDeliveryMediums=["EMAIL"],
        TemporaryPassword=PASSWORD,
    )
    message = empty_api.state.outbox.messages[-1]
    assert (message.subject, message.text) == ("Come", f"ana: {PASSWORD}")


async def test_second_factors(empty_api: Api) -> None:
    """Codes of second factors have the pool's texts."""
    await empty_api.make_pool(EmailConfiguration={"EmailSendingAccount": "DEVELOPER"})
    factors = {
        "EmailMfaConfiguration": {"Message": "Mail {####}", "Subject": "Code"},
        "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Text {####}", "SmsConfiguration": SMS},
    }
    await empty_api(
        "SetUserPoolMfaConfig", UserPoolId=empty_api.pool_id, MfaConfiguration="OPTIONAL", **factors
    )
    await empty_api.add_user(email=EMAIL, phone_number=PHONE)
    for member, expected in {
        "EmailMfaSettings": ("Code", "Mail 000000"),
        "SMSMfaSettings": (None, "Text 000000"),
    }.items():
        await empty_api.admin(
            "AdminSetUserMFAPreference", **{member: {"Enabled": True, "PreferredMfa": True}}
        )
        await empty_api.begin()
        assert sent(empty_api) == expected
        await empty_api.admin("AdminSetUserMFAPreference", **{member: {"Enabled": False}})


async def test_a_text_without_its_placeholder_is_refused(empty_api: Api) -> None:
    for settings in (
        {"EmailVerificationMessage": "no code"},
        {"SmsAuthenticationMessage": "no code"},
        {"VerificationMessageTemplate": {"EmailMessageByLink": "no link"}},
    ):
        refusal = await empty_api.refused("CreateUserPool", PoolName="p", **settings)
        assert refusal[0] == "InvalidParameterException"
