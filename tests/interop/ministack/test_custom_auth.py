"""Our client responds to custom challenges of a Lambda function on ministack."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import anyio.to_thread
import boto3
import pytest
from attrs import evolve

from aiocognito import AuthClient, errors, steps

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("ministack")]

PASSWORD = "Correct-Horse-1"
Pool = Any  # the conftest's class, which cannot be imported in this import mode

# The answer to each round is its number in words. Two rounds; behind a password one, because SRP comes
# first and ministack counts three results in all.
SOURCE = """
def define(event, context):
    session, answer = event["request"]["session"], event["response"]
    names = [entry["challengeName"] for entry in session]
    custom = [entry for entry in session if entry["challengeName"] == "CUSTOM_CHALLENGE"]
    answer.update(issueTokens=False, failAuthentication=False)
    if names == ["SRP_A"]:
        answer["challengeName"] = "PASSWORD_VERIFIER"
    elif custom and not custom[-1]["challengeResult"]:
        answer["failAuthentication"] = True
    elif len(custom) == (1 if "SRP_A" in names else 2):
        answer["issueTokens"] = True
    else:
        answer["challengeName"] = "CUSTOM_CHALLENGE"
    return event

def create(event, context):
    rounds = [e for e in event["request"]["session"] if e["challengeName"] == "CUSTOM_CHALLENGE"]
    event["response"]["publicChallengeParameters"] = {"round": str(len(rounds) + 1)}
    event["response"]["privateChallengeParameters"] = {"answer": ["one", "two"][len(rounds)]}
    return event

def verify(event, context):
    right = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == right
    return event
"""

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def lambdas(ministack: str) -> Iterator[dict[str, str]]:
    """The triggers, by the names of LambdaConfig."""
    connect = partial(
        boto3.client,
        endpoint_url=ministack,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client, iam = connect("lambda"), connect("iam")
    role = iam.create_role(RoleName="triggers", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("triggers.py", SOURCE)
    made = {}
    for trigger, function in (
        ("DefineAuthChallenge", "define"),
        ("CreateAuthChallenge", "create"),
        ("VerifyAuthChallengeResponse", "verify"),
    ):
        made[trigger] = client.create_function(
            FunctionName=function,
            Runtime="python3.11",
            Role=role["Arn"],
            Handler=f"triggers.{function}",
            Code={"ZipFile": package.getvalue()},
        )["FunctionArn"]
    yield made
    for function in ("define", "create", "verify"):
        client.delete_function(FunctionName=function)
    iam.delete_role(RoleName="triggers")
    client.close()
    iam.close()


@pytest.fixture
async def pool(make_pool: Callable[..., Pool], lambdas: dict[str, str]) -> Pool:
    """A pool with those triggers, whose client may run them."""
    pool = await anyio.to_thread.run_sync(partial(make_pool, LambdaConfig=lambdas))
    flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    await pool.admin(
        "update_user_pool_client",
        UserPoolId=pool.id,
        ClientId=pool.config.user_pool_client_id,
        ExplicitAuthFlows=flows,
    )
    await pool.add_user("ana", PASSWORD)
    return evolve(pool)


@pytest.mark.parametrize(
    ("flow", "password", "answers"),
    [("CUSTOM_WITHOUT_SRP", None, ["one", "two"]), ("CUSTOM_WITH_SRP", PASSWORD, ["one"])],
)
async def test_rounds(pool: Pool, flow: Any, password: str | None, answers: list[str]) -> None:
    """Each round is a custom challenge."""
    async with AuthClient(pool.config) as auth:
        result = await auth.sign_in("ana", password, auth_flow_type=flow)
        for number, answer in enumerate(answers, 1):
            assert isinstance(result.next_step, steps.ConfirmSignInWithCustomChallenge)
            assert result.next_step.additional_info["round"] == str(number)
            result = await auth.confirm_sign_in(answer)
        assert result.is_signed_in
        assert (await auth.get_current_user()).username == "ana"


async def test_a_wrong_answer_and_a_wrong_password(pool: Pool) -> None:
    async with AuthClient(pool.config) as auth:
        await auth.sign_in("ana", auth_flow_type="CUSTOM_WITHOUT_SRP")
        with pytest.raises(errors.NotAuthorizedException):
            await auth.confirm_sign_in("seven")
        with pytest.raises(errors.NotAuthorizedException):
            await auth.sign_in("ana", "Wrong-Horse-1", auth_flow_type="CUSTOM_WITH_SRP")
        assert (await auth.fetch_auth_session(credentials=False)).tokens is None
