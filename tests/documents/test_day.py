"""The web services of the documentation keep their users signed in, in a user pool that tracks devices."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer

from aiocognito import _clocks as clocks
from helpers.browser import sign_in as sign_in_at_hosted_ui

from .backend import ANA, PASSWORD, Backend, use_hosted_ui
from .pages import ROOT, module

HALF_HOURS = 48
TRACKED = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
REFRESHES = {"GetTokensFromRefreshToken"}


def tracking_pool(backend: Backend, monkeypatch: pytest.MonkeyPatch, **client: Any) -> Any:
    """Make a user pool that tracks devices and rotates refresh tokens; the services use its clock."""
    settings = {
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
        **client,
    }
    pool = backend.do(backend.emulator.create_user_pool, DeviceConfiguration=TRACKED, client=settings)
    backend.do(pool.add_user, ANA, PASSWORD)
    monkeypatch.setenv("COGNITO_USER_POOL_ID", pool.id)
    monkeypatch.setenv("COGNITO_CLIENT_ID", pool.client_id)
    monkeypatch.setattr(clocks, "_default", backend.emulator.clock)
    return pool


def refreshes(backend: Backend) -> int:
    return sum(call.operation in REFRESHES and call.error is None for call in backend.emulator.calls)


def test_the_service_of_the_page_on_sessions_keeps_a_user_signed_in_for_a_day(
    backend: Backend,
    loop: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = module(ROOT / "docs/sessions.md", "app")
    tracking_pool(backend, monkeypatch)

    async def visit() -> None:
        async with TestClient(TestServer(names["app"])) as browser:
            answer = await browser.post("/sign-in", data={"username": ANA, "password": PASSWORD})
            user = {"Cookie": f"sid={answer.cookies['sid'].value}"}
            for _ in range(HALF_HOURS):
                backend.emulator.clock.advance(1800)
                assert (await browser.get("/me", headers=user)).status == 200

    loop.run(visit())
    assert refreshes(backend) >= HALF_HOURS // 3


def test_the_service_of_the_page_on_the_hosted_ui_keeps_a_user_signed_in_for_a_day(
    backend: Backend,
    loop: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, callback = "https://shop.example.com/", "https://shop.example.com/callback"
    pool = tracking_pool(backend, monkeypatch, CallbackURLs=[callback], LogoutURLs=[home])
    use_hosted_ui(pool, monkeypatch)
    names = module(ROOT / "docs/hosted-ui.md", "app")

    async def visit() -> None:
        service = httpx.ASGITransport(names["app"])
        lifespan = names["cognito"].lifespan(names["app"])
        async with lifespan, httpx.AsyncClient(transport=service, base_url=home) as browser:
            away = await browser.get("/login?next=/me")
            back = await sign_in_at_hosted_ui(backend.emulator.url, away.headers["location"], ANA, PASSWORD)
            assert (await browser.get(back)).headers["location"] == "/me"
            for _ in range(HALF_HOURS):
                backend.emulator.clock.advance(1800)
                assert (await browser.get("/me")).json() == {"username": ANA}

    loop.run(visit())
    assert refreshes(backend) >= HALF_HOURS // 3
