"""CUSTOM_AUTH: rounds of the pool's own making, with a password before them or without one."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import _srp as srp
from aiocognito.emulator.auth_sessions import AuthSession
from helpers.api import NEW_PASSWORD, PASSWORD, PHONE, Api, Refused

Event = dict[str, Any]
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
UNRECOGNIZABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
UNCONFIGURED = (
    "InvalidParameterException",
    "Custom auth lambda trigger is not configured for the user pool.",
)
QUESTIONS = ["colour", "animal"]
ANSWERS = {"colour": "blue", "animal": "horse"}


class Quiz:
    """Asks two questions, after the password if that comes first; three wrong answers end it."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def _note(self, event: Event) -> list[dict[str, Any]]:
        self.heard.append({**event, "request": dict(event["request"]), "response": dict(event["response"])})
        rounds: list[dict[str, Any]] = event["request"].get("session", [])
        return rounds

    def define(self, event: Event) -> Event:
        rounds, response = self._note(event), event["response"]
        right = {entry["challengeMetadata"] for entry in rounds if entry["challengeResult"]}
        if rounds and rounds[-1]["challengeName"] == "SRP_A":
            response["challengeName"] = "PASSWORD_VERIFIER"
        elif len([entry for entry in rounds if not entry["challengeResult"]]) == 3:
            response["failAuthentication"] = True
        elif right >= set(QUESTIONS):
            response["issueTokens"] = True
        else:
            response["challengeName"] = "CUSTOM_CHALLENGE"
        return event

    def create(self, event: Event) -> Event:
        rounds = self._note(event)
        right = {entry["challengeMetadata"] for entry in rounds if entry["challengeResult"]}
        question = next(name for name in QUESTIONS if name not in right)
        event["response"] = {
            "publicChallengeParameters": {"question": question},
            "privateChallengeParameters": {"answer": ANSWERS[question]},
            "challengeMetadata": question,
        }
        return event

    async def verify(self, event: Event) -> Event:
        self._note(event)
        request = event["request"]
        event["response"]["answerCorrect"] = (
            request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
        )
        return event

    def rounds(self) -> list[list[tuple[str, bool]]]:
        """What DefineAuthChallenge was told had happened."""
        return [
            [(entry["challengeName"], entry["challengeResult"]) for entry in event["request"]["session"]]
            for event in self.heard
            if event["triggerSource"].startswith("DefineAuthChallenge")
        ]


@pytest.fixture
def quiz() -> Quiz:
    return Quiz()


async def make_pool(api: Api, quiz: Quiz, **client: Any) -> None:
    await api.make_pool(client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"], **client})
    api.pool.triggers.update(
        DefineAuthChallenge=quiz.define,
        CreateAuthChallenge=quiz.create,
        VerifyAuthChallengeResponse=quiz.verify,
    )


@pytest.fixture
async def custom(empty_api: Api, quiz: Quiz) -> Api:
    """A pool with a quiz, and a user."""
    await make_pool(empty_api, quiz)
    await empty_api.add_user()
    return empty_api


async def begin(api: Api, name: str = "ana", /, **parameters: str) -> dict[str, Any]:
    return await api(
        "InitiateAuth",
        ClientId=api.client_id,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": name, **parameters},
        ClientMetadata={"from": "InitiateAuth"},
    )


async def refused(work: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value.code, refusal.value.message


async def test_two_rounds(custom: Api, quiz: Quiz) -> None:
    """Two questions are asked, and tokens are issued after the second answer."""
    first = await begin(custom)
    assert first["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert first["ChallengeParameters"] == {"USERNAME": "ana", "question": "colour"}
    second = await custom.respond(first, ANSWER="blue")
    assert second["ChallengeParameters"]["question"] == "animal"
    assert second["Session"] != first["Session"]
    assert await refused(custom.respond(first, ANSWER="blue")) == USED
    answer = await custom.respond(second, ANSWER="horse")
    assert answer["ChallengeParameters"] == {}
    assert {"AccessToken", "IdToken", "RefreshToken"} <= answer["AuthenticationResult"].keys()
    done = ("CUSTOM_CHALLENGE", True)
    assert quiz.rounds() == [[], [done], [done, done]]


async def test_the_events_of_the_triggers(custom: Api, quiz: Quiz) -> None:
    user = custom.pool.users.find("ana")
    assert user is not None
    challenged = await begin(custom)
    await custom(
        "RespondToAuthChallenge",
        ClientId=custom.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=challenged["Session"],
        ChallengeResponses={"USERNAME": "ana", "ANSWER": "blue"},
        ClientMetadata={"from": "answer"},
    )
    about = {"userAttributes": {"sub": user.sub, "cognito:user_status": "CONFIRMED"}}
    told = {**about, "clientMetadata": {"from": "answer"}}
    rounds = [{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "colour"}]
    assert [(event["triggerSource"], event["request"]) for event in quiz.heard] == [
        ("DefineAuthChallenge_Authentication", {**about, "session": []}),
        (
            "CreateAuthChallenge_Authentication",
            {**about, "challengeName": "CUSTOM_CHALLENGE", "session": []},
        ),
        (
            "VerifyAuthChallengeResponse_Authentication",
            {**told, "privateChallengeParameters": {"answer": "blue"}, "challengeAnswer": "blue"},
        ),
        ("DefineAuthChallenge_Authentication", {**told, "session": rounds}),
        (
            "CreateAuthChallenge_Authentication",
            {**told, "challengeName": "CUSTOM_CHALLENGE", "session": rounds},
        ),
    ]
    assert quiz.heard[0]["response"] == {
        "challengeName": None,
        "issueTokens": None,
        "failAuthentication": None,
    }


async def test_the_triggers_end_it(custom: Api, quiz: Quiz) -> None:
    challenged = await begin(custom)
    for _ in range(2):
        challenged = await custom.respond(challenged, ANSWER="red")
        assert challenged["ChallengeParameters"]["question"] == "colour"
    assert await refused(custom.respond(challenged, ANSWER="red")) == WRONG
    assert await refused(custom.respond(challenged, ANSWER="blue")) == USED
    assert quiz.rounds()[-1] == [("CUSTOM_CHALLENGE", False)] * 3
    assert "ChallengeName" in await begin(custom)


async def test_an_answer_is_needed_but_may_be_empty(custom: Api) -> None:
    challenged = await begin(custom)
    missing = ("InvalidParameterException", "Missing required parameter ANSWER")
    assert await refused(custom.respond(challenged)) == missing
    assert (await custom.respond(challenged, ANSWER=""))["ChallengeName"] == "CUSTOM_CHALLENGE"


# With SRP


async def begin_srp(api: Api, name: str = "ana", member: str = "CHALLENGE_NAME") -> tuple[Any, Any]:
    ephemeral = srp.Ephemeral.generate()
    parameters = {member: "SRP_A", "SRP_A": ephemeral.public_hex}
    return ephemeral, await begin(api, name, **parameters)


@pytest.mark.parametrize("member", ["CHALLENGE_NAME", "ChallengeName"])
async def test_after_the_password(custom: Api, quiz: Quiz, member: str) -> None:
    """Custom challenges can follow a proof of the password."""
    ephemeral, challenged = await begin_srp(custom, member=member)
    assert challenged["ChallengeName"] == "PASSWORD_VERIFIER"
    proof = custom.proof(ephemeral, challenged)
    without = {name: value for name, value in challenged.items() if name != "Session"}
    assert (await refused(custom.respond(without, **proof)))[1] == "Missing required parameter Session"
    first = await custom.respond(challenged, **proof)
    assert first["ChallengeParameters"] == {"USERNAME": "ana", "question": "colour"}
    second = await custom.respond(first, ANSWER="blue")
    assert "AuthenticationResult" in await custom.respond(second, ANSWER="horse")
    begun, proven = ("SRP_A", True), ("PASSWORD_VERIFIER", True)
    done = ("CUSTOM_CHALLENGE", True)
    assert quiz.rounds() == [
        [begun],
        [begun, proven],
        [begun, proven, done],
        [begun, proven, done, done],
    ]


async def test_a_wrong_password(custom: Api, quiz: Quiz) -> None:
    """A wrong password is refused before the first question."""
    ephemeral, challenged = await begin_srp(custom)
    proof = custom.proof(ephemeral, challenged, NEW_PASSWORD)
    assert await refused(custom.respond(challenged, **proof)) == WRONG
    assert len(quiz.heard) == 1


async def test_a_password_needs_a_public_value(custom: Api) -> None:
    missing = ("InvalidParameterException", "Missing required parameter SRP_A")
    assert await refused(begin(custom, CHALLENGE_NAME="SRP_A")) == missing


# Second factors, states, unknown_users


async def test_a_second_factor_comes_after_it(custom: Api) -> None:
    sms = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}}
    await custom(
        "SetUserPoolMfaConfig",
        UserPoolId=custom.pool_id,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration=sms,
    )
    entries = [{"Name": "phone_number", "Value": PHONE}]
    await custom.admin("AdminUpdateUserAttributes", UserAttributes=entries)
    await custom.admin("AdminSetUserMFAPreference", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    second = await custom.respond(await begin(custom), ANSWER="blue")
    challenged = await custom.respond(second, ANSWER="horse")
    assert challenged["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" in await custom.respond(challenged, SMS_MFA_CODE=custom.code())


@pytest.mark.parametrize(
    ("status", "code"),
    [("UNCONFIRMED", "UserNotConfirmedException"), ("RESET_REQUIRED", "PasswordResetRequiredException")],
)
async def test_not_in_every_state(custom: Api, status: str, code: str) -> None:
    user = custom.pool.users.find("ana")
    assert user is not None
    user.status = status
    assert (await refused(begin(custom)))[0] == code


async def test_disabled_users(custom: Api) -> None:
    """A user who is disabled meanwhile cannot answer."""
    second = await custom.respond(await begin(custom), ANSWER="blue")
    await custom.admin("AdminDisableUser")
    disabled = ("NotAuthorizedException", "User is disabled.")
    assert await refused(begin(custom)) == disabled
    assert await refused(custom.respond(second, ANSWER="horse")) == disabled


async def test_an_unknown_user_is_refused_or_continues(empty_api: Api, quiz: Quiz) -> None:
    await make_pool(empty_api, quiz)
    assert await refused(begin(empty_api, "unknown")) == ("UserNotFoundException", "User does not exist.")
    await make_pool(empty_api, quiz, PreventUserExistenceErrors="ENABLED")
    await empty_api.add_user()
    await begin(empty_api)
    assert {event["request"]["userNotFound"] for event in quiz.heard} == {False}
    quiz.heard.clear()
    first = await begin(empty_api, "unknown")
    assert first["ChallengeParameters"] == {"USERNAME": "unknown", "question": "colour"}
    second = await empty_api.respond(first, "unknown", ANSWER="blue")
    assert await refused(empty_api.respond(second, "unknown", ANSWER="horse")) == WRONG
    assert {event["request"]["userNotFound"] for event in quiz.heard} == {True}
    assert {str(event["request"]["userAttributes"]) for event in quiz.heard} == {"{}"}


async def test_an_unknown_users_password_is_wrong(empty_api: Api, quiz: Quiz) -> None:
    await make_pool(empty_api, quiz, PreventUserExistenceErrors="ENABLED")
    ephemeral, challenged = await begin_srp(empty_api, "unknown")
    proof = empty_api.proof(ephemeral, challenged)
    assert await refused(empty_api.respond(challenged, "unknown", **proof)) == WRONG


async def test_an_unknown_user_in_a_pool_of_addresses_gets_a_name(empty_api: Api, quiz: Quiz) -> None:
    await empty_api.make_pool(
        UsernameAttributes=["email"],
        client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"], "PreventUserExistenceErrors": "ENABLED"},
    )
    empty_api.pool.triggers.update(DefineAuthChallenge=quiz.define, CreateAuthChallenge=quiz.create)
    challenged = await begin(empty_api, "unknown@example.com")
    name = challenged["ChallengeParameters"]["USERNAME"]
    assert name == (await begin(empty_api, "unknown@example.com"))["ChallengeParameters"]["USERNAME"]
    assert len(name) == 36


# Triggers that are not there, or fail


async def test_without_triggers(custom: Api) -> None:
    """A missing trigger is an error of the pool's configuration."""
    first = await begin(custom)
    for name in ("VerifyAuthChallengeResponse", "CreateAuthChallenge", "DefineAuthChallenge"):
        del custom.pool.triggers[name]
        work = custom.respond(first, ANSWER="x") if name.startswith("Verify") else begin(custom)
        assert await refused(work) == UNCONFIGURED


async def test_the_flow_must_be_on(api: Api) -> None:
    await api.add_user()
    assert (await refused(begin(api)))[1] == "CUSTOM_AUTH flow not enabled for this client"


@pytest.mark.parametrize(
    "name", ["DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"]
)
async def test_an_error_names_its_trigger(custom: Api, name: str) -> None:
    first = await begin(custom)

    def trigger(_event: Event) -> Event:
        raise RuntimeError("oh")

    custom.pool.triggers[name] = trigger
    work = custom.respond(first, ANSWER="blue") if name.startswith("Verify") else begin(custom)
    assert await refused(work) == ("UserLambdaValidationException", f"{name} failed with error oh.")
    if name.startswith("Verify"):
        assert await refused(custom.respond(first, ANSWER="blue")) == USED


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("DefineAuthChallenge", {}),
        ("DefineAuthChallenge", {"challengeName": "BLOOD_TEST"}),
        ("DefineAuthChallenge", {"challengeName": "PASSWORD_VERIFIER"}),
        ("DefineAuthChallenge", {"issueTokens": "yes"}),
        ("CreateAuthChallenge", {"publicChallengeParameters": {"number": 7}}),
        ("CreateAuthChallenge", {"privateChallengeParameters": ["x"]}),
        ("CreateAuthChallenge", {"challengeMetadata": 7}),
        ("VerifyAuthChallengeResponse", {"answerCorrect": "yes"}),
    ],
)
async def test_malformed_answers(custom: Api, name: str, response: dict[str, Any]) -> None:
    """A trigger's malformed response is an error."""
    first = await begin(custom)

    def trigger(event: Event) -> Event:
        return {**event, "response": response}

    custom.pool.triggers[name] = trigger
    work = custom.respond(first, ANSWER="blue") if name.startswith("Verify") else begin(custom)
    assert await refused(work) == UNRECOGNIZABLE


async def test_a_challenge_may_show_nothing(custom: Api) -> None:
    custom.pool.triggers["CreateAuthChallenge"] = lambda event: event
    assert (await begin(custom))["ChallengeParameters"] == {"USERNAME": "ana"}


async def test_nothing_of_it_is_shown(custom: Api) -> None:
    await begin(custom)
    handles: list[AuthSession] = list(custom.pool.auth_sessions._handles.values())
    assert "blue" not in repr(handles[-1].state)
    assert PASSWORD not in repr(custom.pool)
