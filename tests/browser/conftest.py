"""Chromium with virtual authenticators, and small sites for it, served on this machine.

A missing browser is a failure, not a skip: `scripts/test` installs it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from aiocognito.emulator import CognitoEmulator

from .site import Site

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Exclude the browser tests from coverage: code that only they run lacks a unit test."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker("no_cover")


@pytest.fixture(scope="module")
def program() -> Path:
    """Return the path of the browser's program."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: run `scripts/test`, which installs it")
    return CHROMIUM


@pytest.fixture(scope="module")
async def chromium(program: Path) -> AsyncIterator[Any]:
    """Yield Playwright's browser, one for each module. Its profile is empty and temporary."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def emulator() -> AsyncIterator[CognitoEmulator]:
    """Our emulator, on this test's loop."""
    async with CognitoEmulator() as running:
        yield running


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Site], Awaitable[str]]]:
    """Serve a site on a port of its own: `url = await serve(site)`."""
    async with AsyncExitStack() as stack:

        async def start(site: Site) -> str:
            runner = web.AppRunner(site.app())
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return f"http://localhost:{runner.addresses[0][1]}"

        yield start


@pytest.fixture
async def open_page(chromium: Any) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Open a page in a new browser context without cookies: `page = await open_page(url)`."""
    async with AsyncExitStack() as stack:

        async def opened(url: str) -> Any:
            context = await chromium.new_context()
            stack.push_async_callback(context.close)
            page = await context.new_page()
            await page.goto(url)
            return page

        yield opened
