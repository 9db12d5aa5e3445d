"""A real browser with two origins: another site's pages cannot use, plant or replace a session."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest
import uvicorn
from attrs import evolve, frozen
from fastapi import FastAPI, Form, Response, WebSocket
from fastapi.responses import HTMLResponse

from aiocognito import MemoryStorage
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations.fastapi import Auth, CognitoAuth, CurrentUser, OptionalUser
from helpers.chromium import new_context

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-two-origins")]

PASSWORD = "Correct-Horse-7"
# The attackers' hosts: a sub-domain, another site, and this host with another port, which is the same site.
ATTACKERS = ("evil.localhost", "127.0.0.1", "localhost")
PAGE = '<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">{}'
Open = Callable[[str], Awaitable[Any]]


@frozen
class Shop:
    """A running shop, which its attackers' hosts serve as well."""

    port: int
    other_port: int

    @property
    def url(self) -> str:
        """The shop's own origin."""
        return f"http://localhost:{self.port}"

    def evil(self, host: str) -> str:
        """Return the address of an attacker's page."""
        return f"http://{host}:{self.other_port}/evil"


def make_app(cognito: CognitoAuth) -> FastAPI:
    """Create the shop, and the pages that attackers serve from other hosts."""
    app = FastAPI(lifespan=cognito.lifespan)
    cognito.install(app)
    app.include_router(cognito.hosted_ui_router(), prefix="/auth")

    @app.get("/", response_class=HTMLResponse)
    async def home(user: OptionalUser) -> str:
        form = '<form method="post" action="/sign-in"><input name="username"><button>Sign in</button></form>'
        return PAGE.format(f"<h1>{user.username if user else 'Signed out'}</h1>{form}")

    @app.get("/account", response_class=HTMLResponse)
    async def account(user: CurrentUser) -> str:
        return PAGE.format(f"<h1>{user.username}</h1>")

    @app.post("/sign-in", response_class=HTMLResponse)
    async def sign_in(auth: Auth, username: str = Form()) -> str:
        await auth.sign_in(username, PASSWORD)
        return PAGE.format(f"<h1>{username}</h1>")

    @app.post("/sign-out")
    async def sign_out(auth: Auth) -> dict[str, bool]:
        await auth.sign_out()
        return {"done": True}

    @app.post("/key")
    async def rotate(auth: Auth) -> dict[str, bool]:
        await auth.rotate_session_key()
        return {"done": True}

    @app.websocket("/socket")
    async def socket_route(websocket: WebSocket, user: CurrentUser) -> None:
        await websocket.accept()
        await websocket.send_text(user.username)
        await websocket.close()

    @app.get("/evil", response_class=HTMLResponse)
    async def evil(response: Response) -> str:
        return PAGE.format("<h1>evil</h1>")

    return app


@pytest.fixture
async def shop(emulator: CognitoEmulator) -> AsyncIterator[Shop]:
    """Serve the shop with uvicorn on a port of its own."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        port, other_port = (each.getsockname()[1] for each in sockets)
        callback = f"http://localhost:{port}/auth/callback"
        client = {"CallbackURLs": [callback], "LogoutURLs": [f"http://localhost:{port}/"]}
        pool = await emulator.create_user_pool(client=client)
        for name in ("ana", "eve"):
            await pool.add_user(name, PASSWORD)
        cognito = CognitoAuth(
            evolve(pool.config, connect_timeout=60.0, read_timeout=60.0),
            storage=MemoryStorage(clock=emulator.clock),
            login_path="/auth/login",
        )
        config = uvicorn.Config(make_app(cognito), log_level="error", lifespan="on", ws="wsproto")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=sockets))
        yield Shop(port, other_port)
        server.should_exit = True
        await serving


@pytest.fixture
async def opened(chromium: Any) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Yield a function that opens a page in a browser context of its own."""
    async with AsyncExitStack() as stack:

        async def page() -> Any:
            context = await new_context(chromium)
            stack.push_async_callback(context.close)
            return await context.new_page()

        yield page


async def sign_in(page: Any, shop: Shop, username: str = "ana") -> None:
    await page.goto(shop.url)
    await page.fill("input[name=username]", username)
    await page.click("button")
    assert await page.inner_text("h1") == username


async def who(page: Any, shop: Shop) -> str:
    tab = await page.context.new_page()
    await tab.goto(shop.url)
    name: str = await tab.inner_text("h1")
    await tab.close()
    return name


@pytest.mark.parametrize("host", ATTACKERS)
async def test_another_origin_cannot_act_for_the_user(shop: Shop, opened: Any, host: str) -> None:
    page = await opened()
    await sign_in(page, shop)
    await page.goto(shop.evil(host))
    # A form, which a browser sends with its cookies where SameSite allows it.
    await page.evaluate(
        """([url]) => { const form = document.createElement('form'); form.method = 'post'; form.action = url;
        document.body.append(form); form.submit(); }""",
        [f"{shop.url}/sign-out"],
    )
    await page.wait_for_url("**/sign-out")
    assert "came from another origin's page" in await page.inner_text("body")
    assert await who(page, shop) == "ana"
    # fetch, with credentials.
    await page.goto(shop.evil(host))
    await page.evaluate(
        "async ([url]) => { await fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'}) }",
        [f"{shop.url}/sign-out"],
    )
    assert await who(page, shop) == "ana"


@pytest.mark.parametrize("host", ATTACKERS)
async def test_another_origin_cannot_sign_the_browser_in(shop: Shop, opened: Any, host: str) -> None:
    """Login CSRF: the attacker's account, in the victim's browser."""
    page = await opened()
    await page.goto(shop.evil(host))
    await page.evaluate(
        """([url]) => { const form = document.createElement('form'); form.method = 'post'; form.action = url;
        form.innerHTML = '<input name="username" value="eve">';
        document.body.append(form); form.submit(); }""",
        [f"{shop.url}/sign-in"],
    )
    await page.wait_for_url("**/sign-in")
    assert await who(page, shop) == "Signed out"


@pytest.mark.parametrize("host", ATTACKERS)
async def test_another_origin_cannot_open_a_websocket(shop: Shop, opened: Any, host: str) -> None:
    page = await opened()
    await sign_in(page, shop)
    script = """([url]) => new Promise(done => { const socket = new WebSocket(url);
        socket.onmessage = message => done(message.data); socket.onclose = close => done(close.code); })"""
    url = f"ws://localhost:{shop.port}/socket"
    assert await page.evaluate(script, [url]) == "ana"
    await page.goto(shop.evil(host))
    assert await page.evaluate(script, [url]) == 1006


async def test_a_planted_session_of_the_attacker_is_not_used(shop: Shop, opened: Any) -> None:
    """The attacker's own session, set by another port of the host for a path: two cookies of one name."""
    attacker, victim = await opened(), await opened()
    await sign_in(attacker, shop, "eve")
    planted = {cookie["name"]: cookie["value"] for cookie in await attacker.context.cookies()}
    key = next(value for name, value in planted.items() if name.endswith("aiocognito"))
    await sign_in(victim, shop)
    await victim.goto(shop.evil("localhost"))
    await victim.evaluate("([key]) => { document.cookie = `aiocognito=${key}; Path=/account` }", [key])
    names = [cookie["name"] for cookie in await victim.context.cookies(f"{shop.url}/account")]
    assert names.count("aiocognito") == 2
    # Neither is used. The response removes the planted one, and the login page finds the user's own.
    await victim.goto(f"{shop.url}/account")
    assert await victim.inner_text("h1") == "ana"
    names = [cookie["name"] for cookie in await victim.context.cookies(f"{shop.url}/account")]
    assert names.count("aiocognito") == 1


async def test_a_key_from_before_the_sign_in_opens_nothing(shop: Shop, opened: Any) -> None:
    victim, attacker = await opened(), await opened()
    await sign_in(victim, shop)
    (before,) = [cookie for cookie in await victim.context.cookies() if cookie["name"].endswith("aiocognito")]
    assert before["httpOnly"]
    assert before["sameSite"] == "Lax"
    await victim.evaluate("() => fetch('/key', {method: 'POST'})")
    await attacker.context.add_cookies([before])
    assert await who(attacker, shop) == "Signed out"
    assert await who(victim, shop) == "ana"


async def test_the_back_button_shows_no_page_of_a_session_that_ended(shop: Shop, opened: Any) -> None:
    page = await opened()
    await sign_in(page, shop)
    await page.goto(f"{shop.url}/account")
    assert await page.inner_text("h1") == "ana"
    await page.evaluate("() => fetch('/sign-out', {method: 'POST'})")
    await page.goto(shop.evil("127.0.0.1"))
    await page.go_back()
    assert "ana" not in await page.inner_text("body")


async def test_there_and_back_by_the_hosted_ui(shop: Shop, opened: Any) -> None:
    page = await opened()
    await page.goto(f"{shop.url}/account?x=1")
    assert "/login?" in page.url
    await page.fill("input[name=username]", "ana")
    await page.fill("input[name=password]", PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(f"{shop.url}/account?x=1")
    assert await page.inner_text("h1") == "ana"
    callback = f"{shop.url}/auth/callback?code=stolen&state=another"
    stranger = await opened()
    await stranger.goto(callback)
    assert "did not send the state" in await stranger.inner_text("[role=alert]")
    await page.goto(callback)
    assert page.url == f"{shop.url}/"
