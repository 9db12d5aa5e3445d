"""Events of users: recorded in user pools with threat protection, listed and judged."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.api import NEW_PASSWORD, PASSWORD, PHONE, SMS_ROLE, Api, Refused, claims, wrong

BLOCKED = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["203.0.113.0/24", "2001:db8::/32"]}}
SECURITY = ("NotAuthorizedException", "Unable to login because of security reasons.")
SMS_MFA: dict[str, Any] = {
    "SmsConfiguration": {"SnsCallerArn": SMS_ROLE},
    "MfaConfiguration": "ON",
    "AutoVerifiedAttributes": ["phone_number"],
}


async def protect(blank: Api, mode: str = "AUDIT", /, **settings: Any) -> None:
    await blank.make_pool(UserPoolAddOns={"AdvancedSecurityMode": mode}, **settings)
    await blank.add_user("ana", PASSWORD, phone_number=PHONE, phone_number_verified="true")


async def events(ask: Api, name: str = "ana", /, **members: Any) -> list[dict[str, Any]]:
    answer = await ask.admin("AdminListUserAuthEvents", name, **members)
    found: list[dict[str, Any]] = answer["AuthEvents"]
    return found


def shown(event: dict[str, Any]) -> tuple[str, list[str]]:
    """Return an event's response and its challenges."""
    return event["EventResponse"], [
        f"{each['ChallengeName']} {each['ChallengeResponse']}" for each in event["ChallengeResponses"]
    ]


async def test_events_need_threat_protection(ask: Api) -> None:
    user = await ask.add_user("ana", PASSWORD)
    await ask.tokens()
    named: dict[str, Any] = {"UserPoolId": ask.pool_id, "Username": "ana"}
    judged = {"EventId": "a", "FeedbackValue": "Valid"}
    operations: dict[str, dict[str, Any]] = {
        "AdminListUserAuthEvents": {},
        "AdminUpdateAuthEventFeedback": judged,
        "UpdateAuthEventFeedback": {**judged, "FeedbackToken": "a"},
    }
    for operation, members in operations.items():
        refused = await ask.refused(operation, **named, **members)
        assert refused[0] == "UserPoolAddOnNotEnabledException"
    assert user.auth_events == []


async def test_a_sign_in_is_one_event(blank: Api) -> None:
    await protect(blank)
    tokens = await blank.tokens()
    (event,) = await events(blank)
    assert event == {
        "EventId": claims(tokens["AccessToken"])["event_id"],
        "EventType": "SignIn",
        "CreationDate": 1_700_000_000.5,
        "EventResponse": "Pass",
        "EventRisk": {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False},
        "ChallengeResponses": [{"ChallengeName": "Password", "ChallengeResponse": "Success"}],
        "EventContextData": {"IpAddress": "127.0.0.1"},
    }
    await blank.begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    assert await events(blank) == [event]


async def test_a_sign_in_over_srp_is_one_event(blank: Api) -> None:
    await protect(blank)
    ephemeral, challenged = await blank.srp_begin()
    assert shown((await events(blank))[0]) == ("InProgress", [])
    username = challenged["ChallengeParameters"]["USERNAME"]
    # As clients send it that know no session handle.
    without = {name: value for name, value in challenged.items() if name != "Session"}
    await blank.respond(without, username, **blank.proof(ephemeral, challenged))
    (event,) = await events(blank)
    assert shown(event) == ("Pass", ["Password Success"])


async def test_a_sign_in_with_a_second_factor_is_one_event(blank: Api) -> None:
    await protect(blank, **SMS_MFA)
    asked = await blank.begin()
    assert shown((await events(blank))[0]) == ("InProgress", ["Password Success"])
    with pytest.raises(Refused):
        await blank.respond(asked, SMS_MFA_CODE=wrong(blank.code()))
    assert shown((await events(blank))[0]) == ("Fail", ["Password Success", "Mfa Failure"])
    tokens = (await blank.respond(asked, SMS_MFA_CODE=blank.code()))["AuthenticationResult"]
    (event,) = await events(blank)
    assert shown(event) == ("Pass", ["Password Success", "Mfa Failure", "Mfa Success"])
    assert claims(tokens["IdToken"])["event_id"] == event["EventId"]


async def test_refused_sign_ins(blank: Api) -> None:
    await protect(blank)
    for _ in range(2):
        with pytest.raises(Refused):
            await blank.begin(password=NEW_PASSWORD)
        blank.advance(10)
    first, second = await events(blank)
    assert first["EventId"] != second["EventId"]
    assert shown(first) == shown(second) == ("Fail", ["Password Failure"])
    assert first["CreationDate"] == second["CreationDate"] + 10
    with pytest.raises(Refused, match="UserNotFoundException"):
        await blank.begin(name="eve")
    members = {"ClientId": blank.client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    await blank.refused("InitiateAuth", **members, AuthParameters={"USERNAME": "ana"})
    assert len(await events(blank)) == 2


async def test_events_are_listed_page_by_page(blank: Api) -> None:
    await protect(blank)
    for _ in range(3):
        await blank.tokens()
        blank.advance(1)
    listed = await blank.admin("AdminListUserAuthEvents", MaxResults=2)
    newest = [event["CreationDate"] for event in listed["AuthEvents"]]
    assert newest == [1_700_000_002.5, 1_700_000_001.5]
    (oldest,) = await events(blank, MaxResults=2, NextToken=listed["NextToken"])
    assert oldest["CreationDate"] == 1_700_000_000.5


async def test_feedback(blank: Api) -> None:
    await protect(blank)
    await blank.tokens()
    (event,) = await events(blank)
    named = {"EventId": event["EventId"]}
    await blank.admin("AdminUpdateAuthEventFeedback", **named, FeedbackValue="Invalid")
    (event,) = await events(blank)
    by_admin = {"FeedbackValue": "Invalid", "Provider": "Admin", "FeedbackDate": 1_700_000_000.5}
    assert event["EventFeedback"] == by_admin
    user = {"UserPoolId": blank.pool_id, "Username": "ana", "FeedbackValue": "Valid"}
    refused = await blank.refused("UpdateAuthEventFeedback", **user, **named, FeedbackToken="made-up")
    assert refused[0] == "NotAuthorizedException"
    # The emulator sends no notification with a token: it is the event's id.
    await blank("UpdateAuthEventFeedback", **user, **named, FeedbackToken=event["EventId"])
    (event,) = await events(blank)
    assert event["EventFeedback"] == {**by_admin, "FeedbackValue": "Valid", "Provider": "User"}
    unknown = await blank.refused("AdminUpdateAuthEventFeedback", **user, EventId="unknown")
    assert unknown[0] == "ResourceNotFoundException"


async def test_other_events(blank: Api) -> None:
    await protect(blank, AutoVerifiedAttributes=["phone_number"])
    bob = {"ClientId": blank.client_id, "Username": "bob"}
    phone = [{"Name": "phone_number", "Value": "+15555550199"}]
    await blank("SignUp", **bob, Password=PASSWORD, UserAttributes=phone)
    await blank("ResendConfirmationCode", **bob)
    await blank("ConfirmSignUp", **bob, ConfirmationCode=blank.code())
    await blank("ForgotPassword", **bob)
    await blank("ConfirmForgotPassword", **bob, ConfirmationCode=blank.code(), Password=NEW_PASSWORD)
    access = (await blank.tokens("bob", NEW_PASSWORD))["AccessToken"]
    change = {"AccessToken": access, "ProposedPassword": PASSWORD}
    await blank.refused("ChangePassword", **change, PreviousPassword=PASSWORD)
    await blank("ChangePassword", **change, PreviousPassword=NEW_PASSWORD)
    found = [(event["EventType"], event["EventResponse"]) for event in reversed(await events(blank, "bob"))]
    assert found == [
        ("SignUp", "Pass"),
        ("ResendCode", "Pass"),
        ("ForgotPassword", "Pass"),
        ("PasswordChange", "Pass"),
        ("SignIn", "Pass"),
        ("PasswordChange", "Fail"),
        ("PasswordChange", "Pass"),
    ]


async def sign_in_from(ask: Api, address: str) -> tuple[str, str] | None:
    """Sign in as an administrator who sends the user's address; return the error."""
    context = {"IpAddress": address, "ServerName": "shop.example", "ServerPath": "/", "HttpHeaders": []}
    members = {"UserPoolId": ask.pool_id, "ClientId": ask.client_id, "ContextData": context}
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    try:
        await ask(
            "AdminInitiateAuth", **members, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters
        )
    except Refused as refusal:
        return refusal.code, refusal.message
    return None


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
async def test_blocked_addresses(blank: Api, address: str) -> None:
    await protect(blank, "ENFORCED")
    await blank("SetRiskConfiguration", UserPoolId=blank.pool_id, **BLOCKED)
    assert await sign_in_from(blank, address) == SECURITY
    (event,) = await events(blank)
    assert event["EventContextData"] == {"IpAddress": address}
    assert event["EventRisk"]["RiskDecision"] == "Block"
    assert shown(event) == ("Fail", [])
    for other in ("203.0.114.7", "unknown"):
        assert await sign_in_from(blank, other) is None


async def test_addresses_are_not_blocked_in_audit_mode_nor_for_a_client_with_its_own_configuration(
    blank: Api,
) -> None:
    await protect(blank)
    await blank("SetRiskConfiguration", UserPoolId=blank.pool_id, **BLOCKED)
    assert await sign_in_from(blank, "203.0.113.7") is None
    await blank(
        "UpdateUserPool", UserPoolId=blank.pool_id, UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"}
    )
    assert await sign_in_from(blank, "203.0.113.7") == SECURITY
    own = {"CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": "BLOCK"}}}
    await blank("SetRiskConfiguration", UserPoolId=blank.pool_id, ClientId=blank.client_id, **own)
    assert await sign_in_from(blank, "203.0.113.7") is None


@pytest.mark.parametrize("propagates", [True, False])
async def test_a_client_sends_addresses_if_it_may(blank: Api, propagates: bool) -> None:
    client = {"GenerateSecret": True, "EnablePropagateAdditionalUserContextData": propagates}
    await protect(blank, client=client)
    await blank(
        "InitiateAuth",
        ClientId=blank.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD, "SECRET_HASH": blank.hash("ana")},
        UserContextData={"IpAddress": "198.51.100.1"},
    )
    (event,) = await events(blank)
    expected = "198.51.100.1" if propagates else "127.0.0.1"
    assert event["EventContextData"] == {"IpAddress": expected}
