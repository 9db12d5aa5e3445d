"""Several processes, one session on disk."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from aiocognito import AuthClient, FileStorage, errors
from aiocognito._session import refresh
from aiocognito._session.record_json import load
from aiocognito.emulator import CognitoEmulator

from .conftest import PASSWORD

SCRIPT = Path(__file__).with_name("one_process.py")
REFRESH = "GetTokensFromRefreshToken"


async def rotating_pool(emulator: CognitoEmulator, *, grace: int, **settings: Any) -> Any:
    return await emulator.create_user_pool(
        **settings,
        client={
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
            "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
        },
    )


@asynccontextmanager
async def process(
    job: str, directory: Path, pool: Any, now: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    config = {
        field.name: getattr(pool.config, field.name)
        for field in attrs.fields(type(pool.config))
        if field.name.startswith("user_pool_")
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        job,
        str(directory),
        str(now),
        json.dumps(config),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        child._transport.close()  # type: ignore[attr-defined]  # asyncio's own has no public name


def go(child: asyncio.subprocess.Process) -> None:
    assert child.stdin is not None
    child.stdin.write(b"go\n")


async def line(child: asyncio.subprocess.Process) -> str:
    assert child.stdout is not None
    return (await child.stdout.readline()).decode().strip()


async def test_two_processes_refresh_once_between_them(emulator: CognitoEmulator, tmp_path: Path) -> None:
    pool = await rotating_pool(emulator, grace=0)
    await pool.add_user("ana", PASSWORD)
    storage = FileStorage(tmp_path, encryption_key=None)
    async with AuthClient(pool.config, storage=storage) as auth:
        await auth.sign_in("ana", PASSWORD)
        emulator.faults.add(REFRESH, latency=0.1)
        late = emulator.clock() + 3601
        async with process("once", tmp_path, pool, late) as one, process("once", tmp_path, pool, late) as two:
            go(one)
            go(two)
            answers = [json.loads(await line(child)) for child in (one, two)]
        assert len(answers[0]) == 1
        assert answers[0] == answers[1], "both have the one set of new tokens"
        assert [call.operation for call in emulator.calls].count(REFRESH) == 1
        tokens = (await auth.fetch_auth_session()).tokens
        assert tokens is not None
        assert [tokens.access_token.payload["jti"]] == answers[0]


async def test_a_killed_process_leaves_a_readable_session(emulator: CognitoEmulator, tmp_path: Path) -> None:
    # Killed between the response and the write, the old refresh token must work: the grace period allows it.
    pool = await rotating_pool(emulator, grace=60)
    await pool.add_user("ana", PASSWORD)
    storage = FileStorage(tmp_path, encryption_key=None)
    chance = random.Random(4711)
    for kills in range(4):
        async with AuthClient(pool.config, storage=storage, clock=emulator.clock) as auth:
            if (await auth.fetch_auth_session()).tokens is None:
                await auth.sign_in("ana", PASSWORD)
            # A minute later, the intent of the process that was killed before has ended.
            async with process("forever", tmp_path, pool, emulator.clock() + 60.0 * kills) as child:
                go(child)
                assert await line(child) == "renewed"
                await asyncio.sleep(chance.uniform(0, 0.05))
                child.kill()
                await child.wait()
            session = auth._session
            raw = await storage.get(session.storage_key)
            assert raw is not None
            record = load(raw)
            assert record is not None
            assert record.tokens is not None
            assert (await auth.get_current_user()).username == "ana"


async def test_a_suspended_process_blocks_no_other_and_stores_its_tokens(
    emulator: CognitoEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP between request and response, while the process holds the lock, without a grace period."""
    monkeypatch.setattr(refresh, "WAIT_SECONDS", 0.3)
    children: list[asyncio.subprocess.Process] = []
    stopped = asyncio.Event()

    def suspend(event: dict[str, Any]) -> dict[str, Any]:
        if event["triggerSource"] == "TokenGeneration_RefreshTokens" and not stopped.is_set():
            children[0].send_signal(signal.SIGSTOP)
            stopped.set()
        return event

    pool = await rotating_pool(emulator, grace=0, triggers={"PreTokenGeneration": suspend})
    await pool.add_user("ana", PASSWORD)
    storage = FileStorage(tmp_path, encryption_key=None)
    offset = 0.0
    async with (
        AuthClient(pool.config, storage=storage, clock=lambda: emulator.clock() + offset) as auth,
        process("once", tmp_path, pool, emulator.clock() + 3601 - 20) as child,
    ):
        await auth.sign_in("ana", PASSWORD)
        children.append(child)
        go(child)
        async with asyncio.timeout(60):
            await stopped.wait()
        offset = 3601 - 20
        # It returns at all, although the other process holds the lock until it goes on below.
        async with asyncio.timeout(60):
            session = await auth.fetch_auth_session()
        assert session.tokens is not None, "the tokens are good for 20 s"
        offset = 3601
        with pytest.raises(errors.SessionBusyError) as caught:
            await auth.fetch_auth_session()
        assert errors.http_status_for(caught.value) == 503
        child.send_signal(signal.SIGCONT)
        # The task that refreshed got the new tokens, the others the previous, still valid ones.
        received = set(json.loads(await line(child)))
        tokens = (await auth.fetch_auth_session()).tokens
        assert tokens is not None
        new = tokens.access_token.payload["jti"]
        assert received == {session.tokens.access_token.payload["jti"], new}
        assert [call.operation for call in emulator.calls].count(REFRESH) == 1
