"""aws-amplify 6 against ``aiocognito emulator`` in its own process: every kind of code it asks for."""

import asyncio
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from attrs import frozen

pytestmark = pytest.mark.interop

PASSWORD, NEW = "Correct-Horse-1", "Better-Horse-2"
EMAIL = "ana@example.com"
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode


@frozen
class Program:
    """A running emulator, as its first lines describe it."""

    url: str
    pool_id: str
    client_id: str

    async def message(self) -> dict[str, Any]:
        """Return the newest message."""

        def read() -> dict[str, Any]:
            with urllib.request.urlopen(f"{self.url}/_emulator/messages") as response:
                newest: dict[str, Any] = json.load(response)[-1]
            return newest

        return await anyio.to_thread.run_sync(read)


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    command = [
        sys.executable,
        "-m",
        "aiocognito",
        "emulator",
        "--port",
        "0",
        "--data",
        str(tmp_path / "data"),
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            lines = [(await process.stdout.readline()).decode().split() for _ in range(4)]
        yield Program(lines[0][-1], lines[2][-1], lines[3][-1])
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


@pytest.fixture
async def amplify_at(program: Program, amplify: NodeClient, connect_admin: Any) -> NodeClient:
    """Amplify, configured for the pool that the command line made, with every first factor switched on."""
    admin = connect_admin(program.url)
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
    await admin(
        "update_user_pool", UserPoolId=program.pool_id, Policies=factors, AutoVerifiedAttributes=["email"]
    )
    flows = ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    await admin(
        "update_user_pool_client",
        UserPoolId=program.pool_id,
        ClientId=program.client_id,
        ExplicitAuthFlows=flows,
    )
    await amplify(
        "configure",
        userPoolId=program.pool_id,
        userPoolClientId=program.client_id,
        userPoolEndpoint=program.url,
    )
    return amplify


async def test_every_code_that_amplify_asks_for(program: Program, amplify_at: NodeClient) -> None:
    seen = []

    async def code() -> str:
        message = await program.message()
        seen.append(message["purpose"])
        found: str = message["code"]
        return found

    options = {"userAttributes": {"email": EMAIL}}
    await amplify_at("signUp", username=EMAIL, password=PASSWORD, options=options)
    await amplify_at("resendSignUpCode", username=EMAIL)
    await amplify_at("confirmSignUp", username=EMAIL, confirmationCode=await code())
    await amplify_at("resetPassword", username=EMAIL)
    await amplify_at("confirmResetPassword", username=EMAIL, newPassword=NEW, confirmationCode=await code())
    first = {"authFlowType": "USER_AUTH", "preferredChallenge": "EMAIL_OTP"}
    step = (await amplify_at("signIn", username=EMAIL, options=first))["nextStep"]["signInStep"]
    assert step == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert (await amplify_at("confirmSignIn", challengeResponse=await code()))["isSignedIn"]
    await amplify_at("sendUserAttributeVerificationCode", userAttributeKey="email")
    await amplify_at("confirmUserAttribute", userAttributeKey="email", confirmationCode=await code())
    assert seen == ["sign_up", "reset_password", "sign_in", "verify_attribute"]
