"""Attacks by other origins, races and planted cookies, against a whole application."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from attrs import evolve
from fastapi import WebSocket
from starlette.testclient import TestClient, WebSocketDenialResponse

from aiocognito.emulator import ThreadedEmulator
from aiocognito.integrations.fastapi import Auth
from web.test_csrf import ATTACKS

from .conftest import PASSWORD, MakeSite, Site
from .test_bad_input import COOKIE, set_cookies, signed_in

# The attacks on the host "shop.example".
HOST = "https://shop.example"


@pytest.fixture
def shop(make_site: MakeSite) -> Site:
    """Return an application with the JSON routes, which trusts one other origin."""
    site = make_site(trusted_origins=["https://front.example"], login_path="/login")
    site.app.include_router(site.cognito.json_router(), prefix="/auth")
    return site


def as_bytes(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


def test_no_attack_of_another_origin_gets_through(shop: Site) -> None:
    """Signing in, out, and changing the account by each attack; then the session is still there."""
    victim = signed_in(shop, url=HOST)
    stranger = shop.browser(HOST)
    through: list[str] = []
    for name, headers in ATTACKS.items():
        for path in ("/sign-out", "/auth/sign-out", "/auth/update-password"):
            response = victim.post(path, headers=as_bytes(headers))
            if response.status_code != 403 or set_cookies(response):
                through.append(f"{name}: {path} {response.status_code}")
        for path in ("/sign-in?username=ben", "/auth/sign-in"):
            response = stranger.post(path, headers=as_bytes(headers))
            if response.status_code != 403 or set_cookies(response):
                through.append(f"{name}: {path} {response.status_code}")
    assert through == []
    assert victim.get("/me").json() == {"username": "ana"}
    assert stranger.get("/me").json() == {"username": None}


def test_no_attack_of_another_origin_opens_a_websocket(shop: Site) -> None:
    victim = signed_in(shop, url=HOST)
    url = "wss://shop.example/socket"
    for headers in ATTACKS.values():
        if not all(value.isascii() for value in headers.values()):
            continue  # The test client cannot send it.
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            victim.websocket_connect(url, headers=headers),
        ):
            pass
        assert refused.value.status_code == 403
    with victim.websocket_connect(url, headers={"origin": HOST}) as socket:
        assert socket.receive_text() == "ana"


def test_our_own_pages_pass(shop: Site) -> None:
    for headers in (
        {"origin": HOST},
        {"origin": HOST, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://front.example", "sec-fetch-site": "cross-site"},
        {},
    ):
        assert shop.browser(HOST).post("/sign-in", headers=headers).status_code == 200


async def test_of_two_answers_at_once_one_wins_and_the_other_gets_no_cookie(
    emulator: ThreadedEmulator, make_site: MakeSite
) -> None:
    pool = emulator.create_user_pool(MfaConfiguration="OPTIONAL")
    pool.add_user("tom", PASSWORD, mfa="TOTP")
    site = make_site(evolve(pool.config, connect_timeout=60.0, read_timeout=60.0))
    site.app.include_router(site.cognito.json_router(), prefix="/auth")

    async with site.cognito.lifespan(site.app):

        def browser() -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=httpx.ASGITransport(app=site.app), base_url=HOST)

        async with browser() as first, browser() as second:
            step = await first.post("/auth/sign-in", json={"username": "tom", "password": PASSWORD})
            assert step.json()["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
            second.cookies.update(first.cookies)
            answer = {"challengeResponse": pool.totp_code("tom")}
            responses = await asyncio.gather(
                first.post("/auth/confirm-sign-in", json=answer),
                second.post("/auth/confirm-sign-in", json=answer),
            )
            won, lost = sorted(responses, key=lambda response: response.status_code)
            assert (won.status_code, len(set_cookies(won))) == (200, 2)
            assert (lost.status_code, set_cookies(lost)) == (409, [])


async def test_a_slow_response_does_not_wipe_a_newer_cookie(site: Site) -> None:
    """A response that renews the cookie after a day, beside one that changes the key meanwhile."""
    waiting, go_on = asyncio.Event(), asyncio.Event()

    @site.app.get("/slow")
    async def slow(auth: Auth) -> dict[str, str]:
        user = await auth.get_current_user()
        waiting.set()
        await go_on.wait()
        return {"username": user.username}

    @site.app.post("/rotate")
    async def rotate(auth: Auth) -> dict[str, bool]:
        await auth.rotate_session_key()
        return {"done": True}

    transport = httpx.ASGITransport(app=site.app)
    async with (
        site.cognito.lifespan(site.app),
        httpx.AsyncClient(transport=transport, base_url=HOST) as browser,
    ):
        await browser.post("/sign-in")
        site.emulator.clock.advance(25 * 3600)
        pending = asyncio.create_task(browser.get("/slow"))
        await waiting.wait()
        assert len(set_cookies(await browser.post("/rotate"))) == 2
        go_on.set()
        assert set_cookies(await pending) == []
        assert (await browser.get("/me")).json() == {"username": "ana"}


def test_a_planted_key_that_polls_the_automatic_sign_in_opens_nothing(shop: Site) -> None:
    attacker, victim = shop.browser(HOST), shop.browser(HOST)
    planted = attacker.get("/key").json()["key"]
    header = {"cookie": f"{COOKIE}={planted}"}
    details = {"username": f"zoe{planted[:6]}", "password": PASSWORD, "options": {"autoSignIn": True}}
    victim.post("/auth/sign-up", json=details, headers=header)
    assert victim.cookies[COOKIE] != planted
    for path in ("/auth/auto-sign-in", "/auth/confirm-sign-in"):
        assert attacker.post(path, json={"challengeResponse": "x"}, headers=header).status_code >= 400
    assert attacker.get("/me", headers=header).json() == {"username": None}


def test_no_page_of_a_user_is_stored_by_a_shared_cache(shop: Site) -> None:
    victim = signed_in(shop, url=HOST)
    for path in ("/me", "/profile", "/auth/session", "/admin", "/danger"):
        response = victim.get(path)
        assert "no-store" in response.headers["cache-control"], path
        assert "cookie" in response.headers["vary"].lower(), path


def test_a_guest_gets_a_cookie_when_an_identity_is_stored(
    emulator: ThreadedEmulator, make_site: MakeSite
) -> None:
    pool = emulator.create_user_pool()
    identities = emulator.create_identity_pool(user_pools=[pool], AllowUnauthenticatedIdentities=True)
    site = make_site(evolve(identities.config, connect_timeout=60.0, read_timeout=60.0))

    @site.app.get("/guest")
    async def guest(auth: Auth) -> dict[str, Any]:
        return {"identity": (await auth.fetch_auth_session()).identity_id}

    browser = site.browser()
    first, second = browser.get("/guest"), browser.get("/guest")
    assert len(set_cookies(first)) == 1
    assert set_cookies(second) == []
    assert first.json() == second.json()


def test_a_redirect_of_a_visitor_in_a_websocket_is_refused(shop: Site) -> None:
    @shop.app.websocket("/redirect")
    async def redirect(websocket: WebSocket, auth: Auth) -> None:
        await websocket.accept()
        try:
            await auth.sign_in_with_redirect()
        except Exception as error:
            await websocket.send_text(type(error).__name__)
        await websocket.close()

    with shop.browser(HOST).websocket_connect("wss://shop.example/redirect") as socket:
        assert socket.receive_text() == "AuthUsageError"
    victim: TestClient = signed_in(shop, url=HOST)
    with victim.websocket_connect("wss://shop.example/redirect") as socket:
        # The user pool has no hosted UI: the call was allowed.
        assert socket.receive_text() == "OAuthNotConfigureException"
