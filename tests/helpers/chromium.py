"""Chromium, without a window and with an empty profile.

A missing browser is a failure, not a skip: `scripts/test` installs it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
TIMEOUT = 120_000  # milliseconds
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
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@asynccontextmanager
async def running_chromium(*flags: str) -> AsyncIterator[Any]:
    """Start Playwright's browser, with more flags of Chromium's if any are given."""
    if not CHROMIUM.exists():  # noqa: ASYNC240 - once, before anything runs
        pytest.fail(f"{CHROMIUM} is missing: run `scripts/test`, which installs it")
    from playwright.async_api import async_playwright

    options: dict[str, Any] = {"executable_path": CHROMIUM, "args": [*FLAGS, *flags], "timeout": TIMEOUT}
    async with async_playwright() as playwright, await playwright.chromium.launch(**options) as browser:
        yield browser


async def new_context(browser: Any, **options: Any) -> Any:
    """Return a new browser context, which has no cookies and waits as long as a busy machine needs."""
    context = await browser.new_context(**options)
    context.set_default_timeout(TIMEOUT)
    return context


async def add_authenticator(page: Any) -> tuple[Any, str]:
    """Add a virtual authenticator to a page's browser, and return its DevTools session and its id."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return devtools, added["authenticatorId"]
