"""The fixture ``cognito_env`` leads JavaScript clients to the emulator; aws-jwt-verify judges tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiocognito.emulator import ThreadedUserPool, TokenFactory, run_in_thread
from helpers.pytest_runs import Runs

pytestmark = pytest.mark.interop

BAD = {
    "expired": "JwtExpiredError: Token expired",
    "wrong_key": "JwtInvalidSignatureError: Invalid signature",
    # An unsigned token has an empty third part (RFC 7519, section 6.1).
    "alg_none": "JwtParseError: JWT string does not consist of exactly 3 parts",
    "other_pool": "issuer not configured",
    "other_client": "ClientIdError|AudienceError|ClaimError",
    "malformed": "JwtParseError",
}


def test_clients_are_led_to_the_emulator(tmp_path: Path, node_project: Path) -> None:
    runs = Runs(tmp_path)
    runs.write(
        "test_it.py",
        """
        import json, os, subprocess

        PASSWORD = "Correct-horse-7"

        def node(script, *arguments):
            command = ["node", os.path.join(os.environ["NODE_PROJECT"], script), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        def test_aws_sdk(cognito_env, cognito_user_pool, cognito_emulator):
            cognito_user_pool.add_user("ana", PASSWORD)
            assert node("aws-sdk.mjs", "ana", PASSWORD) == "ana"
            assert [call.operation for call in cognito_emulator.calls[-2:]] == ["InitiateAuth", "GetUser"]

        def test_amplify(cognito_env, cognito_user_pool):
            cognito_user_pool.add_user("ana", PASSWORD)
            outputs = json.dumps(cognito_env.amplify_outputs)
            assert node("amplify-outputs.mjs", outputs, "ana", PASSWORD) == "ana"
        """,
    )
    outcome = runs(environ={"NODE_PROJECT": str(node_project), "AWS_PROFILE": "not-there"})
    assert outcome.counts == {"passed": 2}, outcome.text


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadedUserPool]:
    with run_in_thread() as cognito:
        yield cognito.create_user_pool()


@pytest.fixture
async def verify(node: Callable[[str], Awaitable[Any]], pool: ThreadedUserPool) -> Any:
    verifier = await node("jwt-verify.mjs")

    async def verify(token: str, use: str) -> Any:
        named = {"userPoolId": pool.id, "clientId": pool.client_id, "jwks": pool.key_set()}
        return await verifier("verify", **named, tokenUse=use, token=token)

    return verify


@pytest.mark.parametrize("use", ["access", "id"])
async def test_aws_jwt_verify_on_the_tokens_of_the_factory(
    verify: Any, pool: ThreadedUserPool, use: Any
) -> None:
    factory = TokenFactory(pool)
    scopes = ["orders/read"] if use == "access" else []
    plenty: dict[str, Any] = {"groups": ["admins"], "scopes": scopes, "expires_in": 60, "department": "x"}
    for arguments in ({}, plenty):
        claims = await verify(factory("ana", token_use=use, **arguments), use)
        assert claims["sub"]
    for kind, reason in BAD.items():
        with pytest.raises(Exception, match=reason):
            await verify(getattr(factory, kind)("ana", token_use=use), use)
