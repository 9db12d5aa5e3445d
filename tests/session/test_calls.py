"""Calls that would change a session's key, where no cookie can be sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from aiocognito import AuthClient, AuthConfig, AutoSignInOptions, MemoryStorage, SessionManager, errors
from aiocognito._session.calls import ClientCalls
from helpers.user_pool import scripted_client

CALLS: dict[str, Callable[[AuthClient], Awaitable[Any]]] = {
    "sign_up": lambda auth: auth.sign_up("ana", "Correct-Horse-7", auto_sign_in=True),
    "auto_sign_in": lambda auth: auth.auto_sign_in(),
    "sign_in": lambda auth: auth.sign_in("ana", "Correct-Horse-7"),
    "confirm_sign_in": lambda auth: auth.confirm_sign_in("123456"),
    "renew_totp_setup": lambda auth: auth.renew_totp_setup(),
    "complete_sign_in_with_redirect": lambda auth: auth.complete_sign_in_with_redirect("/?code=x&state=y"),
    "update_password": lambda auth: auth.update_password("Correct-Horse-7", "Better-Horse-8"),
    "rotate_session_key": lambda auth: auth.rotate_session_key(),
}


@pytest.fixture
async def auth() -> AsyncIterator[AuthClient]:
    """Yield the client of a session. A request would fail: no service listens there."""
    config = AuthConfig(
        user_pool_id="eu-west-1_abc",
        user_pool_client_id="client",
        user_pool_endpoint="http://127.0.0.1:9",
        max_attempts=1,
    )
    async with SessionManager(config, storage=MemoryStorage()) as sessions:
        yield sessions.client(sessions.new_session_key())


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_would_change_the_key_raises_before_any_request(
    auth: AuthClient, name: str
) -> None:
    auth._session.calls.refuse_new_keys("the response has begun", browser_has_key=True)
    key = auth.session_key
    with pytest.raises(RuntimeError, match="no cookie can be sent: the response has begun") as refusal:
        await CALLS[name](auth)
    assert isinstance(refusal.value, errors.AuthUsageError)
    assert auth.session_key == key


async def test_a_confirmation_that_would_sign_in_raises_before_any_request() -> None:
    async with scripted_client() as (auth, service, _):
        service.only("SignUp", {"UserConfirmed": False, "UserSub": "sub"})
        await auth.sign_up("ana", "secret", auto_sign_in=AutoSignInOptions("USER_PASSWORD_AUTH"))
        auth._session.calls.refuse_new_keys("the response has begun", browser_has_key=True)
        with pytest.raises(errors.AuthUsageError, match="no cookie can be sent"):
            await auth.confirm_sign_up("ana", "123456")
        assert [operation for operation, _ in service.calls] == ["SignUp"]
        service.only("ConfirmSignUp", {})
        await auth.confirm_sign_up("another", "123456")


async def test_other_calls_go_on(auth: AuthClient) -> None:
    auth._session.calls.refuse_new_keys("the response has begun", browser_has_key=True)
    await auth.sign_out()
    assert await auth.get_sign_in_step() is None
    with pytest.raises(errors.NetworkError):
        await auth.sign_up("ana", "Correct-Horse-7")


async def test_waiting_for_calls_ends_with_the_last_one_or_the_time() -> None:
    calls = ClientCalls()

    def are_running() -> bool:
        return calls.are_running

    await calls.settle(5.0)
    go_on = asyncio.Event()
    task = asyncio.create_task(go_on.wait())
    calls.add(task)
    assert are_running()
    await calls.settle(0.0)
    assert are_running()
    go_on.set()
    await calls.settle(60.0)
    assert not are_running()
    with calls.under_way():
        assert are_running()
    assert not are_running()
