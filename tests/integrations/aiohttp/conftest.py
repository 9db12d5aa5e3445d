"""aiohttp applications in aiohttp's own test client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from aiocognito import MemoryStorage
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations.aiohttp import auth_client, current_user, setup

PASSWORD = "Correct-Horse-7"
COOKIE = "aiocognito"  # Over http on this machine.

Browser = TestClient[web.Request, web.Application]
Start = Callable[..., Any]


@pytest.fixture
async def emulator() -> AsyncIterator[CognitoEmulator]:
    """Yield an emulator."""
    async with CognitoEmulator() as emulator:
        yield emulator


@pytest.fixture
async def pool(emulator: CognitoEmulator) -> Any:
    """Return a user pool with ana, who is an admin."""
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD, groups=("admins",))
    return pool


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Yield a coroutine function that starts an application, and returns a browser."""
    async with AsyncExitStack() as stack:

        async def run(app: web.Application, **options: Any) -> Browser:
            jar = CookieJar(unsafe=True)  # Of an address, and not a name.
            return await stack.enter_async_context(TestClient(TestServer(app), cookie_jar=jar, **options))

        yield run


def application(pool: Any, **options: Any) -> web.Application:
    """Return an application with the routes of `add_routes`."""
    app = web.Application()
    options.setdefault("storage", MemoryStorage(clock=pool.config.clock))
    setup(app, options.pop("config", pool.config), **options)
    add_routes(app)
    return app


def add_routes(app: web.Application) -> None:
    """Add routes that use the session."""

    async def sign_in(request: web.Request) -> web.Response:
        return web.json_response((await auth_client(request).sign_in("ana", PASSWORD)).to_dict())

    async def sign_out(request: web.Request) -> web.Response:
        await auth_client(request).sign_out()
        return web.json_response({})

    async def rotate(request: web.Request) -> web.Response:
        return web.json_response(await auth_client(request).rotate_session_key())

    async def me(request: web.Request) -> web.Response:
        return web.json_response((await current_user(request)).username)

    app.router.add_post("/sign-in", sign_in)
    app.router.add_post("/sign-out", sign_out)
    app.router.add_post("/rotate", rotate)
    app.router.add_get("/me", me)


async def signed_in(browser: Browser) -> Browser:
    """Sign the browser's user in."""
    async with browser.post("/sign-in") as response:
        assert response.status == 200
    return browser


def key_of(browser: Browser) -> str:
    """Return the browser's session key."""
    return str(browser.session.cookie_jar.filter_cookies(browser.make_url("/"))[COOKIE].value)
