"""Triggers: what they are told, and what they change."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.trigger_table import NAMES, Triggers
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, Api, Refused, claims

Event = dict[str, Any]
METADATA = {"from": "test"}


def listen(api: Api, name: str, answer: Callable[[Event], Any] | None = None, **response: Any) -> list[Event]:
    """Set a trigger that answers with these members, and note what it is told."""
    heard: list[Event] = []

    def trigger(event: Event) -> Any:
        heard.append({**event, "request": dict(event["request"]), "response": dict(event["response"])})
        if answer is not None:
            return answer(event)
        event["response"].update(response)
        return event

    api.pool.triggers[name] = trigger
    return heard


async def sign_up(api: Api, name: str = "ana", **members: Any) -> dict[str, Any]:
    members = {"UserAttributes": [{"Name": "email", "Value": EMAIL}], **members}
    return await api("SignUp", ClientId=api.client_id, Username=name, Password=PASSWORD, **members)


async def begin(api: Api, **members: Any) -> dict[str, Any]:
    parameters = {"USERNAME": members.pop("name", "ana"), "PASSWORD": members.pop("password", PASSWORD)}
    flow = "USER_PASSWORD_AUTH"
    return await api(
        "InitiateAuth", ClientId=api.client_id, AuthFlow=flow, AuthParameters=parameters, **members
    )


async def refused(work: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value.code, refusal.value.message


@pytest.fixture
async def verifying(empty_api: Api) -> Api:
    """A pool that verifies e-mail addresses."""
    await empty_api.make_pool(AutoVerifiedAttributes=["email"])
    return empty_api


# What all have in common


async def test_the_common_event(verifying: Api) -> None:
    """A trigger's event has Cognito's common members."""
    heard = listen(verifying, "PreSignUp")
    validation = [{"Name": "ticket", "Value": "7"}]
    await sign_up(verifying, ValidationData=validation, ClientMetadata=METADATA)
    assert heard == [
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": verifying.pool_id,
            "userName": "ana",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": verifying.client_id},
            "triggerSource": "PreSignUp_SignUp",
            "request": {
                "userAttributes": {"email": EMAIL},
                "validationData": {"ticket": "7"},
                "clientMetadata": METADATA,
            },
            "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        }
    ]


async def test_a_plain_function_runs_in_a_thread_and_an_async_one_on_the_loop(verifying: Api) -> None:
    threads: list[int] = []

    def plain(event: Event) -> Event:
        threads.append(threading.get_ident())
        return event

    async def other(event: Event) -> Event:
        await asyncio.sleep(0)
        threads.append(threading.get_ident())
        return event

    verifying.pool.triggers["PreSignUp"] = plain
    await sign_up(verifying)
    verifying.pool.triggers["PreSignUp"] = other
    await sign_up(verifying, "ben")
    verifying.pool.triggers["PreSignUp"] = lambda event: other(event)
    await sign_up(verifying, "cai")
    here = threading.get_ident()
    assert threads[0] != here
    assert threads[1:] == [here, here]


class Denied(Exception):
    """An error that a trigger raises."""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Denied("not from here"), "PreSignUp failed with error not from here."),
        (KeyError("challengeMetaData"), "PreSignUp failed with error 'challengeMetaData'."),
    ],
)
async def test_an_error(verifying: Api, error: Exception, text: str) -> None:
    """An exception of a trigger is an error with its text."""

    def trigger(_event: Event) -> Event:
        raise error

    verifying.pool.triggers["PreSignUp"] = trigger
    assert await refused(sign_up(verifying)) == ("UserLambdaValidationException", text)
    assert verifying.pool.users.find("ana") is None


@pytest.mark.parametrize(
    "returned",
    [
        None,
        "event",
        {},
        {"response": None},
        {"response": {"autoConfirmUser": "yes"}},
        {"response": {"autoConfirmUser": object()}},
    ],
)
async def test_no_answer(verifying: Api, returned: Any) -> None:
    """A trigger that does not return the event is an error."""
    verifying.pool.triggers["PreSignUp"] = lambda _event: returned
    refusal = await refused(sign_up(verifying))
    assert refusal == ("InvalidLambdaResponseException", "Unrecognizable lambda output")


async def test_a_trigger_does_not_reach_into_the_pool(verifying: Api) -> None:
    def trigger(event: Event) -> Event:
        event["request"]["userAttributes"]["email"] = "other@example.com"
        return event

    verifying.pool.triggers["PreSignUp"] = trigger
    await sign_up(verifying)
    user = verifying.pool.users.find("ana")
    assert user is not None
    assert user.attributes["email"] == EMAIL


def test_only_triggers_that_cognito_has() -> None:
    with pytest.raises(ValueError, match="unknown trigger 'PreSignup'"):
        Triggers({"PreSignup": print})
    with pytest.raises(TypeError, match="the trigger PreSignUp must be a function, or a URL, not 'arn"):
        Triggers({"PreSignUp": "arn:aws:lambda"})  # type: ignore[dict-item]  # wrong on purpose
    assert Triggers(dict.fromkeys(NAMES, print)).keys() == set(NAMES)


async def test_a_pool_is_made_with_triggers(emulator: CognitoEmulator) -> None:
    async def confirm(event: Event) -> Event:
        event["response"]["autoConfirmUser"] = True
        return event

    pool = await emulator.create_user_pool(triggers={"PreSignUp": confirm})
    named = {"ClientId": pool.client_id, "Username": "ana", "Password": PASSWORD}
    assert (await emulator.call("SignUp", **named))["UserConfirmed"]
    del pool.triggers["PreSignUp"]
    assert not (await emulator.call("SignUp", **{**named, "Username": "ben"}))["UserConfirmed"]
    with pytest.raises(ValueError, match="unknown trigger"):
        await emulator.create_user_pool(triggers={"PreSign": confirm})


# Signing up


async def test_pre_sign_up_confirms_and_verifies(verifying: Api) -> None:
    listen(verifying, "PreSignUp", autoConfirmUser=True, autoVerifyEmail=True, autoVerifyPhone=True)
    heard = listen(verifying, "PostConfirmation")
    answer = await sign_up(verifying, ClientMetadata=METADATA)
    assert answer == {"UserConfirmed": True, "UserSub": answer["UserSub"]}
    assert verifying.state.outbox.messages == []
    user = verifying.pool.users.find("ana")
    assert user is not None
    assert (user.status, user.verified("email")) == ("CONFIRMED", True)
    assert "phone_number_verified" not in user.attributes
    assert [event["triggerSource"] for event in heard] == ["PostConfirmation_ConfirmSignUp"]
    assert heard[0]["request"]["clientMetadata"] == METADATA
    assert "AuthenticationResult" in await begin(verifying)


async def test_pre_sign_up_takes_no_alias(empty_api: Api) -> None:
    await empty_api.make_pool(AliasAttributes=["email"])
    await empty_api.add_user("ben", email=EMAIL, email_verified="true")
    listen(empty_api, "PreSignUp", autoConfirmUser=True, autoVerifyEmail=True)
    assert (await refused(sign_up(empty_api)))[0] == "UsernameExistsException"


async def test_pre_sign_up_of_an_administrator_may_only_refuse(api: Api) -> None:
    heard = listen(api, "PreSignUp", autoConfirmUser=True)
    created = await api.admin("AdminCreateUser", TemporaryPassword=PASSWORD)
    assert created["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert heard[0]["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert heard[0]["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    listen(api, "PreSignUp", lambda _event: 1 / 0)
    refusal = await refused(api.admin("AdminCreateUser", "ben"))
    assert refusal == ("UserLambdaValidationException", "PreSignUp failed with error division by zero.")


async def test_post_confirmation(verifying: Api) -> None:
    """PostConfirmation gets the confirmed user's event."""
    heard = listen(verifying, "PostConfirmation")
    answer = await sign_up(verifying)
    members = {"ClientId": verifying.client_id, "Username": "ana"}
    await verifying("ConfirmSignUp", ConfirmationCode=verifying.code(), ClientMetadata=METADATA, **members)
    await verifying("ForgotPassword", **members)
    given = {"ConfirmationCode": verifying.code(), "Password": NEW_PASSWORD}
    await verifying("ConfirmForgotPassword", **given, **members)
    await sign_up(verifying, "ben")
    await verifying.admin("AdminConfirmSignUp", "ben")
    assert [event["triggerSource"].partition("_")[2] for event in heard] == [
        "ConfirmSignUp",
        "ConfirmForgotPassword",
        "ConfirmSignUp",
    ]
    assert heard[0]["request"] == {
        "userAttributes": {
            "sub": answer["UserSub"],
            "cognito:user_status": "CONFIRMED",
            "email": EMAIL,
            "email_verified": "true",
        },
        "clientMetadata": METADATA,
    }


async def test_a_failed_post_confirmation_leaves_the_account_confirmed(verifying: Api) -> None:
    listen(verifying, "PostConfirmation", lambda _event: 1 / 0)
    await sign_up(verifying)
    members = {"ClientId": verifying.client_id, "Username": "ana", "ConfirmationCode": verifying.code()}
    assert (await refused(verifying("ConfirmSignUp", **members)))[0] == "UserLambdaValidationException"
    assert (await verifying.admin("AdminGetUser"))["UserStatus"] == "CONFIRMED"


# Signing in


async def test_pre_authentication_gets_the_data_of_the_sign_in(api: Api) -> None:
    await api.add_user()
    heard = listen(api, "PreAuthentication")
    await begin(api, ClientMetadata=METADATA)
    assert heard[0]["triggerSource"] == "PreAuthentication_Authentication"
    assert heard[0]["request"]["validationData"] == METADATA
    assert "clientMetadata" not in heard[0]["request"]
    assert "userNotFound" not in heard[0]["request"]
    assert await refused(begin(api, name="unknown")) == ("UserNotFoundException", "User does not exist.")
    assert len(heard) == 1
    listen(api, "PreAuthentication", lambda _event: 1 / 0)
    assert (await refused(begin(api)))[0] == "UserLambdaValidationException"


async def test_pre_authentication_runs_for_hidden_unknown_users(empty_api: Api) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await empty_api.add_user()
    heard = listen(empty_api, "PreAuthentication")
    await begin(empty_api)
    assert (await refused(begin(empty_api, name="unknown")))[0] == "NotAuthorizedException"
    assert [(event["userName"], event["request"]["userNotFound"]) for event in heard] == [
        ("ana", False),
        ("unknown", True),
    ]


async def test_post_authentication(api: Api) -> None:
    """PostAuthentication gets the event of a completed sign-in."""
    user = await api.add_user()
    user.status = "FORCE_CHANGE_PASSWORD"
    heard = listen(api, "PostAuthentication")
    challenged = await begin(api, ClientMetadata=METADATA)
    assert heard == []
    await api(
        "RespondToAuthChallenge",
        ClientId=api.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenged["Session"],
        ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": NEW_PASSWORD},
        ClientMetadata={"from": "answer"},
    )
    assert heard[0]["triggerSource"] == "PostAuthentication_Authentication"
    assert heard[0]["request"]["newDeviceUsed"] is False
    assert heard[0]["request"]["clientMetadata"] == {"from": "answer"}
    await begin(api, password=NEW_PASSWORD, ClientMetadata=METADATA)
    assert "clientMetadata" not in heard[1]["request"]
    listen(api, "PostAuthentication", lambda _event: 1 / 0)
    assert (await refused(begin(api, password=NEW_PASSWORD)))[0] == "UserLambdaValidationException"


# Tokens


@pytest.fixture
async def member(api: Api) -> Api:
    """A user in a group."""
    await api.add_user(email=EMAIL)
    await api("CreateGroup", UserPoolId=api.pool_id, GroupName="readers", RoleArn="arn:aws:iam::1:role/reads")
    await api.admin("AdminAddUserToGroup", GroupName="readers")
    return api


async def tokens(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    result = await api.tokens()
    return claims(result["AccessToken"]), claims(result["IdToken"])


FIRST = {
    "claimsToAddOrOverride": {"team": "blue", "email": "shown@example.com", "sub": "forged", "aud": "x"},
    "claimsToSuppress": ["email_verified", "exp", "cognito:groups"],
    "groupOverrideDetails": {
        "groupsToOverride": ["writers"],
        "iamRolesToOverride": ["arn:aws:iam::1:role/writes"],
        "preferredRole": "arn:aws:iam::1:role/writes",
    },
}


@pytest.mark.parametrize("version", [None, "V1_0"])
async def test_claims_first_version(member: Api, version: str | None) -> None:
    """Version 1 of PreTokenGeneration has its own event and its own response."""
    set_version(member, version)
    plain_access, plain_identity = await tokens(member)
    heard = listen(member, "PreTokenGeneration", claimsOverrideDetails=FIRST)
    access, identity = await tokens(member)
    assert heard[0]["version"] == "1"
    assert heard[0]["triggerSource"] == "TokenGeneration_Authentication"
    assert heard[0]["response"] == {"claimsOverrideDetails": None}
    assert heard[0]["request"]["groupConfiguration"] == {
        "groupsToOverride": ["readers"],
        "iamRolesToOverride": ["arn:aws:iam::1:role/reads"],
        "preferredRole": None,
    }
    assert "scopes" not in heard[0]["request"]
    assert (identity["team"], identity["email"]) == ("blue", "shown@example.com")
    assert "email_verified" not in identity
    assert (identity["sub"], identity["aud"]) == (plain_identity["sub"], plain_identity["aud"])
    assert "exp" in identity
    assert access["cognito:groups"] == identity["cognito:groups"] == ["writers"]
    assert identity["cognito:roles"] == ["arn:aws:iam::1:role/writes"]
    assert identity["cognito:preferred_role"] == "arn:aws:iam::1:role/writes"
    assert access.keys() == plain_access.keys()


def set_version(api: Api, version: str | None) -> None:
    if version is not None:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:tokens"
        configuration = {"LambdaVersion": version, "LambdaArn": arn}
        api.pool.settings["LambdaConfig"] = {"PreTokenGenerationConfig": configuration}


SECOND = {
    "idTokenGeneration": {"claimsToAddOrOverride": {"team": {"name": "blue"}}, "claimsToSuppress": ["email"]},
    "accessTokenGeneration": {
        "claimsToAddOrOverride": {"level": 7, "client_id": "forged"},
        "claimsToSuppress": ["username"],
        "scopesToAdd": ["things/read"],
        "scopesToSuppress": ["aws.cognito.signin.user.admin"],
    },
    "groupOverrideDetails": {"groupsToOverride": []},
}


@pytest.mark.parametrize("version", [None, "V2_0"])
async def test_claims_and_scopes_second_version(member: Api, version: str | None) -> None:
    set_version(member, version)
    heard = listen(member, "PreTokenGeneration", claimsAndScopeOverrideDetails=SECOND)
    result = await member.tokens()
    access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
    if version is not None:
        assert heard[0]["version"] == "2"
        assert heard[0]["request"]["scopes"] == ["aws.cognito.signin.user.admin"]
        assert heard[0]["response"] == {"claimsAndScopeOverrideDetails": None}
    assert identity["team"] == {"name": "blue"}
    assert "email" not in identity
    assert access["level"] == 7
    assert (access["client_id"], access["username"]) == (member.client_id, "ana")
    assert access["scope"] == "things/read"
    assert "cognito:groups" not in access.keys() | identity.keys()
    # The scope that lets people manage their account is gone.
    refusal = await member.refused("GetUser", AccessToken=result["AccessToken"])
    assert refusal == ("NotAuthorizedException", "Access Token does not have required scopes")


async def test_an_answer_in_the_other_version_is_ignored(member: Api) -> None:
    plain = (await tokens(member))[0].keys()
    set_version(member, "V1_0")
    listen(member, "PreTokenGeneration", claimsAndScopeOverrideDetails=SECOND)
    assert (await tokens(member))[0].keys() == plain


@pytest.mark.parametrize(
    "details",
    [
        "all",
        {"claimsToAddOrOverride": {"level": 7}},
        {"claimsToSuppress": "email"},
        {"groupOverrideDetails": {"groupsToOverride": [1]}},
    ],
)
async def test_malformed_claims(member: Api, details: Any) -> None:
    """Malformed claims of PreTokenGeneration are an error."""
    listen(member, "PreTokenGeneration", claimsOverrideDetails=details)
    assert (await refused(begin(member)))[0] == "InvalidLambdaResponseException"


async def test_why_tokens_are_made(member: Api) -> None:
    user = member.pool.users.find("ana")
    assert user is not None
    user.status = "FORCE_CHANGE_PASSWORD"
    heard = listen(member, "PreTokenGeneration")
    challenged = await begin(member)
    answer = await member.respond(challenged, NEW_PASSWORD=NEW_PASSWORD)
    token = answer["AuthenticationResult"]["RefreshToken"]
    named = {"ClientId": member.client_id}
    await member("GetTokensFromRefreshToken", RefreshToken=token, ClientMetadata=METADATA, **named)
    given = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    await member("InitiateAuth", ClientMetadata=METADATA, **given, **named)
    assert [event["triggerSource"].partition("_")[2] for event in heard] == [
        "NewPasswordChallenge",
        "RefreshTokens",
        "RefreshTokens",
    ]
    assert [event["request"].get("clientMetadata") for event in heard] == [None, METADATA, None]


# Moving in


async def test_a_user_is_migrated_at_the_sign_in(api: Api) -> None:
    found = {"email": EMAIL, "email_verified": "true", "username": "ana", "sub": "ignored"}
    heard = listen(api, "UserMigration", userAttributes=found, finalUserStatus="CONFIRMED")
    result = (await begin(api, ClientMetadata=METADATA))["AuthenticationResult"]
    assert heard[0]["triggerSource"] == "UserMigration_Authentication"
    assert heard[0]["userName"] == "ana"
    assert heard[0]["request"] == {
        "password": PASSWORD,
        "validationData": METADATA,
        "clientMetadata": METADATA,
    }
    assert claims(result["IdToken"])["email_verified"] is True
    await begin(api)
    assert len(heard) == 1
    assert (await refused(begin(api, password=NEW_PASSWORD)))[0] == "NotAuthorizedException"
    assert (await api.srp())["AuthenticationResult"]


async def test_a_migrated_user_may_have_to_reset_the_password(api: Api) -> None:
    listen(api, "UserMigration", userAttributes={"email": EMAIL})
    assert (await refused(begin(api)))[0] == "PasswordResetRequiredException"
    assert (await api.admin("AdminGetUser"))["UserStatus"] == "RESET_REQUIRED"


async def test_no_user_is_migrated(api: Api) -> None:
    listen(api, "UserMigration")
    assert await refused(begin(api)) == ("UserNotFoundException", "User does not exist.")
    listen(api, "UserMigration", lambda _event: 1 / 0)
    text = "UserMigration failed with error division by zero."
    assert await refused(begin(api)) == ("UserLambdaValidationException", text)
    assert len(api.pool.users) == 0


@pytest.mark.parametrize("force", [False, True])
async def test_migration_under_another_users_address(empty_api: Api, force: bool) -> None:
    await empty_api.make_pool(AliasAttributes=["email"])
    await empty_api.add_user("ben", email=EMAIL, email_verified="true")
    found = {"email": EMAIL, "email_verified": "true"}
    response: dict[str, Any] = {
        "userAttributes": found,
        "finalUserStatus": "CONFIRMED",
        "forceAliasCreation": force,
    }
    listen(empty_api, "UserMigration", **response)
    if force:
        assert "AuthenticationResult" in await begin(empty_api)
    else:
        assert (await refused(begin(empty_api)))[0] == "UserNotFoundException"
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] == ("ana" if force else "ben")


async def test_a_user_is_migrated_with_a_forgotten_password(api: Api) -> None:
    found = {"email": EMAIL, "email_verified": "true"}
    heard = listen(api, "UserMigration", userAttributes=found, finalUserStatus="CONFIRMED")
    members = {"ClientId": api.client_id, "Username": "ana"}
    answer = await api("ForgotPassword", **members)
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert heard[0]["triggerSource"] == "UserMigration_ForgotPassword"
    assert heard[0]["request"] == {"validationData": None}
    await api("ConfirmForgotPassword", ConfirmationCode=api.code(), Password=NEW_PASSWORD, **members)
    assert "AuthenticationResult" in await begin(api, password=NEW_PASSWORD)


# Messages


async def test_words_of_ones_own(verifying: Api) -> None:
    heard = listen(verifying, "CustomMessage", emailMessage="Hello, {####}!", emailSubject="Welcome")
    await sign_up(verifying, ClientMetadata=METADATA)
    assert heard[0]["triggerSource"] == "CustomMessage_SignUp"
    assert heard[0]["request"]["codeParameter"] == "{####}"
    assert heard[0]["request"]["usernameParameter"] is None
    assert heard[0]["request"]["clientMetadata"] == METADATA
    message = verifying.state.outbox.messages[-1]
    assert (message.subject, message.text) == ("Welcome", f"Hello, {message.code}!")
    assert message.code not in repr(message)


async def test_cognitos_words(verifying: Api) -> None:
    """Without a text of CustomMessage, Cognito's own is sent."""
    await sign_up(verifying)
    message = verifying.state.outbox.messages[-1]
    assert message.text == f"Your confirmation code is {message.code}"
    listen(verifying, "CustomMessage", smsMessage="only for telephones: {####}")
    await verifying("ResendConfirmationCode", ClientId=verifying.client_id, Username="ana")
    message = verifying.state.outbox.messages[-1]
    assert (message.subject, message.text) == (
        "Your verification code",
        f"Your confirmation code is {message.code}",
    )


@pytest.mark.parametrize("text", ["Hello!", 7])
async def test_words_without_the_code(verifying: Api, text: Any) -> None:
    listen(verifying, "CustomMessage", emailMessage=text)
    assert (await refused(sign_up(verifying)))[0] == "InvalidLambdaResponseException"


async def test_words_around_a_link(empty_api: Api) -> None:
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=template)
    await sign_up(empty_api)
    message = empty_api.state.outbox.messages[-1]
    assert message.link is not None
    assert message.text.endswith(message.link)
    listen(empty_api, "CustomMessage", emailMessage="Follow {##Click Here##}, please")
    await sign_up(empty_api, "ben")
    message = empty_api.state.outbox.messages[-1]
    assert message.text == f"Follow {message.link}, please"


async def test_every_message_has_its_occasion(verifying: Api) -> None:
    heard = listen(verifying, "CustomMessage", smsMessage="SMS {####}")
    sms = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}}
    await verifying(
        "SetUserPoolMfaConfig",
        UserPoolId=verifying.pool_id,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration=sms,
    )
    entries = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    await verifying.admin("AdminCreateUser", TemporaryPassword=PASSWORD, UserAttributes=entries)
    invitation = verifying.state.outbox.messages[-1]
    assert invitation.text == f"Your username is ana and temporary password is {PASSWORD}."
    await verifying.admin("AdminSetUserPassword", Password=PASSWORD, Permanent=True)
    token = (await verifying.tokens())["AccessToken"]
    new = [{"Name": "email", "Value": "new@example.com"}]
    await verifying("UpdateUserAttributes", AccessToken=token, UserAttributes=new)
    await verifying("GetUserAttributeVerificationCode", AccessToken=token, AttributeName="email")
    await verifying("VerifyUserAttribute", AccessToken=token, AttributeName="email", Code=verifying.code())
    await verifying("ForgotPassword", ClientId=verifying.client_id, Username="ana")
    await verifying.admin("AdminResetUserPassword")
    await verifying.admin("AdminSetUserPassword", Password=PASSWORD, Permanent=True)
    phone = [{"Name": "phone_number", "Value": PHONE}]
    await verifying.admin("AdminUpdateUserAttributes", UserAttributes=phone)
    await verifying.admin("AdminSetUserMFAPreference", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    await begin(verifying)
    assert verifying.state.outbox.messages[-1].text == f"SMS {verifying.code()}"
    assert [event["triggerSource"].partition("_")[2] for event in heard] == [
        "AdminCreateUser",
        "UpdateUserAttribute",
        "VerifyUserAttribute",
        "ForgotPassword",
        "ForgotPassword",
        "Authentication",
    ]
    assert heard[0]["request"]["usernameParameter"] == "{username}"


async def test_a_lambda_function_that_cannot_be_run_is_logged(
    emulator: CognitoEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:hello"
    pool = await emulator.create_user_pool(LambdaConfig={"PreSignUp": arn})
    await pool.add_user("ana", PASSWORD)
    assert f"user pool {pool.id}: the trigger PreSignUp is the Lambda function {arn}" in caplog.text
    assert "--triggers" in caplog.text
    caplog.clear()
    pool.triggers["PreSignUp"] = lambda event: event
    await pool.add_user("bea", PASSWORD)
    assert caplog.text == ""


async def test_two_first_sign_ins_move_one_user(api: Api) -> None:
    found = {"email": EMAIL, "email_verified": "true"}
    listen(api, "UserMigration", userAttributes=found, finalUserStatus="CONFIRMED")
    first, second = await asyncio.gather(begin(api), begin(api))
    subjects = {claims(each["AuthenticationResult"]["IdToken"])["sub"] for each in (first, second)}
    assert len(subjects) == len(api.pool.users) == 1
