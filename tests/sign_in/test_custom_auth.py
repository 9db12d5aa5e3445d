"""CUSTOM_AUTH, end to end: two rounds of a user pool's questions, with and without a password first."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, errors, steps
from aiocognito.emulator import CognitoEmulator

PASSWORD = "Correct-Horse-7"
Event = dict[str, Any]
QUESTIONS = {"colour": "blue", "animal": "horse"}


class Quiz:
    """Asks two questions; two wrong answers end it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def _right(self, event: Event) -> list[str]:
        name = event["triggerSource"].partition("_")[0]
        self.heard.append((name, event["request"].get("clientMetadata")))
        rounds = event["request"].get("session", [])
        return [entry["challengeMetadata"] for entry in rounds if entry["challengeResult"]]

    def define(self, event: Event) -> Event:
        right, rounds, response = self._right(event), event["request"]["session"], event["response"]
        if rounds and rounds[-1]["challengeName"] == "SRP_A":
            response["challengeName"] = "PASSWORD_VERIFIER"
        elif sum(not entry["challengeResult"] for entry in rounds) == 2:
            response["failAuthentication"] = True
        elif set(right) >= set(QUESTIONS):
            response["issueTokens"] = True
        else:
            response["challengeName"] = "CUSTOM_CHALLENGE"
        return event

    async def create(self, event: Event) -> Event:
        right = self._right(event)
        question = next(name for name in QUESTIONS if name not in right)
        event["response"] = {
            "publicChallengeParameters": {"question": question},
            "privateChallengeParameters": {"answer": QUESTIONS[question]},
            "challengeMetadata": question,
        }
        return event

    def verify(self, event: Event) -> Event:
        self._right(event)
        if event["request"]["challengeAnswer"] == "panic":
            raise RuntimeError("no idea")
        expected = event["request"]["privateChallengeParameters"]["answer"]
        event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == expected
        return event


@pytest.fixture
def quiz() -> Quiz:
    return Quiz()


@pytest.fixture(params=[False, True], ids=["public", "secret"])
async def pool(emulator: CognitoEmulator, quiz: Quiz, request: pytest.FixtureRequest) -> Any:
    """A pool with a quiz, and ana."""
    made = await emulator.create_user_pool(
        UsernameAttributes=["email"],
        client={
            "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "GenerateSecret": request.param,
        },
        triggers={
            "DefineAuthChallenge": quiz.define,
            "CreateAuthChallenge": quiz.create,
            "VerifyAuthChallengeResponse": quiz.verify,
        },
    )
    await made.add_user("ana@example.com", PASSWORD)
    return made


@pytest.fixture
async def auth(connect: Any, pool: Any) -> AuthClient:
    client: AuthClient = await connect(pool.config)
    return client


def question(result: Any) -> str:
    assert isinstance(result.next_step, steps.ConfirmSignInWithCustomChallenge)
    return str(result.next_step.additional_info["question"])


FLOWS = pytest.mark.parametrize(
    ("flow", "password"), [("CUSTOM_WITHOUT_SRP", None), ("CUSTOM_WITH_SRP", PASSWORD)]
)


@FLOWS
async def test_two_rounds(auth: AuthClient, flow: Any, password: str | None) -> None:
    """The user pool's triggers ask until both answers are right."""
    result = await auth.sign_in("ana@example.com", password, auth_flow_type=flow)
    assert question(result) == "colour"
    assert question(await auth.confirm_sign_in("red")) == "colour"
    assert question(await auth.confirm_sign_in("blue")) == "animal"
    assert (await auth.confirm_sign_in("horse")).is_signed_in
    session = await auth.fetch_auth_session(force_refresh=True, credentials=False)
    assert session.tokens is not None
    details = (await auth.get_current_user()).sign_in_details
    assert details is not None
    assert details.auth_flow_type == flow


@FLOWS
async def test_each_round_in_a_process_of_its_own(
    manager: Any, pool: Any, emulator: CognitoEmulator, flow: Any, password: str | None
) -> None:
    storage = MemoryStorage(clock=emulator.clock)
    one, two, three = [(await manager(pool.config, storage)).client("key") for _ in range(3)]
    await one.sign_in("ana@example.com", password, auth_flow_type=flow)
    assert question(await two.confirm_sign_in("blue")) == "animal"
    assert (await three.confirm_sign_in("horse")).is_signed_in


async def test_a_wrong_password_comes_to_no_question(auth: AuthClient, quiz: Quiz) -> None:
    with pytest.raises(errors.NotAuthorizedException):
        await auth.sign_in("ana@example.com", "Wrong-Horse-7", auth_flow_type="CUSTOM_WITH_SRP")
    assert [name for name, _ in quiz.heard] == ["DefineAuthChallenge"]


async def test_too_many_wrong_answers(auth: AuthClient) -> None:
    await auth.sign_in("ana@example.com", auth_flow_type="CUSTOM_WITHOUT_SRP")
    await auth.confirm_sign_in("red")
    with pytest.raises(errors.NotAuthorizedException, match="Incorrect username or password"):
        await auth.confirm_sign_in("green")


async def test_a_trigger_that_raises(auth: AuthClient) -> None:
    await auth.sign_in("ana@example.com", auth_flow_type="CUSTOM_WITHOUT_SRP")
    with pytest.raises(errors.UserLambdaValidationException) as failed:
        await auth.confirm_sign_in("panic")
    assert "VerifyAuthChallengeResponse failed with error no idea." in str(failed.value)


async def test_triggers_receive_the_metadata_of_answers_only(auth: AuthClient, quiz: Quiz) -> None:
    said = {"said": "at the beginning"}
    await auth.sign_in("ana@example.com", auth_flow_type="CUSTOM_WITHOUT_SRP", client_metadata=said)
    await auth.confirm_sign_in("blue", client_metadata={"said": "then"})
    assert [metadata for _, metadata in quiz.heard] == [None, None, *[{"said": "then"}] * 3]
