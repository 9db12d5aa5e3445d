"""The middleware, without a server."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from aiocognito import AuthConfig, MemoryStorage
from aiocognito.integrations._aiohttp import SETUP, Setup, _middleware, served
from aiocognito.integrations.aiohttp import setup


def a_setup() -> Setup:
    app = web.Application()
    setup(app, AuthConfig(), storage=MemoryStorage())
    return app[SETUP]


async def test_around_a_mounted_application_the_outer_session_is_found_again() -> None:
    outer, inner = a_setup(), a_setup()
    found: list[object] = []

    async def look(request: web.Request) -> web.StreamResponse:
        found.append(served(request).session.service)
        return web.Response()

    async def around(request: web.Request) -> web.StreamResponse:
        await look(request)
        await _middleware(inner)(request, look)
        return await look(request)

    request = make_mocked_request("GET", "/")
    await _middleware(outer)(request, around)
    assert found == [outer.service, inner.service, outer.service]
    with pytest.raises(RuntimeError, match="has no sessions"):
        served(request)
