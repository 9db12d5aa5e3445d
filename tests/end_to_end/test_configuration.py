"""A wrong secret, a deleted app client or a disabled flow: every method raises an error that says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, AuthConfig, ClientCredentials, MemoryStorage, errors
from aiocognito.emulator import CognitoEmulator

PASSWORD = "correct-Horse-7"
NAME = "ana"

# What makes a configuration wrong.
WRONG: dict[str, dict[str, Any]] = {
    "another secret": {"user_pool_client_secret": "0" * 51},
    "no secret": {"user_pool_client_secret": None},
    "no such client": {"user_pool_client_id": "0" * 26},
}
Call = Callable[[AuthClient], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "sign_up": lambda auth: auth.sign_up("ben", PASSWORD, user_attributes={"email": "ben@example.com"}),
    "confirm_sign_up": lambda auth: auth.confirm_sign_up(NAME, "123456"),
    "resend_sign_up_code": lambda auth: auth.resend_sign_up_code(NAME),
    "sign_in by SRP": lambda auth: auth.sign_in(NAME, PASSWORD),
    "sign_in by password": lambda auth: auth.sign_in(NAME, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH"),
    "sign_in by choice": lambda auth: auth.sign_in(NAME, auth_flow_type="USER_AUTH"),
    "sign_in by custom challenge": lambda auth: auth.sign_in(NAME, auth_flow_type="CUSTOM_WITHOUT_SRP"),
    "reset_password": lambda auth: auth.reset_password(NAME),
    "confirm_reset_password": lambda auth: auth.confirm_reset_password(NAME, PASSWORD, "123456"),
}


@pytest.fixture
async def secret_pool(emulator: CognitoEmulator) -> Any:
    pool = await emulator.create_user_pool(client={"GenerateSecret": True})
    await pool.add_user(NAME, PASSWORD, attributes={"email": "ana@example.com"}, mfa="TOTP")
    return pool


async def refused(config: AuthConfig, emulator: CognitoEmulator, call: Call, **options: Any) -> None:
    async with AuthClient(config, clock=emulator.clock, **options) as auth:
        with pytest.raises(errors.ServiceError) as caught:
            await call(auth)
    assert caught.value.is_configuration is True
    assert errors.http_status_for(caught.value) == 503


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("call", CALLS)
async def test_a_wrong_app_client_is_reported(
    emulator: CognitoEmulator, secret_pool: Any, wrong: str, call: str
) -> None:
    await refused(evolve(secret_pool.config, **WRONG[wrong]), emulator, CALLS[call])


# Not ResourceNotFoundException: records of another client ID have other keys.
@pytest.mark.parametrize("wrong", ["another secret", "no secret"])
async def test_a_wrong_secret_is_reported_between_two_steps(
    emulator: CognitoEmulator, secret_pool: Any, wrong: str
) -> None:
    storage = MemoryStorage(clock=emulator.clock)
    async with AuthClient(secret_pool.config, clock=emulator.clock, storage=storage) as auth:
        await auth.sign_in(NAME, PASSWORD)
    bad = evolve(secret_pool.config, **WRONG[wrong])
    code = secret_pool.totp_code(NAME)
    await refused(bad, emulator, lambda auth: auth.confirm_sign_in(code), storage=storage)
    async with AuthClient(secret_pool.config, clock=emulator.clock, storage=storage) as auth:
        assert (await auth.confirm_sign_in(code)).is_signed_in is True


@pytest.mark.parametrize(
    ("flow", "password"),
    [
        ("USER_SRP_AUTH", PASSWORD),
        ("USER_PASSWORD_AUTH", PASSWORD),
        ("USER_AUTH", None),
        ("CUSTOM_WITH_SRP", PASSWORD),
        ("CUSTOM_WITHOUT_SRP", None),
    ],
)
async def test_a_disabled_flow_is_reported(
    emulator: CognitoEmulator, flow: Any, password: str | None
) -> None:
    pool = await emulator.create_user_pool(client={"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]})
    await pool.add_user(NAME, PASSWORD)
    await refused(pool.config, emulator, lambda auth: auth.sign_in(NAME, password, auth_flow_type=flow))


async def test_a_custom_flow_without_triggers_is_reported(emulator: CognitoEmulator, pool: Any) -> None:
    await pool.add_user(NAME, PASSWORD)
    await refused(pool.config, emulator, lambda auth: auth.sign_in(NAME, auth_flow_type="CUSTOM_WITHOUT_SRP"))


@pytest.mark.parametrize("wrong", ["another secret", "no such client"])
async def test_a_wrong_app_client_gets_no_tokens_for_machines(emulator: CognitoEmulator, wrong: str) -> None:
    pool = await emulator.create_user_pool()
    await pool.add_resource_server("orders", ["read"])
    config = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
    async with AsyncExitStack() as stack:
        machine = await stack.enter_async_context(ClientCredentials(evolve(config, **WRONG[wrong])))
        with pytest.raises(errors.ServiceError) as caught:
            await machine.get_tokens()
    assert caught.value.is_configuration is True
    assert errors.http_status_for(caught.value) == 503
