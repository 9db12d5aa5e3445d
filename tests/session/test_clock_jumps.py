"""Clocks that are put back or ahead: tokens are renewed once, and none is used beyond its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from aiocognito import MemoryStorage, SessionManager, decode_jwt
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, refusal

REFRESH = "GetTokensFromRefreshToken"
YEAR = 365 * 86_400.0


class Service:
    """A service whose clock differs from Cognito's."""

    def __init__(self) -> None:
        self.cognito = Clock()
        self.offset = 0.0
        self.script = ScriptedService(self.cognito)
        self.storage = MemoryStorage(clock=self.now)
        self.key = ""

    def now(self) -> float:
        return self.cognito() + self.offset

    @asynccontextmanager
    async def process(self) -> AsyncIterator[SessionManager]:
        async with SessionManager(CONFIG, storage=self.storage, clock=self.now, fixed_keys=True) as sessions:
            attach(sessions, self.script)
            yield sessions

    async def sign_in(self, sessions: SessionManager) -> None:
        self.script.only("InitiateAuth", self.script.tokens())
        self.script.only(REFRESH, lambda _: self.script.tokens(refresh_token=None))
        await sessions.client("ana").sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        self.script.calls.clear()

    async def is_good(self, sessions: SessionManager) -> bool:
        """Return whether the session returns a token that Cognito accepts."""
        token = await sessions.client("ana").access_token()
        return bool(decode_jwt(token).payload["exp"] > self.cognito())


@pytest.mark.parametrize("same_process", [True, False], ids=["in the same process", "in another one"])
@pytest.mark.parametrize("back", [600.0, 3600.0, YEAR])
async def test_a_clock_that_was_put_back_renews_once_and_serves_no_expired_token(
    back: float, same_process: bool
) -> None:
    service = Service()
    async with service.process() as first, service.process() as second:
        await service.sign_in(first)
        service.offset = -back
        here = first if same_process else second
        for _ in range(40):
            assert await service.is_good(here)
            service.cognito.advance(300)
    # 40 times 300 s are three lives of a token and a bit; one more for the clock.
    assert 3 <= len(service.script.calls) <= 5


@pytest.mark.parametrize("ahead", [1200.0, 7200.0])
async def test_a_clock_that_is_ahead_and_put_right_again_serves_no_expired_token(ahead: float) -> None:
    service = Service()
    async with service.process() as sessions:
        await service.sign_in(sessions)
        service.cognito.advance(1800)
        service.offset = ahead
        for _ in range(20):
            assert await service.is_good(sessions)
            service.cognito.advance(300)
        service.offset = 0.0
        for _ in range(20):
            assert await service.is_good(sessions)
            service.cognito.advance(300)
    assert 3 <= len(service.script.calls) <= 6


async def test_tokens_that_were_stored_by_a_fast_clock_are_used_by_a_right_one_to_their_end() -> None:
    service = Service()
    service.offset = YEAR / 100
    async with service.process() as fast, service.process() as right:
        await service.sign_in(fast)
        service.offset = 0.0
        assert await service.is_good(right)
        assert service.script.calls == [], "they are good by our clock"
        for _ in range(20):
            service.cognito.advance(300)
            assert await service.is_good(right)
        assert len(service.script.calls) == 1


async def test_a_clock_a_year_ahead_ends_no_session() -> None:
    service = Service()
    async with service.process() as sessions:
        await service.sign_in(sessions)
        service.offset = YEAR
        assert (await sessions.client("ana").fetch_auth_session(credentials=False)).tokens is None
        service.cognito.advance(600)
        service.offset = 0.0
        assert await service.is_good(sessions)


async def test_a_token_that_cognito_calls_expired_is_renewed_once() -> None:
    service = Service()
    async with service.process() as sessions:
        await service.sign_in(sessions)
        expired = refusal("GetUser", "NotAuthorizedException", "Access Token has expired")
        service.script.only("GetUser", expired, {"Username": "ana", "UserAttributes": []})
        assert await sessions.client("ana").fetch_user_attributes() == {}
        assert service.script.operations() == ["GetUser", REFRESH, "GetUser"]
        service.script.calls.clear()
        service.script.only("GetUser", expired)
        with pytest.raises(type(expired)):
            await sessions.client("ana").fetch_user_attributes()
        assert service.script.operations() == ["GetUser", REFRESH, "GetUser"]
