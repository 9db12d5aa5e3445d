"""Clocks: the one given, else the configuration's, else the process's default, looked up at each reading."""

import inspect
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiocognito import (
    AuthClient,
    AuthConfig,
    ClientCredentials,
    FileStorage,
    MemoryStorage,
    OAuthConfig,
    SessionManager,
    TokenVerifier,
    VerifierOptions,
)
from aiocognito import _clocks as clocks
from aiocognito.emulator import CognitoEmulator
from aiocognito.errors import TokenExpiredError
from helpers.clock import NOW, Clock
from helpers.tokens import POOL, access_claims, jwks, key

CONFIG = AuthConfig(user_pool_id=POOL, user_pool_client_id="client")


@pytest.fixture
def process_clock() -> Iterator[Clock]:
    """The process's default clock, for one test."""
    clock = Clock()
    previous = clocks.set_default(clock)
    yield clock
    assert clocks.set_default(previous) is clock


@pytest.mark.parametrize(
    "made", [AuthClient, SessionManager, TokenVerifier, ClientCredentials, MemoryStorage, FileStorage]
)
def test_every_clock_parameter_defaults_to_none(made: type) -> None:
    assert inspect.signature(made).parameters["clock"].default is None


def test_the_process_s_clock_is_the_system_s_unless_it_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 5.0)
    assert clocks.resolve(None)() == 5.0
    previous = clocks.set_default(lambda: 6.0)
    try:
        assert clocks.resolve(None)() == 6.0
    finally:
        clocks.set_default(previous)
    assert clocks.resolve(None)() == 5.0


async def test_a_storage_reads_the_process_s_clock_each_time(process_clock: Clock, tmp_path: Path) -> None:
    for storage in (MemoryStorage(), FileStorage(tmp_path / "sessions", encryption_key=None)):
        await storage.set("key", b"value", ttl=10)
        process_clock.now += 9
        assert await storage.get("key") == b"value"
        process_clock.now += 1
        assert await storage.get("key") is None


async def test_a_default_set_later_counts_for_a_storage_made_before() -> None:
    storage = MemoryStorage()
    previous = clocks.set_default(lambda: NOW)
    try:
        await storage.set("key", b"value", ttl=10)
        clocks.set_default(lambda: NOW + 10)
        assert await storage.get("key") is None
    finally:
        clocks.set_default(previous)


async def test_a_verifier_reads_the_configuration_s_clock(process_clock: Clock) -> None:
    process_clock.now = NOW + 1_000_000  # by which the token has expired
    config = AuthConfig(user_pool_id=POOL, user_pool_client_id="client", clock=lambda: NOW)
    token = key().token(access_claims())
    keys = jwks(key())
    given: tuple[VerifierOptions, ...] = ({"jwks": keys}, {"jwks": keys, "clock": None})
    for options in given:
        verifier = TokenVerifier.from_config(config, token_use="access", **options)
        assert (await verifier.verify(token)).username == "ana"
    late = TokenVerifier.from_config(config, token_use="access", jwks=jwks(key()), clock=lambda: NOW + 3600)
    with pytest.raises(TokenExpiredError):
        await late.verify(token)
    unset = TokenVerifier.from_config(CONFIG, token_use="access", jwks=jwks(key()))
    with pytest.raises(TokenExpiredError):
        await unset.verify(token)
    process_clock.now = NOW
    assert (await unset.verify(token)).username == "ana"


async def test_an_emulated_pool_s_configuration_carries_the_emulator_s_clock(tmp_path: Path) -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={})
        guests = await emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
        assert pool.config.clock is emulator.clock
        assert guests.config.clock is emulator.clock
        await pool.add_user("ana", "Correct-horse-7")
        storage = FileStorage(tmp_path / "sessions", encryption_key=None)
        async with SessionManager(pool.config, storage=storage) as sessions:
            auth = sessions.client(sessions.new_session_key())
            await auth.sign_in("ana", "Correct-horse-7")
            emulator.clock.advance(4000)  # The access token has expired, by this clock alone.
            assert (await auth.fetch_auth_session(credentials=False)).tokens is not None
        refreshes = [call.operation for call in emulator.calls if "Refresh" in call.operation]
        assert refreshes == ["GetTokensFromRefreshToken"]


async def test_machine_tokens_are_renewed_by_the_configuration_s_clock() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(
            client={
                "GenerateSecret": True,
                "AllowedOAuthFlowsUserPoolClient": True,
                "AllowedOAuthFlows": ["client_credentials"],
                "AllowedOAuthScopes": ["orders/read"],
            },
        )
        assert isinstance(pool.config.oauth, OAuthConfig)
        async with ClientCredentials(pool.config) as machine:
            first = await machine.get_tokens()
            assert (await machine.get_tokens()) is first
            emulator.clock.advance(4000)
            assert (await machine.get_tokens()) is not first
