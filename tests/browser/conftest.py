"""Chromium with virtual authenticators, and small sites for it, served on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from aiocognito.emulator import CognitoEmulator
from helpers.chromium import new_context, running_chromium

from .site import Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Exclude the browser tests from coverage: code that only they run lacks a unit test."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker("no_cover")


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Any]:
    """Yield Playwright's browser, one for each module. Its profile is empty and temporary."""
    async with running_chromium() as browser:
        yield browser


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
            context = await new_context(chromium)
            stack.push_async_callback(context.close)
            page = await context.new_page()
            await page.goto(url)
            return page

        yield opened
