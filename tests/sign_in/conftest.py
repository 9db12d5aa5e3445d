"""Ways to sign in, end to end: an emulator, and pools as each test wants them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.signing_keys import KeyPair, KeyRing
from helpers.clock import stopped_clock

MakeClient = Callable[..., Awaitable[AuthClient]]
MakeManager = Callable[[Any, MemoryStorage], Awaitable[SessionManager]]


class OnePair(KeyRing):
    """Keys made once for a whole run: making them takes longer than most tests."""

    def __init__(self, pair: KeyPair) -> None:
        super().__init__()
        self._pair = pair

    async def make(self) -> KeyPair:
        return self._pair


@pytest.fixture(scope="session")
def key_pair() -> KeyPair:
    return KeyPair.generate()


@pytest.fixture
async def emulator(key_pair: KeyPair) -> AsyncIterator[CognitoEmulator]:
    """An emulator whose clock stands still until it is moved."""
    async with CognitoEmulator(keys=OnePair(key_pair), clock=stopped_clock()) as running:
        yield running


@pytest.fixture
async def manager(emulator: CognitoEmulator) -> AsyncIterator[MakeManager]:
    """Make the manager of one process: `await manager(config, storage)`; several may share a storage."""
    async with AsyncExitStack() as stack:

        async def make(config: Any, storage: MemoryStorage) -> SessionManager:
            made = SessionManager(config, fixed_keys=True, storage=storage, clock=emulator.clock)
            return await stack.enter_async_context(made)

        yield make


@pytest.fixture
async def connect(emulator: CognitoEmulator) -> AsyncIterator[MakeClient]:
    """Make a client: `await connect(config)`."""
    async with AsyncExitStack() as stack:

        async def make(config: Any) -> AuthClient:
            return await stack.enter_async_context(AuthClient(config, clock=emulator.clock))

        yield make
