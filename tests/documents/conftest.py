"""The fixtures of the tests that run examples."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from aiocognito.emulator import CognitoEmulator

from .backend import Backend


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Backend]:
    """Yield an emulator with a user pool, which the environment names."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(CognitoEmulator()) as emulator,
    ):

        async def user_pool() -> Any:
            return await emulator.create_user_pool(
                UsernameAttributes=["email"],
                AutoVerifiedAttributes=["email"],
                MfaConfiguration="OPTIONAL",
            )

        pool = portal.call(user_pool)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COGNITO_USER_POOL_ID", pool.id)
        monkeypatch.setenv("COGNITO_CLIENT_ID", pool.client_id)
        monkeypatch.setenv("COGNITO_USER_POOL_ENDPOINT", pool.config.user_pool_endpoint)
        yield Backend(portal, emulator, pool)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """Yield an event loop."""
    with asyncio.Runner() as runner:
        yield runner
