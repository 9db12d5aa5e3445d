"""Fixtures for end-to-end tests: an emulator, a user pool, and a service with many users."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator
from helpers.clock import stopped_clock

PASSWORD = "correct Horse-7".replace(" ", "-")


@pytest.fixture
async def emulator() -> AsyncIterator[CognitoEmulator]:
    """An emulator whose clock stands still until it is moved."""
    async with CognitoEmulator(clock=stopped_clock()) as emulator:
        yield emulator


@pytest.fixture
async def pool(emulator: CognitoEmulator) -> Any:
    return await emulator.create_user_pool()


@pytest.fixture
async def auth(emulator: CognitoEmulator, pool: Any) -> AsyncIterator[AuthClient]:
    async with AuthClient(pool.config, clock=emulator.clock) as client:
        yield client


@pytest.fixture
async def sessions(emulator: CognitoEmulator, pool: Any) -> AsyncIterator[SessionManager]:
    storage = MemoryStorage(clock=emulator.clock)
    # Client and emulator share this event loop and two cores: these tests do not measure waiting times.
    config = evolve(pool.config, connect_timeout=60.0, read_timeout=120.0)
    async with SessionManager(config, fixed_keys=True, storage=storage, clock=emulator.clock) as manager:
        yield manager
