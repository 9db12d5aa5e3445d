"""Users sign in to a FastAPI service on the emulator's hosted UI with Chromium, and sign out again."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from attrs import frozen

from aiocognito import MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator
from helpers.chromium import new_context

from .shop import make_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-hosted-ui")]

PASSWORD = "Correct-Horse-7"
Pool = Any  # an EmulatedUserPool
Browse = Callable[..., Awaitable[Any]]


@frozen
class Shop:
    """The running shop and its user pool."""

    url: str
    pool: Pool

    @property
    def callback(self) -> str:
        return f"{self.url}/callback"


@pytest.fixture
async def shop(emulator: CognitoEmulator) -> AsyncIterator[Shop]:
    """The shop, served by uvicorn on a port of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://localhost:{listening.getsockname()[1]}"
        client = {"CallbackURLs": [f"{url}/callback"], "LogoutURLs": [f"{url}/"]}
        pool = await emulator.create_user_pool(client=client)
        await pool.add_provider("Google")
        await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
        await pool.add_user("eve", PASSWORD, attributes={"email": "eve@example.com"})
        async with SessionManager(pool.config, storage=MemoryStorage(), clock=emulator.clock) as sessions:
            config = uvicorn.Config(make_app(sessions), log_level="warning", lifespan="off", ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            yield Shop(url, pool)
            server.should_exit = True
            await serving


@pytest.fixture
async def browse(chromium: Any, shop: Shop) -> AsyncIterator[Browse]:
    """Open the shop in a new browser context. Errors and warnings in its console fail the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    async def opened(path: str = "/", **settings: Any) -> Any:
        context = await new_context(chromium, **settings)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: _note(said, complaints))
        await page.goto(f"{shop.url}{path}")
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert complaints == []


def _note(said: Any, complaints: list[str]) -> None:
    # Some tests expect error responses, which the browser logs, too.
    if said.type == "error" and "Failed to load resource" not in said.text:
        complaints.append(said.text)


async def sign_in(page: Any, username: str = "ana", password: str = PASSWORD) -> None:
    """Fill in the emulator's page."""
    await page.fill("[name=username]", username)
    await page.fill("[name=password]", password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def text(page: Any) -> str:
    return str(await page.inner_text("body"))


async def stop_before_callback(page: Any, emulator: CognitoEmulator) -> list[str]:
    """Block the redirect to the shop after the next sign-in, and return its URL."""
    stopped: list[str] = []

    async def stop(route: Any) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        answer = await route.fetch(max_redirects=0)
        stopped.append(answer.headers["location"])
        await route.fulfill(status=200, content_type="text/html", body="<title>stopped</title>")

    await page.route(f"{emulator.url}/login?*", stop)
    return stopped


async def test_in_and_out_at_both_ends(shop: Shop, browse: Browse, emulator: CognitoEmulator) -> None:
    page = await browse("/basket")
    assert "You are signed out." in await text(page)
    await page.click("text=Sign in >> nth=0")
    assert page.url.startswith(f"{emulator.url}/login?")
    await sign_in(page)
    # The browser is back on its page, and the URL has no parameters of the sign-in.
    assert page.url == f"{shop.url}/basket"
    assert "Signed in as ana, ana@example.com." in await text(page)
    await page.reload()
    assert "Signed in as ana" in await text(page)

    await page.get_by_role("button", name="Sign out").click()
    assert page.url == f"{shop.url}/"
    assert "You are signed out." in await text(page)
    assert [call.status for call in emulator.calls if call.operation == "RevokeToken"] == [200]
    # The hosted UI's session has ended, too: it asks for the password.
    await page.click("text=Sign in >> nth=0")
    assert page.url.startswith(f"{emulator.url}/login?")
    assert await page.locator("[name=password]").count() == 1


async def test_the_hosted_ui_keeps_its_session_after_a_local_sign_out(
    shop: Shop, browse: Browse, emulator: CognitoEmulator
) -> None:
    page = await browse()
    await page.click("text=Sign in >> nth=0")
    await sign_in(page)
    await page.click("text=Leave the shop only")
    assert "You are signed out." in await text(page)
    # The hosted UI redirects back without asking for the password.
    await page.click("text=Sign in >> nth=0")
    assert page.url == f"{shop.url}/"
    assert "Signed in as ana" in await text(page)
    # After an hour its session has ended.
    await page.click("text=Leave the shop only")
    emulator.clock.advance(3601)
    await page.click("text=Sign in >> nth=0")
    assert page.url.startswith(f"{emulator.url}/login?")


async def test_with_an_external_provider(shop: Shop, browse: Browse, emulator: CognitoEmulator) -> None:
    page = await browse("/basket")
    await page.click("text=Sign in with Google")
    assert page.url.startswith(emulator.url)
    await page.get_by_label("ID", exact=False).first.fill("1234567890")
    await page.get_by_label("mail").fill("ana@gmail.example")
    await page.get_by_role("button", name="Continue").click()
    assert page.url == f"{shop.url}/basket"
    assert "Signed in as Google_1234567890, ana@gmail.example." in await text(page)
    (user,) = [user for user in shop.pool.state.users if user.status == "EXTERNAL_PROVIDER"]
    assert user.username == "Google_1234567890"
    await page.get_by_role("button", name="Sign out").click()
    assert "You are signed out." in await text(page)


async def test_a_cancelled_sign_in(shop: Shop, browse: Browse) -> None:
    page = await browse()
    await page.click("text=Sign in with Google")
    await page.get_by_role("button", name="Cancel").click()
    assert page.url.startswith(shop.callback)
    assert "OAuthSignInException" in await text(page)
    await page.click("text=Home")
    assert "You are signed out." in await text(page)
    # Another sign-in succeeds.
    await page.click("text=Sign in >> nth=0")
    await sign_in(page)
    assert "Signed in as ana" in await text(page)


async def test_a_callback_that_is_replayed(shop: Shop, browse: Browse, emulator: CognitoEmulator) -> None:
    page = await browse()
    called: list[str] = []
    page.on("request", lambda request: called.append(request.url))
    await page.click("text=Sign in >> nth=0")
    await sign_in(page)
    (callback,) = [url for url in called if url.startswith(shop.callback)]
    exchanged = [call.operation for call in emulator.calls].count("Token")
    for browser in (page, await browse()):
        await browser.goto(callback)
        assert "OAuthStateMismatchException" in await text(browser)
    # The code was not exchanged again, and the user is still signed in.
    assert [call.operation for call in emulator.calls].count("Token") == exchanged == 1
    await page.goto(shop.url)
    assert "Signed in as ana" in await text(page)


async def test_a_changed_state(shop: Shop, browse: Browse, emulator: CognitoEmulator) -> None:
    """A callback with another state signs in no user."""
    page = await browse()
    stopped = await stop_before_callback(page, emulator)
    await page.click("text=Sign in >> nth=0")
    await sign_in(page)
    (callback,) = stopped
    await page.unroute_all()
    await page.goto(re.sub(r"state=.", "state=~", callback))
    assert "OAuthStateMismatchException" in await text(page)
    assert "Token" not in [call.operation for call in emulator.calls]
    # The real callback URL still works: only the changed one was refused.
    await page.goto(callback)
    assert "Signed in as ana" in await text(page)


async def test_another_users_state(shop: Shop, browse: Browse, emulator: CognitoEmulator) -> None:
    """Eve signs in, and has her callback opened by Ana: Ana would act in Eve's name without knowing it."""
    eve = await browse()
    stopped = await stop_before_callback(eve, emulator)
    await eve.click("text=Sign in >> nth=0")
    await sign_in(eve, "eve")
    ana = await browse()
    stopped_ana = await stop_before_callback(ana, emulator)
    await ana.click("text=Sign in >> nth=0")
    await sign_in(ana)
    await ana.unroute_all()
    await ana.goto(stopped[0])
    assert "OAuthStateMismatchException" in await text(ana)
    assert "Token" not in [call.operation for call in emulator.calls]
    # Nor with Eve's code under Ana's own state: PKCE ties the code to Eve's session.
    (eves_code,) = re.findall(r"code=([^&]*)", stopped[0])
    await ana.goto(re.sub(r"code=[^&]*", f"code={eves_code}", stopped_ana[0]))
    assert "OAuthSignInException" in await text(ana)
    await ana.goto(shop.url)
    assert "You are signed out." in await text(ana)


async def test_signs_up_without_javascript(shop: Shop, browse: Browse, emulator: CognitoEmulator) -> None:
    page = await browse("/basket", java_script_enabled=False)
    await page.click("text=Sign in >> nth=0")
    await page.get_by_role("link", name="Sign up").click()
    await page.fill("[name=username]", "bo")
    await page.get_by_label("mail").fill("bo@example.com")
    await page.fill("[name=password]", PASSWORD)
    await page.get_by_role("button", name="Sign up").click()
    await page.fill("[name=code]", await emulator.outbox.next_code("bo@example.com"))
    await page.get_by_role("button", name="Confirm").click()
    assert page.url == f"{shop.url}/basket"
    assert "Signed in as bo, bo@example.com." in await text(page)


async def test_a_forgotten_password_without_javascript(
    shop: Shop, browse: Browse, emulator: CognitoEmulator
) -> None:
    page = await browse(java_script_enabled=False)
    await page.click("text=Sign in >> nth=0")
    await sign_in(page, "ana", "Wrong-Horse-7")
    assert "Incorrect username or password." in await page.get_by_role("alert").inner_text()
    await page.get_by_role("link", name="Forgot").click()
    await page.fill("[name=username]", "ana")
    await page.get_by_role("button").first.click()
    await page.fill("[name=code]", await emulator.outbox.next_code("ana"))
    await page.fill("[name=password]", "Another-Horse-8")
    await page.get_by_role("button").first.click()
    assert page.url.startswith(emulator.url)
    await sign_in(page, "ana", "Another-Horse-8")
    assert "Signed in as ana" in await text(page)


async def test_a_second_factor_without_javascript(shop: Shop, browse: Browse) -> None:
    await shop.pool.add_user("mia", PASSWORD, attributes={"email": "mia@example.com"}, mfa="TOTP")
    page = await browse(java_script_enabled=False)
    await page.click("text=Sign in >> nth=0")
    await sign_in(page, "mia")
    await page.fill("[name=code]", "000000")
    await page.get_by_role("button").first.click()
    assert "Invalid code received for user" in await page.get_by_role("alert").inner_text()
    await page.fill("[name=code]", shop.pool.totp_code("mia"))
    await page.get_by_role("button").first.click()
    assert "Signed in as mia" in await text(page)
