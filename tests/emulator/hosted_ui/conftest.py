"""Fixtures of the hosted UI's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator
from helpers.browser import CLIENT, PASSWORD, Browser, Shop, browsing

MakeShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
def make_shop(emulator: CognitoEmulator) -> MakeShop:
    """Make an app with a user pool of its own: `await make_shop(client={...}, MfaConfiguration="ON")`."""

    async def make(*, client: dict[str, Any] | None = None, **settings: Any) -> Shop:
        pool = await emulator.create_user_pool(client={**CLIENT, **(client or {})}, **settings)
        return Shop(emulator, pool)

    return make


@pytest.fixture
async def shop(make_shop: MakeShop) -> Shop:
    """An app, and one person who can sign in to it."""
    made = await make_shop()
    await made.pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    return made


@pytest.fixture
async def open_browser(emulator: CognitoEmulator) -> AsyncIterator[Callable[[], Awaitable[Browser]]]:
    """Open further browsers."""
    async with AsyncExitStack() as stack:

        async def opened() -> Browser:
            return await stack.enter_async_context(browsing(emulator.url))

        yield opened


@pytest.fixture
async def browser(open_browser: Callable[[], Awaitable[Browser]]) -> Browser:
    """A browser without cookies."""
    return await open_browser()
