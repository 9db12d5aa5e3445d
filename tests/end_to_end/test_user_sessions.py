"""Cognito's own user sessions, from the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors
from aiocognito.emulator import CognitoEmulator

PASSWORD = "correct-Horse-7"


@pytest.fixture
async def pool(emulator: CognitoEmulator) -> Any:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    await emulator.call(
        "SetUserPoolSessionConfiguration",
        UserPoolId=pool.id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 20},
    )
    return pool


@pytest.fixture
async def manager(pool: Any, emulator: CognitoEmulator) -> AsyncIterator[SessionManager]:
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as manager:
        yield manager


async def sign_in(manager: SessionManager) -> AuthClient:
    auth = manager.client(manager.new_session_key())
    await auth.sign_in("ana", PASSWORD)
    return auth


async def test_sessions_are_listed_and_revoked(manager: SessionManager, emulator: CognitoEmulator) -> None:
    here = await sign_in(manager)
    emulator.clock.advance(10)
    there = await sign_in(manager)
    other, own = await here.list_sessions()
    assert (other.current, own.current, own.session_type) == (False, True, "TOKEN")
    await here.revoke_session(other.id)
    assert [each.id for each in await here.list_sessions()] == [own.id]
    with pytest.raises(errors.NotAuthorizedException):
        await there.fetch_user_attributes()
    with pytest.raises(errors.ResourceNotFoundException) as gone:
        await here.revoke_session(other.id)
    assert "list_sessions" in str(gone.value.recovery_suggestion)
    assert errors.http_status_for(gone.value) == 404
    assert not gone.value.is_configuration
    with pytest.raises(errors.RevokeUserSessionException):
        await here.revoke_session(own.id)
    with pytest.raises(errors.AuthValidationError, match="session_id"):
        await here.revoke_session("")


async def test_signing_out_the_others_ends_them_here_and_at_cognito(
    manager: SessionManager, pool: Any, emulator: CognitoEmulator
) -> None:
    here, there = await sign_in(manager), await sign_in(manager)
    async with AuthClient(pool.config, clock=emulator.clock) as elsewhere:
        await elsewhere.sign_in("ana", PASSWORD)
        result = await here.sign_out(others=True)
        assert (result.revoked, result.error, result.logout_url) == (True, None, None)
        assert len(await here.list_sessions()) == 1
        with pytest.raises(errors.NotAuthorizedException):
            await elsewhere.fetch_user_attributes()
    assert (await there.fetch_auth_session(credentials=False)).tokens is None
    user = await here.get_current_user()
    assert [info.session_id for info in await manager.list_user(user.user_id)] == [here.session_id]


async def test_a_refusal_is_reported_and_does_not_stop_the_rest(
    manager: SessionManager, emulator: CognitoEmulator, pool: Any
) -> None:
    here = await sign_in(manager)
    async with (
        AuthClient(pool.config, clock=emulator.clock) as first,
        AuthClient(pool.config, clock=emulator.clock) as second,
    ):
        await first.sign_in("ana", PASSWORD)
        await second.sign_in("ana", PASSWORD)
        emulator.faults.add("RevokeUserSession", error="NotAuthorizedException")
        result = await here.sign_out(others=True)
        assert not result.revoked
        assert isinstance(result.error, errors.NotAuthorizedException)
        assert len(await here.list_sessions()) == 2
        emulator.faults.add("RevokeUserSession", error="ResourceNotFoundException")
        assert (await here.sign_out(others=True)).revoked


async def test_a_pool_that_does_not_track_sessions_refuses_and_nothing_is_done(
    emulator: CognitoEmulator,
) -> None:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as manager:
        here, there = await sign_in(manager), await sign_in(manager)
        for call in (here.list_sessions(), here.revoke_session("tkn" + "a" * 25), here.sign_out(others=True)):
            with pytest.raises(errors.OperationNotEnabledException) as raised:
                await call
            assert "SetUserPoolSessionConfiguration" in str(raised.value.recovery_suggestion)
        assert (await there.fetch_auth_session(credentials=False)).tokens is not None


async def test_a_session_that_was_revoked_elsewhere_ends_when_it_renews(
    manager: SessionManager, emulator: CognitoEmulator
) -> None:
    here, there = await sign_in(manager), await sign_in(manager)
    user_id = (await here.get_current_user()).user_id
    names: list[str] = []
    manager.hub.listen(lambda event: names.append(event.name))
    (other,) = (each for each in await here.list_sessions() if not each.current)
    await here.revoke_session(other.id)
    emulator.clock.advance(3601)
    with pytest.raises(errors.UserUnAuthenticatedException):
        await there.list_sessions()
    assert names == ["tokenRefresh_failure"]
    assert [each.session_id for each in await manager.list_user(user_id)] == [here.session_id]
    # This session renews its tokens first.
    assert [each.current for each in await here.list_sessions()] == [True]


async def test_a_token_that_only_cognito_calls_expired_is_renewed_once(
    pool: Any, emulator: CognitoEmulator
) -> None:
    """The request is repeated with the new token: the client's clock does not decide."""
    began = emulator.clock()
    other = f"tkn{'a' * 25}"
    async with AuthClient(pool.config, clock=lambda: began) as auth:
        await auth.sign_in("ana", PASSWORD)
        for operation, call in (
            ("ListUserSessions", auth.list_sessions),
            ("RevokeUserSession", lambda: auth.revoke_session(other)),
            ("GetUserAuthFactors", auth.fetch_auth_factors),
            ("SetUserMFAPreference", lambda: auth.update_mfa_preference(webauthn="DISABLED")),
            ("ListUserSessions", lambda: auth.sign_out(others=True)),
        ):
            emulator.clock.advance(3601)
            before = len(emulator.calls)
            with suppress(errors.ResourceNotFoundException):
                await call()
            sent = [call.operation for call in emulator.calls[before:]]
            assert sent[:3] == [operation, "GetTokensFromRefreshToken", operation]


async def test_a_client_with_a_secret_and_one_that_borrows_its_tokens(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool(client={"GenerateSecret": True})
    await pool.add_user("ana", PASSWORD)
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 20}}
    await emulator.call("SetUserPoolSessionConfiguration", UserPoolId=pool.id, **tracking)
    async with (
        AuthClient(pool.config, clock=emulator.clock) as auth,
        AuthClient(pool.config, clock=emulator.clock) as elsewhere,
        AuthClient(pool.config, token_provider=auth.token_provider) as borrower,
    ):
        await auth.sign_in("ana", PASSWORD)
        await elsewhere.sign_in("ana", PASSWORD)
        (other,) = (each for each in await borrower.list_sessions() if not each.current)
        await borrower.revoke_session(other.id)
        assert await borrower.fetch_auth_factors() == ["PASSWORD"]
        with pytest.raises(errors.AuthTokenConfigException):
            await borrower.sign_out(others=True)
        await elsewhere.sign_out()
        await elsewhere.sign_in("ana", PASSWORD)
        assert (await auth.sign_out(others=True)).revoked
        assert len(await auth.list_sessions()) == 1


@pytest.mark.parametrize("more", [{"global_sign_out": True}, {"redirect_uri": "https://a.example"}])
async def test_signing_out_the_others_excludes_other_arguments(
    manager: SessionManager, more: dict[str, Any]
) -> None:
    here = await sign_in(manager)
    with pytest.raises(errors.AuthValidationError, match="others"):
        await here.sign_out(others=True, **more)
    assert (await here.fetch_auth_session(credentials=False)).tokens is not None


async def test_a_signed_out_session_has_no_others(manager: SessionManager) -> None:
    auth = manager.client(manager.new_session_key())
    for call in (auth.sign_out(others=True), auth.list_sessions(), auth.revoke_session("tkn")):
        with pytest.raises(errors.UserUnAuthenticatedException):
            await call
