"""aws-amplify 6 answers the challenges of Python triggers on our emulator, two rounds of them."""

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from helpers.remote_emulator import RemoteEmulator

# The pools of its tests have Python functions as triggers; the last test gives them to the command line.
pytestmark = [pytest.mark.interop, pytest.mark.in_process]

PASSWORD = "Correct-Horse-1"
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode
Pool = Any
Event = dict[str, Any]
QUESTIONS = {"colour": "blue", "animal": "horse"}


def right(event: Event) -> list[str]:
    return [entry["challengeMetadata"] for entry in event["request"]["session"] if entry["challengeResult"]]


def define(event: Event) -> Event:
    rounds, response = event["request"]["session"], event["response"]
    if rounds and rounds[-1]["challengeName"] == "SRP_A":
        response["challengeName"] = "PASSWORD_VERIFIER"
    elif sum(not entry["challengeResult"] for entry in rounds) == 2:
        response["failAuthentication"] = True
    elif set(right(event)) >= set(QUESTIONS):
        response["issueTokens"] = True
    else:
        response["challengeName"] = "CUSTOM_CHALLENGE"
    return event


async def create(event: Event) -> Event:
    question = next(name for name in QUESTIONS if name not in right(event))
    event["response"] = {
        "publicChallengeParameters": {"question": question},
        "privateChallengeParameters": {"answer": QUESTIONS[question]},
        "challengeMetadata": question,
    }
    return event


def verify(event: Event) -> Event:
    if event["request"].get("clientMetadata") == {"at": "night"}:
        raise PermissionError("come back by day")
    expected = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == expected
    return event


@pytest.fixture
async def pool(make_pool: Callable[..., Awaitable[Pool]]) -> Pool:
    """A pool with two custom challenges, and one user."""
    pool = await make_pool(
        client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
        triggers={
            "DefineAuthChallenge": define,
            "CreateAuthChallenge": create,
            "VerifyAuthChallengeResponse": verify,
        },
    )
    await pool.add_user("ana", PASSWORD)
    return pool


async def begin(amplify: NodeClient, flow: str, **arguments: Any) -> Any:
    result = await amplify("signIn", username="ana", options={"authFlowType": flow}, **arguments)
    return result["nextStep"]


async def answer(amplify: NodeClient, text: str) -> Any:
    return (await amplify("confirmSignIn", challengeResponse=text))["nextStep"]


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize(
    ("flow", "arguments"), [("CUSTOM_WITHOUT_SRP", {}), ("CUSTOM_WITH_SRP", {"password": PASSWORD})]
)
async def test_two_rounds(amplify: NodeClient, flow: str, arguments: dict[str, str]) -> None:
    """Amplify answers two custom challenges."""
    step = await begin(amplify, flow, **arguments)
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert step["additionalInfo"]["question"] == "colour"
    assert (await answer(amplify, "red"))["additionalInfo"]["question"] == "colour"
    assert (await answer(amplify, "blue"))["additionalInfo"]["question"] == "animal"
    assert (await answer(amplify, "horse"))["signInStep"] == "DONE"
    tokens = (await amplify("fetchAuthSession", forceRefresh=True))["tokens"]
    assert tokens["accessToken"]["payload"]["username"] == "ana"


@pytest.mark.usefixtures("pool")
async def test_too_many_wrong_answers(amplify: NodeClient) -> None:
    await begin(amplify, "CUSTOM_WITHOUT_SRP")
    await answer(amplify, "red")
    assert await amplify.refused("confirmSignIn", challengeResponse="green") == "NotAuthorizedException"


@pytest.mark.usefixtures("pool")
async def test_a_wrong_password_comes_to_no_question(amplify: NodeClient) -> None:
    arguments = {"username": "ana", "password": "Wrong-Horse-1"}
    options = {"authFlowType": "CUSTOM_WITH_SRP"}
    assert await amplify.refused("signIn", options=options, **arguments) == "NotAuthorizedException"


@pytest.mark.usefixtures("pool")
async def test_a_trigger_that_raises(amplify: NodeClient) -> None:
    await begin(amplify, "CUSTOM_WITHOUT_SRP")
    options = {"clientMetadata": {"at": "night"}}
    refusal = await amplify.refused("confirmSignIn", challengeResponse="blue", options=options)
    assert refusal == "UserLambdaValidationException"


async def test_a_sign_up_that_a_trigger_confirms(amplify: NodeClient, pool: Pool) -> None:
    def confirm(event: Event) -> Event:
        event["response"].update(autoConfirmUser=True, autoVerifyEmail=True)
        return event

    pool.triggers["PreSignUp"] = confirm
    options = {"userAttributes": {"email": "ben@example.com"}}
    signed_up = await amplify("signUp", username="ben", password=PASSWORD, options=options)
    assert signed_up["isSignUpComplete"]
    assert signed_up["nextStep"] == {"signUpStep": "DONE"}


async def test_two_rounds_of_the_command_lines_triggers(amplify: NodeClient, tmp_path: Path) -> None:
    functions = "\n".join(map(inspect.getsource, (right, define, create, verify)))
    names = "DefineAuthChallenge, CreateAuthChallenge, VerifyAuthChallengeResponse"
    (tmp_path / "shop.py").write_text(
        f"from typing import Any\nEvent = dict[str, Any]\nQUESTIONS = {QUESTIONS!r}\n{functions}\n"
        f"class Triggers:\n    {names} = map(staticmethod, (define, create, verify))\n"
    )
    ids = ("--pool-id", "us-east-1_Shop12345", "--client-id", "shopweb")
    options = (*ids, "--user", f"ana:{PASSWORD}", "--triggers", "shop:Triggers")
    emulator = await to_thread.run_sync(lambda: RemoteEmulator.start(*options, directory=tmp_path))
    try:
        endpoint = {"userPoolEndpoint": emulator.url}
        await amplify("configure", userPoolId=ids[1], userPoolClientId=ids[3], **endpoint)
        await test_two_rounds(amplify, "CUSTOM_WITH_SRP", {"password": PASSWORD})
        await amplify("signOut")
        await test_a_trigger_that_raises(amplify)
    finally:
        await to_thread.run_sync(emulator.stop)
