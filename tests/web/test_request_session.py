"""The session of one request: when its cookies are sent, and which calls are refused afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from attrs import evolve

from aiocognito import AuthClient, MemoryStorage, OAuthConfig
from aiocognito.errors import AuthUsageError, StorageError
from aiocognito.integrations import CookiePolicy, CsrfError
from helpers.user_pool import CONFIG, signed_in

from .serving import COOKIE, cookies_of, serving

DAY = 86_400.0
WITH_HOSTED_UI = evolve(
    CONFIG,
    oauth=OAuthConfig(domain="auth.example.com", redirect_sign_in=("https://shop.example/callback",)),
)


async def sign_in(auth: AuthClient) -> Any:
    return await auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")


async def test_a_response_waits_for_a_sign_in_even_in_a_cancelled_scope() -> None:
    async with serving() as site:
        session = site.session()
        site.pool.only("InitiateAuth", site.pool.tokens())
        gate = site.pool.hold("InitiateAuth")
        task = asyncio.create_task(sign_in(session.client()))
        await site.pool.arrived["InitiateAuth"].wait()
        asyncio.get_running_loop().call_soon(gate.set)
        headers: list[tuple[bytes, bytes]] = []
        with anyio.CancelScope() as scope:
            scope.cancel()
            headers = await session.begin_response([])
        assert cookies_of(headers).keys() == {COOKIE, f"{COOKIE}-device"}
        assert (await task).is_signed_in


async def test_a_client_that_is_opened_after_the_response_began_keeps_its_key() -> None:
    async with serving() as site:
        session = site.session(await site.signed_in())
        await session.begin_response([])
        auth = session.client()
        assert (await auth.get_current_user()).username == "ana"
        site.pool.calls.clear()
        with pytest.raises(AuthUsageError, match="the response has begun"):
            await auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH", replace=True)
        assert site.pool.calls == []


@pytest.mark.parametrize("opened", ["before", "after"])
async def test_after_a_response_began_a_state_is_stored_under_a_key_that_the_browser_has(
    opened: str,
) -> None:
    async with serving(config=WITH_HOSTED_UI) as site:
        cookie = await site.signed_in()
        with_key, without = site.session(cookie), site.session()
        for session in (with_key, without):
            if opened == "before":
                session.client()
            await session.begin_response([])
        assert (await with_key.client().sign_in_with_redirect(replace=True)).state
        with pytest.raises(AuthUsageError, match="the response has begun"):
            await without.client().sign_in_with_redirect()


async def test_a_state_is_stored_under_the_key_that_the_response_has_sent() -> None:
    async with serving(config=WITH_HOSTED_UI) as site:
        session = site.session()
        await signed_in(session.client(), site.pool)
        assert COOKIE in cookies_of(await session.begin_response([]))
        assert (await session.client().sign_in_with_redirect(replace=True)).state


async def test_without_device_tracking_no_device_cookie_is_sent() -> None:
    async with serving(config=evolve(CONFIG, device_tracking=False)) as site:
        session = site.session()
        await signed_in(session.client(), site.pool)
        assert cookies_of(await session.begin_response([])).keys() == {COOKIE}


class FailingStorage(MemoryStorage):
    """A storage whose writes fail while `fails` is True."""

    fails = False

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if self.fails:
            raise StorageError("out of order")
        return await super().replace(key, value, **arguments)


async def test_a_storage_that_fails_puts_the_renewal_of_the_cookie_off() -> None:
    storage = FailingStorage()
    async with serving(storage=storage) as site:
        cookie = await site.signed_in(life=3 * DAY)
        site.clock.advance(DAY)
        for storage.fails in (True, False):
            session = site.session(cookie)
            await session.client().get_current_user()
            sent = cookies_of(await session.begin_response([]))
            assert sent.keys() == (set() if storage.fails else {COOKIE})


@pytest.mark.parametrize(("days", "is_sent"), [(0.49, False), (0.51, True)])
async def test_a_cookie_of_a_day_is_sent_again_after_half_of_it(days: float, is_sent: bool) -> None:
    async with serving(cookies=CookiePolicy(max_age=DAY)) as site:
        cookie = await site.signed_in(life=3 * DAY)
        site.clock.advance(days * DAY)
        session = site.session(cookie)
        await session.client().get_current_user()
        assert bool(cookies_of(await session.begin_response([]))) is is_sent


@pytest.mark.parametrize(
    ("given", "sent"),
    [("*", "*"), ("Cookie", "Cookie"), ("accept, cookie", "accept, cookie"), ("Accept", "Accept, Cookie")],
)
async def test_a_response_varies_by_the_cookie(given: str, sent: str) -> None:
    async with serving() as site:
        session = site.session()
        session.client()
        headers = await session.begin_response([(b"vary", given.encode())])
        assert [value for name, value in headers if name == b"vary"] == [sent.encode()]


async def test_a_request_of_unknown_origin_is_refused_where_cookies_go_to_other_sites() -> None:
    for samesite, is_refused in (("lax", False), ("none", True)):
        async with serving(cookies=CookiePolicy(samesite=samesite)) as site:  # type: ignore[arg-type]  # parametrized
            session = site.session()
            session.request.headers = ((b"host", b"shop.example"),)
            if not is_refused:
                session.client()
                continue
            with pytest.raises(CsrfError, match="must have the header Origin"):
                session.client()
