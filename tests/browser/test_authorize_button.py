"""The Authorize button of FastAPI's ``/docs`` signs in on the emulator's hosted UI, in Chromium."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import uvicorn
from attrs import evolve, frozen
from fastapi import FastAPI, Security

from aiocognito import Claims, MemoryStorage, TokenVerifier
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations.fastapi import CognitoAuth, CognitoBearer
from helpers.chromium import new_context

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-authorize-button")]

PASSWORD = "Correct-Horse-7"
# FastAPI's page loads Swagger UI from a CDN; the tests serve the same files of the npm package.
ASSETS = Path(__file__).parents[1] / "interop/node/node_modules/swagger-ui-dist"
CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/swagger-ui-dist@5[^/]*/(?P<file>[\w.-]+)$")


@frozen
class Service:
    """A running service and its user pool."""

    url: str
    pool: Any
    token_use: str


def with_sessions(config: Any) -> FastAPI:
    """Return a service with sessions, whose routes also take tokens."""
    cognito = CognitoAuth(config, storage=MemoryStorage())
    app = FastAPI(lifespan=cognito.lifespan)
    cognito.install(app)

    @app.get("/orders")
    async def orders(claims: Annotated[Claims, Security(cognito.bearer(), scopes=["openid"])]) -> Any:
        return {"use": claims.token_use, "username": claims.username}

    return app


def without_sessions(config: Any, token_use: Any) -> FastAPI:
    """Return a service without sessions."""
    bearer = CognitoBearer(TokenVerifier.from_config(config, token_use=token_use))
    app = FastAPI(swagger_ui_init_oauth=bearer.swagger_ui_init_oauth)

    @app.get("/orders")
    async def orders(claims: Annotated[Claims, Security(bearer)]) -> Any:
        return {"use": claims.token_use, "username": claims.username}

    return app


@pytest.fixture(params=["sessions", "access", "id"])
async def service(request: pytest.FixtureRequest, emulator: CognitoEmulator) -> AsyncIterator[Service]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://localhost:{listening.getsockname()[1]}"
        client = {"CallbackURLs": [f"{url}/docs/oauth2-redirect"], "LogoutURLs": [f"{url}/"]}
        pool = await emulator.create_user_pool(client=client)
        await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
        config = evolve(pool.config, clock=emulator.clock)
        is_plain = request.param != "sessions"
        app = without_sessions(config, request.param) if is_plain else with_sessions(config)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield Service(url, pool, "id" if request.param == "id" else "access")
        server.should_exit = True
        await serving


@pytest.fixture
async def page(chromium: Any, service: Service) -> AsyncIterator[Any]:
    context = await new_context(chromium)

    async def from_disk(route: Any) -> None:
        found = CDN.match(route.request.url)
        await (route.fulfill(path=ASSETS / found["file"]) if found else route.abort())

    await context.route(re.compile(r"https://(cdn\.jsdelivr\.net|fastapi\.tiangolo\.com)/"), from_disk)
    page = await context.new_page()
    await page.goto(f"{service.url}/docs")
    yield page
    await context.close()


async def execute(page: Any) -> tuple[int, Any]:
    """Send the route's request from the page, and return the response's status and document."""
    operation = page.locator(".opblock", has_text="/orders")
    button = operation.locator("button.execute")
    if not await button.is_visible():
        await operation.locator(".opblock-summary-control").click()
        await operation.get_by_role("button", name="Try it out").click()
    async with page.expect_response(re.compile("/orders$")) as answered:
        await button.click()
    response = await answered.value
    return response.status, await response.json()


async def test_the_button_signs_in_and_the_route_accepts_the_token(page: Any, service: Service) -> None:
    status, refused = await execute(page)
    assert (status, refused["name"]) == (401, "UserUnAuthenticatedException")
    await page.locator("button.authorize").first.click()
    dialog = page.locator(".dialog-ux")
    assert await dialog.locator("#client_id_authorizationCode").input_value() == service.pool.client_id
    await dialog.get_by_text("select all", exact=True).click()
    async with page.expect_popup() as opened:
        await dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    popup = await opened.value
    await popup.fill("[name=username]", "ana")
    await popup.fill("[name=password]", PASSWORD)
    async with popup.expect_event("close"):
        await popup.get_by_role("button", name="Sign in", exact=True).click()
    await dialog.get_by_role("button", name="Remove authorization").wait_for()
    await dialog.get_by_role("button", name="Close").click()
    assert await execute(page) == (200, {"use": service.token_use, "username": "ana"})
