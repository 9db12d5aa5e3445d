"""What runs in each event loop of a web application, and how it is made."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from aiocognito import AuthConfig, Hub, SessionManager, TokenVerifier
from aiocognito.errors import TokenExpiredError
from helpers.clock import Clock
from helpers.tokens import POOL, access_claims, id_claims, jwks, key

from .serving import a_service, serving

DAY = 86_400.0


class Keys:
    """An HTTP client that returns a pool's keys."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def request(self, _method: str, url: str, **_: Any) -> Any:
        self.urls.append(url)
        return SimpleNamespace(status_code=200, content=json.dumps(jwks(key())).encode())


async def test_a_loop_has_one_verifier_of_each_kind_with_the_services_clock_and_http_client() -> None:
    config = AuthConfig(user_pool_id=POOL, user_pool_client_id="client")
    clock, keys = Clock(), Keys()
    web = a_service(config=config, clock=clock, http_client=keys)
    async with web.running():
        verifier = web.verifier("access")
        assert web.verifier("access") is verifier
        assert (await verifier.verify(key().token(access_claims()))).username == "ana"
        assert (await web.verifier("id").verify(key().token(id_claims()))).username == "ana"
        assert len(keys.urls) == 2
        clock.advance(3600)
        with pytest.raises(TokenExpiredError):
            await verifier.verify(key().token(access_claims()))


async def test_what_a_loop_has_made_is_announced_and_closed_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []
    closed: list[object] = []
    for cls in (SessionManager, TokenVerifier):

        async def aclose(self: object) -> None:
            closed.append(self)

        monkeypatch.setattr(cls, "aclose", aclose)
    web = a_service()
    web.on_made = made.append
    async with web.running() as sessions:
        verifiers = [web.verifier("access"), web.verifier("id")]
        web.verifier("access")
        assert made == [sessions, *verifiers] == web.made()
        assert closed == []
    assert closed == made[::-1]
    assert web.made() == []


async def test_the_settings_reach_the_session_manager() -> None:
    hub = Hub()
    heard: list[str] = []
    hub.listen(lambda event: heard.append(event.name))
    async with serving(hub=hub, max_session_age=timedelta(days=1)) as site:
        assert site.web.sessions.hub is hub
        cookie = await site.signed_in(life=3 * DAY)
        assert heard == ["signedIn"]
        for seconds, username in ((DAY - 1, "ana"), (2, None)):
            site.clock.advance(seconds)
            session = await site.session(cookie).client().fetch_auth_session(credentials=False)
            assert (session.tokens and session.tokens.access_token.payload["username"]) == username


async def test_a_configuration_that_is_made_at_start_up_is_made_once() -> None:
    made: list[AuthConfig] = []

    def config() -> AuthConfig:
        made.append(AuthConfig(user_pool_id=POOL, user_pool_client_id="client"))
        return made[-1]

    web = a_service(config=config)
    before = web.config
    async with web.running():
        assert web.config is web.read_config() is made[0]
    assert before is None
    assert len(made) == 1
