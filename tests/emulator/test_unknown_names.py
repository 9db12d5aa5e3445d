"""Unknown names are refused with the nearest known one, and Lambda functions that do not run are logged."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from aiocognito import AuthClient, errors
from aiocognito.emulator import CognitoEmulator, Faults
from aiocognito.emulator.fault_names import FaultNames
from aiocognito.emulator.hosted_ui import pages
from aiocognito.emulator.service_model import USER_POOLS, ServiceModel
from aiocognito.emulator.trigger_url import trigger_at
from helpers.api import PASSWORD

ARN = "arn:aws:lambda:us-east-1:123456789012:function:checks"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"MfaConfiguraton": "ON"},
            "create_user_pool: unknown setting 'MfaConfiguraton': did you mean 'MfaC",
        ),
        ({"mfa_configuration": "ON"}, "did you mean 'MfaConfiguration'?"),
        ({"trigger": {}}, "did you mean 'triggers'?"),
        ({"UserPoolId": "x"}, "unknown setting 'UserPoolId'"),
        (
            {"Policies": {"PasswordPolicy": {"MinLength": 6}}},
            "create_user_pool: Policies.PasswordPolicy has no member 'MinLength': did you mean 'Minim",
        ),
        ({"Schema": [{"Nam": "x"}]}, "create_user_pool: Schema[0] has no member 'Nam': did you mean 'Name'?"),
        (
            {"client": {"GenerateSecrets": True}},
            "create_user_pool: client: unknown setting 'GenerateSecrets': did you mean 'GenerateSecret'?",
        ),
        (
            {"client": {"TokenValidityUnits": {"AccesToken": "hours"}}},
            "create_user_pool: client: TokenValidityUnits has no member 'AccesToken': did you mean 'Acce",
        ),
        (
            {"triggers": {"PreSignup": print}},
            "unknown trigger 'PreSignup': did you mean 'PreSignUp'?",
        ),
    ],
)
async def test_settings_of_a_pool(emulator: CognitoEmulator, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        await emulator.create_user_pool(**settings)
    assert emulator.state.pools == {}


async def test_settings_of_clients_and_identity_pools(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    with pytest.raises(ValueError, match="unknown setting 'CallbackUrl': did you mean 'CallbackURLs'"):
        await pool.add_client(CallbackUrl=["https://shop.example"])
    with pytest.raises(ValueError, match="unknown setting 'user_pool': did you mean 'user_pools'"):
        await emulator.create_identity_pool(user_pool=[pool])
    with pytest.raises(ValueError, match=r"IdentityProviders\[0\] has no member 'Client': did you mean"):
        await emulator.create_identity_pool(CognitoIdentityProviders=[{"Client": "x"}])
    # Tags are a map: their names are the caller's.
    await emulator.create_user_pool(UserPoolTags={"any": "name"}, SmsMfaConfiguration=None)


@pytest.mark.parametrize("known", [True, False])
async def test_faults(emulator: CognitoEmulator, known: bool) -> None:
    """Unknown operations and error codes are refused with the nearest name."""
    faults = emulator.faults if known else Faults()
    with pytest.raises(ValueError, match="unknown operation 'InitiateAuht': did you mean 'InitiateAuth'"):
        faults.add("InitiateAuht", status=500)
    with pytest.raises(ValueError, match="unknown operation 'InitiateAuht': did you mean 'InitiateAuth'"):
        faults.add("InitiateAuht")
    with pytest.raises(ValueError, match="unknown operation 'getjwks': did you mean 'GetJwks'"):
        faults.add("getjwks", status=500)
    with pytest.raises(ValueError, match="unknown error code 'TooManyRequests': did you mean 'TooMany"):
        faults.add("InitiateAuth", error="TooManyRequests")
    for operation, error in (("Token", "invalid_grant"), ("GetId", "ThrottlingException"), ("*", None)):
        faults.add(operation, error=error, status=400)


async def test_every_endpoint_can_have_a_fault() -> None:
    names = FaultNames.of([ServiceModel.load(USER_POOLS)])
    assert {operation for _, _, operation, _ in pages._PAGES} <= names.operations
    assert {"IdpResponse", "Logout", "ErrorPage", "Token", "Revoke", "UserInfo"} <= names.operations


@pytest.fixture
async def function() -> AsyncIterator[tuple[str, list[Any]]]:
    """A function behind a URL, as Lambda's runtime emulator serves it, and the events that it got."""
    events: list[Any] = []

    async def serve(request: web.Request) -> web.Response:
        event = await request.json()
        events.append(event)
        if event["userName"] == "refused":
            return web.json_response({"errorMessage": "not you", "errorType": "Error"})
        event["response"]["autoConfirmUser"] = True
        return web.json_response(event)

    app = web.Application()
    app.router.add_post("/2015-03-31/functions/function/invocations", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/2015-03-31/functions/function/invocations", events
    await runner.cleanup()


async def test_a_trigger_can_be_a_url(emulator: CognitoEmulator, function: tuple[str, list[Any]]) -> None:
    url, events = function
    pool = await emulator.create_user_pool(triggers={"PreSignUp": url})
    attributes = {"email": "ana@example.com"}
    async with AuthClient(pool.config) as auth:
        assert (await auth.sign_up("ana", PASSWORD, user_attributes=attributes)).is_sign_up_complete
        with pytest.raises(errors.UserLambdaValidationException, match="not you"):
            await auth.sign_up("refused", PASSWORD, user_attributes=attributes)
    assert [event["userName"] for event in events] == ["ana", "refused"]
    assert events[0]["triggerSource"] == "PreSignUp_SignUp"
    with pytest.raises(RuntimeError, match="answered 404, and not with an event as JSON"):
        await trigger_at(url.rpartition("/")[0])({})


async def test_a_trigger_s_url_is_named_without_secrets(
    emulator: CognitoEmulator, function: tuple[str, list[Any]]
) -> None:
    host = function[0].removeprefix("http://").partition("/")[0]
    problems = {
        f"http://ana:hunter2@{host}/there?code=hunter2": f"http://{host}/there answered 404",
        "http://ana:hunter2@127.0.0.1:9?code=hunter2": "http://127.0.0.1:9 could not be called",
        "http://ana:hunter2@127.0.0.1:x/?code=hunter2": "http://127.0.0.1:x/ could not be called",
    }
    for url, problem in problems.items():
        pool = await emulator.create_user_pool(triggers={"PreSignUp": url})
        async with AuthClient(pool.config) as auth:
            with pytest.raises(errors.UserLambdaValidationException, match=problem) as failure:
                await auth.sign_up("ana", PASSWORD, user_attributes={"email": "ana@example.com"})
            assert "hunter2" not in str(failure.value)


async def test_a_trigger_that_is_neither_is_refused(emulator: CognitoEmulator) -> None:
    with pytest.raises(TypeError, match=f"the trigger PreSignUp must be a function, or a URL, not '{ARN}'"):
        await emulator.create_user_pool(triggers={"PreSignUp": ARN})


@pytest.mark.parametrize(
    ("name", "configuration"),
    [
        ("PreSignUp", {"PreSignUp": ARN}),
        ("PostConfirmation", {"PostConfirmation": ARN}),
        (
            "PreTokenGeneration",
            {"PreTokenGenerationConfig": {"LambdaArn": ARN, "LambdaVersion": "V2_0"}},
        ),
    ],
)
async def test_a_lambda_function_that_does_not_run_is_logged_once(
    emulator: CognitoEmulator, caplog: pytest.LogCaptureFixture, name: str, configuration: dict[str, Any]
) -> None:
    pool = await emulator.create_user_pool(LambdaConfig=configuration)
    async with AuthClient(pool.config) as auth:
        for username in ("ana", "bea"):
            await auth.sign_up(username, PASSWORD, user_attributes={"email": f"{username}@example.com"})
            await auth.confirm_sign_up(username, await emulator.outbox.next_code(username))
            await auth.sign_in(username, PASSWORD)
            await auth.sign_out()
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        f"user pool {pool.id}: the trigger {name} is the Lambda function {ARN}, "
        "which the emulator cannot run; it goes on without. Give it as a Python function or a URL: "
        f"triggers={{{name!r}: …}}, or --triggers."
    ]


async def test_a_lambda_function_that_is_answered_is_not_logged(
    emulator: CognitoEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    triggers = {"PreSignUp": lambda event: event}
    pool = await emulator.create_user_pool(LambdaConfig={"PreSignUp": ARN}, triggers=triggers)
    async with AuthClient(pool.config) as auth:
        await auth.sign_up("ana", PASSWORD, user_attributes={"email": "ana@example.com"})
    assert caplog.records == []


async def test_a_sender_that_does_not_run_is_logged_and_the_outbox_gets_the_message(
    emulator: CognitoEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    sender = {"LambdaArn": ARN, "LambdaVersion": "V1_0"}
    pool = await emulator.create_user_pool(LambdaConfig={"CustomEmailSender": sender})
    async with AuthClient(pool.config) as auth:
        await auth.sign_up("ana", PASSWORD, user_attributes={"email": "ana@example.com"})
    assert await emulator.outbox.next_code("ana")
    (text,) = caplog.messages
    assert f"the trigger CustomEmailSender is the Lambda function {ARN}" in text
