"""Adopting refresh tokens of other systems from the emulator, one at a time and by the script for many."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors
from aiocognito.emulator import CognitoEmulator

PASSWORD = "correct-Horse-7"
SCRIPT = Path(__file__).parents[2] / "examples" / "adopt_sessions.py"
KEY = "11" * 32
ROTATION = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}


@pytest.fixture(params=["public", "secret", "rotation"])
async def pool(emulator: CognitoEmulator, request: pytest.FixtureRequest) -> Any:
    clients: dict[str, dict[str, Any]] = {
        "public": {},
        "secret": {"GenerateSecret": True},
        # A client whose refresh tokens rotate must not allow the old flow.
        "rotation": {
            "RefreshTokenRotation": ROTATION,
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"],
        },
    }
    pool = await emulator.create_user_pool(client=clients[request.param])
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    return pool


async def refresh_token(pool: Any, emulator: CognitoEmulator) -> str:
    """Sign Ana in with another system, and return its refresh token."""
    storage = MemoryStorage(clock=emulator.clock)
    async with AuthClient(pool.config, storage=storage, clock=emulator.clock) as theirs:
        await theirs.sign_in("ana", PASSWORD)
        record = (await theirs._session.load()).record
    assert record.tokens is not None
    assert record.tokens.refresh_token is not None
    return record.tokens.refresh_token


@pytest.fixture
async def manager(pool: Any, emulator: CognitoEmulator) -> AsyncIterator[SessionManager]:
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as manager:
        yield manager


async def test_an_adopted_token_becomes_a_session(
    manager: SessionManager, pool: Any, emulator: CognitoEmulator
) -> None:
    theirs, key = await refresh_token(pool, emulator), manager.new_session_key()
    user = await manager.adopt(key, refresh_token=theirs)
    auth = manager.client(key)
    assert await auth.get_current_user() == user
    assert (await auth.fetch_user_attributes())["email"] == "ana@example.com"
    emulator.clock.advance(3700)
    assert (await auth.fetch_user_attributes())["email"] == "ana@example.com"
    assert [info.session_id for info in await manager.list_user(user.user_id)] == [auth.session_id]


async def test_the_copy_of_the_other_system_is_used_up_only_where_tokens_rotate(
    manager: SessionManager, pool: Any, emulator: CognitoEmulator, request: pytest.FixtureRequest
) -> None:
    theirs = await refresh_token(pool, emulator)
    await manager.adopt(manager.new_session_key(), refresh_token=theirs)
    again = manager.adopt(manager.new_session_key(), refresh_token=theirs)
    if "rotation" in request.node.name:
        with pytest.raises(errors.RefreshTokenReuseException):
            await again
    else:
        await again


async def test_tokens_of_another_app_client_are_refused(
    manager: SessionManager, pool: Any, emulator: CognitoEmulator
) -> None:
    other = await emulator.create_user_pool()
    await other.add_user("ana", PASSWORD)
    theirs = await refresh_token(other, emulator)
    with pytest.raises(errors.NotAuthorizedException):
        await manager.adopt(manager.new_session_key(), refresh_token=theirs)


async def test_a_token_of_a_device_needs_the_device_key(emulator: CognitoEmulator) -> None:
    tracking = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    pool = await emulator.create_user_pool(DeviceConfiguration=tracking)
    await pool.add_user("ana", PASSWORD)
    storage = MemoryStorage(clock=emulator.clock)
    async with AuthClient(pool.config, storage=storage, clock=emulator.clock) as theirs:
        await theirs.sign_in("ana", PASSWORD)
        tokens = (await theirs._session.load()).record.tokens
        device_key = (await theirs.fetch_devices())[0].id
    assert tokens is not None
    assert tokens.refresh_token is not None
    ours = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=ours, clock=emulator.clock) as manager:
        key = manager.new_session_key()
        with pytest.raises(errors.NotAuthorizedException):
            await manager.adopt(key, refresh_token=tokens.refresh_token)
        await manager.adopt(key, refresh_token=tokens.refresh_token, device_key=device_key)
        emulator.clock.advance(3700)
        assert (await manager.client(key).get_current_user()).username == "ana"


# The script for many


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


async def run(pool: Any, directory: Path, lines: str, *arguments: str) -> tuple[int, str]:
    """Run the script, and return its exit code and all that it printed."""
    (directory / "tokens.jsonl").write_text(lines)
    config = pool.config
    environment = {
        **os.environ,
        "COGNITO_USER_POOL_ID": config.user_pool_id,
        "COGNITO_CLIENT_ID": config.user_pool_client_id,
        "COGNITO_CLIENT_SECRET": config.user_pool_client_secret or "",
        "COGNITO_USER_POOL_ENDPOINT": config.user_pool_endpoint,
        "SESSION_ENCRYPTION_KEY": KEY,
        "SESSION_DIRECTORY": str(directory / "sessions"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        str(directory / "tokens.jsonl"),
        "--done",
        str(directory / "done.txt"),
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_script_adopts_each_token_once_and_can_be_run_again(
    manager: SessionManager, pool: Any, emulator: CognitoEmulator, directory: Path
) -> None:
    entries = [
        {"session_key": manager.new_session_key(), "refresh_token": await refresh_token(pool, emulator)}
        for _ in range(3)
    ]
    entries.insert(1, {"session_key": manager.new_session_key(), "refresh_token": "expired-and-secret"})
    lines = "\n\n".join(map(json.dumps, entries))
    code, output = await run(pool, directory, lines, "--rate", "50")
    assert (code, output.splitlines()[-1]) == (1, "NotAuthorizedException: 1, done: 3")
    ids = [manager.client(entry["session_key"]).session_id for entry in entries]
    assert output.splitlines()[0] == f"{ids[1]}: NotAuthorizedException"
    assert (directory / "done.txt").read_text().split() == [ids[0], ids[2], ids[3]]
    written = output + (directory / "done.txt").read_text()
    assert not [secret for entry in entries for secret in entry.values() if secret in written]

    sent = len(emulator.calls)
    code, output = await run(pool, directory, lines, "--rate", "50")
    assert (code, output.splitlines()[-1]) == (1, "NotAuthorizedException: 1, done before: 3")
    operations = [call.operation for call in emulator.calls[sent:]]
    assert operations.count("GetTokensFromRefreshToken") == 1

    # A run that was stopped before it noted a session.
    (directory / "done.txt").unlink()
    del entries[1]
    code, output = await run(pool, directory, "\n".join(map(json.dumps, entries)), "--rate", "50")
    assert (code, output.strip()) == (0, "done: 3")


async def test_the_script_stops_at_an_outage_and_says_which_line_is_wrong(
    manager: SessionManager, pool: Any, emulator: CognitoEmulator, directory: Path
) -> None:
    code, output = await run(pool, directory, '\n{"session_key": "a", "refresh_token": 7, "secret": "x"}')
    assert code == 1
    assert output.strip() == "line 2: must have session_key, refresh_token and, if known, device_key"
    code, output = await run(pool, directory, "", "--rate", "0")
    assert code == 2
    assert "--rate: must be positive" in output
    assert (await run(pool, directory, ""))[1].strip() == "nothing to do"
    emulator.faults.add("GetTokensFromRefreshToken", error="UserLambdaValidationException")
    entry = {"session_key": manager.new_session_key(), "refresh_token": await refresh_token(pool, emulator)}
    code, output = await run(pool, directory, json.dumps(entry))
    assert code == 1
    assert "UserLambdaValidationException: 1" in output
    emulator.faults.add("GetTokensFromRefreshToken", error="TooManyRequestsException", status=400)
    assert await run(pool, directory, json.dumps(entry)) == (0, "done: 1\n")
