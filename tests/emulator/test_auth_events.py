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


async def protect(empty_api: Api, mode: str = "AUDIT", /, **settings: Any) -> None:
    await empty_api.make_pool(UserPoolAddOns={"AdvancedSecurityMode": mode}, **settings)
    await empty_api.add_user("ana", PASSWORD, phone_number=PHONE, phone_number_verified="true")


async def events(api: Api, name: str = "ana", /, **members: Any) -> list[dict[str, Any]]:
    answer = await api.admin("AdminListUserAuthEvents", name, **members)
    found: list[dict[str, Any]] = answer["AuthEvents"]
    return found


def shown(event: dict[str, Any]) -> tuple[str, list[str]]:
    """Return an event's response and its challenges."""
    return event["EventResponse"], [
        f"{each['ChallengeName']} {each['ChallengeResponse']}" for each in event["ChallengeResponses"]
    ]


async def test_events_need_threat_protection(api: Api) -> None:
    user = await api.add_user("ana", PASSWORD)
    await api.tokens()
    named: dict[str, Any] = {"UserPoolId": api.pool_id, "Username": "ana"}
    judged = {"EventId": "a", "FeedbackValue": "Valid"}
    operations: dict[str, dict[str, Any]] = {
        "AdminListUserAuthEvents": {},
        "AdminUpdateAuthEventFeedback": judged,
        "UpdateAuthEventFeedback": {**judged, "FeedbackToken": "a"},
    }
    for operation, members in operations.items():
        refused = await api.refused(operation, **named, **members)
        assert refused[0] == "UserPoolAddOnNotEnabledException"
    assert user.auth_events == []


async def test_a_sign_in_is_one_event(empty_api: Api) -> None:
    await protect(empty_api)
    tokens = await empty_api.tokens()
    (event,) = await events(empty_api)
    assert event == {
        "EventId": claims(tokens["AccessToken"])["event_id"],
        "EventType": "SignIn",
        "CreationDate": 1_700_000_000.5,
        "EventResponse": "Pass",
        "EventRisk": {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False},
        "ChallengeResponses": [{"ChallengeName": "Password", "ChallengeResponse": "Success"}],
        "EventContextData": {"IpAddress": "127.0.0.1"},
    }
    await empty_api.begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    assert await events(empty_api) == [event]


async def test_a_sign_in_over_srp_is_one_event(empty_api: Api) -> None:
    await protect(empty_api)
    ephemeral, challenged = await empty_api.srp_begin()
    assert shown((await events(empty_api))[0]) == ("InProgress", [])
    username = challenged["ChallengeParameters"]["USERNAME"]
    # As clients send it that know no session handle.
    without = {name: value for name, value in challenged.items() if name != "Session"}
    await empty_api.respond(without, username, **empty_api.proof(ephemeral, challenged))
    (event,) = await events(empty_api)
    assert shown(event) == ("Pass", ["Password Success"])


async def test_a_sign_in_with_a_second_factor_is_one_event(empty_api: Api) -> None:
    await protect(empty_api, **SMS_MFA)
    asked = await empty_api.begin()
    assert shown((await events(empty_api))[0]) == ("InProgress", ["Password Success"])
    with pytest.raises(Refused):
        await empty_api.respond(asked, SMS_MFA_CODE=wrong(empty_api.code()))
    assert shown((await events(empty_api))[0]) == ("Fail", ["Password Success", "Mfa Failure"])
    tokens = (await empty_api.respond(asked, SMS_MFA_CODE=empty_api.code()))["AuthenticationResult"]
    (event,) = await events(empty_api)
    assert shown(event) == ("Pass", ["Password Success", "Mfa Failure", "Mfa Success"])
    assert claims(tokens["IdToken"])["event_id"] == event["EventId"]


async def test_refused_sign_ins(empty_api: Api) -> None:
    """Refused sign-ins are events, too."""
    await protect(empty_api)
    for _ in range(2):
        with pytest.raises(Refused):
            await empty_api.begin(password=NEW_PASSWORD)
        empty_api.advance(10)
    first, second = await events(empty_api)
    assert first["EventId"] != second["EventId"]
    assert shown(first) == shown(second) == ("Fail", ["Password Failure"])
    assert first["CreationDate"] == second["CreationDate"] + 10
    with pytest.raises(Refused, match="UserNotFoundException"):
        await empty_api.begin(name="eve")
    members = {"ClientId": empty_api.client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    await empty_api.refused("InitiateAuth", **members, AuthParameters={"USERNAME": "ana"})
    assert len(await events(empty_api)) == 2


async def test_events_are_listed_page_by_page(empty_api: Api) -> None:
    await protect(empty_api)
    for _ in range(3):
        await empty_api.tokens()
        empty_api.advance(1)
    listed = await empty_api.admin("AdminListUserAuthEvents", MaxResults=2)
    newest = [event["CreationDate"] for event in listed["AuthEvents"]]
    assert newest == [1_700_000_002.5, 1_700_000_001.5]
    (oldest,) = await events(empty_api, MaxResults=2, NextToken=listed["NextToken"])
    assert oldest["CreationDate"] == 1_700_000_000.5


async def test_feedback(empty_api: Api) -> None:
    """An event can be given feedback."""
    await protect(empty_api)
    await empty_api.tokens()
    (event,) = await events(empty_api)
    named = {"EventId": event["EventId"]}
    await empty_api.admin("AdminUpdateAuthEventFeedback", **named, FeedbackValue="Invalid")
    (event,) = await events(empty_api)
    by_admin = {"FeedbackValue": "Invalid", "Provider": "Admin", "FeedbackDate": 1_700_000_000.5}
    assert event["EventFeedback"] == by_admin
    user = {"UserPoolId": empty_api.pool_id, "Username": "ana", "FeedbackValue": "Valid"}
    refused = await empty_api.refused("UpdateAuthEventFeedback", **user, **named, FeedbackToken="made-up")
    assert refused[0] == "NotAuthorizedException"
    # The emulator sends no notification with a token: it is the event's id.
    await empty_api("UpdateAuthEventFeedback", **user, **named, FeedbackToken=event["EventId"])
    (event,) = await events(empty_api)
    assert event["EventFeedback"] == {**by_admin, "FeedbackValue": "Valid", "Provider": "User"}
    unknown = await empty_api.refused("AdminUpdateAuthEventFeedback", **user, EventId="unknown")
    assert unknown[0] == "ResourceNotFoundException"


async def test_other_events(empty_api: Api) -> None:
    """Sign-ups and changes of passwords are events."""
    await protect(empty_api, AutoVerifiedAttributes=["phone_number"])
    bob = {"ClientId": empty_api.client_id, "Username": "bob"}
    phone = [{"Name": "phone_number", "Value": "+15555550199"}]
    await empty_api("SignUp", **bob, Password=PASSWORD, UserAttributes=phone)
    await empty_api("ResendConfirmationCode", **bob)
    await empty_api("ConfirmSignUp", **bob, ConfirmationCode=empty_api.code())
    await empty_api("ForgotPassword", **bob)
    await empty_api("ConfirmForgotPassword", **bob, ConfirmationCode=empty_api.code(), Password=NEW_PASSWORD)
    access = (await empty_api.tokens("bob", NEW_PASSWORD))["AccessToken"]
    change = {"AccessToken": access, "ProposedPassword": PASSWORD}
    await empty_api.refused("ChangePassword", **change, PreviousPassword=PASSWORD)
    await empty_api("ChangePassword", **change, PreviousPassword=NEW_PASSWORD)
    found = [
        (event["EventType"], event["EventResponse"]) for event in reversed(await events(empty_api, "bob"))
    ]
    assert found == [
        ("SignUp", "Pass"),
        ("ResendCode", "Pass"),
        ("ForgotPassword", "Pass"),
        ("PasswordChange", "Pass"),
        ("SignIn", "Pass"),
        ("PasswordChange", "Fail"),
        ("PasswordChange", "Pass"),
    ]


async def sign_in_from(api: Api, address: str) -> tuple[str, str] | None:
    """Sign in as an administrator who sends the user's address; return the error."""
    context = {"IpAddress": address, "ServerName": "shop.example", "ServerPath": "/", "HttpHeaders": []}
    members = {"UserPoolId": api.pool_id, "ClientId": api.client_id, "ContextData": context}
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    try:
        await api(
            "AdminInitiateAuth", **members, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters
        )
    except Refused as refusal:
        return refusal.code, refusal.message
    return None


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
async def test_blocked_addresses(empty_api: Api, address: str) -> None:
    """An address that the pool blocks cannot sign in."""
    await protect(empty_api, "ENFORCED")
    await empty_api("SetRiskConfiguration", UserPoolId=empty_api.pool_id, **BLOCKED)
    assert await sign_in_from(empty_api, address) == SECURITY
    (event,) = await events(empty_api)
    assert event["EventContextData"] == {"IpAddress": address}
    assert event["EventRisk"]["RiskDecision"] == "Block"
    assert shown(event) == ("Fail", [])
    for other in ("203.0.114.7", "unknown"):
        assert await sign_in_from(empty_api, other) is None


async def test_addresses_are_not_blocked_in_audit_mode_nor_for_a_client_with_its_own_configuration(
    empty_api: Api,
) -> None:
    await protect(empty_api)
    await empty_api("SetRiskConfiguration", UserPoolId=empty_api.pool_id, **BLOCKED)
    assert await sign_in_from(empty_api, "203.0.113.7") is None
    await empty_api(
        "UpdateUserPool", UserPoolId=empty_api.pool_id, UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"}
    )
    assert await sign_in_from(empty_api, "203.0.113.7") == SECURITY
    own = {"CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": "BLOCK"}}}
    await empty_api("SetRiskConfiguration", UserPoolId=empty_api.pool_id, ClientId=empty_api.client_id, **own)
    assert await sign_in_from(empty_api, "203.0.113.7") is None


@pytest.mark.parametrize("propagates", [True, False])
async def test_a_client_sends_addresses_if_it_may(empty_api: Api, propagates: bool) -> None:
    client = {"GenerateSecret": True, "EnablePropagateAdditionalUserContextData": propagates}
    await protect(empty_api, client=client)
    await empty_api(
        "InitiateAuth",
        ClientId=empty_api.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD, "SECRET_HASH": empty_api.hash("ana")},
        UserContextData={"IpAddress": "198.51.100.1"},
    )
    (event,) = await events(empty_api)
    expected = "198.51.100.1" if propagates else "127.0.0.1"
    assert event["EventContextData"] == {"IpAddress": expected}
