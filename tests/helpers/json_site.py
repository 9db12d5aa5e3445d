"""A service with the JSON routes on the emulator, whose browsers send their session key as a header."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from attrs import evolve, frozen
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from starlette.requests import HTTPConnection

from aiocognito import AuthClient, MemoryStorage, SessionManager
from aiocognito._web.json_api import json_routes
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations._fastapi_json import json_router

PASSWORD = "Correct-horse-7"
ANA = "ana@example.com"
ROUTES = {route.path: route for route in json_routes(tokens=True)}


@frozen
class JsonSite:
    """The service, and a client of it."""

    http: httpx.AsyncClient
    emulator: CognitoEmulator
    pool: Any
    app: FastAPI

    async def post(self, path: str, body: Any = None, *, status: int = 200, key: str = "ana") -> Any:
        response = await self.http.post(f"/auth{path}", json=body, headers={"X-Key": key})
        return _checked(path, response, status)

    async def get(self, path: str, *, status: int = 200, key: str = "ana") -> Any:
        return _checked(path, await self.http.get(f"/auth{path}", headers={"X-Key": key}), status)

    async def sign_in(self, **options: Any) -> Any:
        body = {"username": ANA, "password": PASSWORD}
        return await self.post("/sign-in", body | ({"options": options} if options else {}))

    async def code(self, to: str = ANA) -> str:
        return str(await self.emulator.outbox.next_code(to))


def _checked(path: str, response: httpx.Response, status: int) -> Any:
    assert response.status_code == status, response.text
    value = response.json()
    if status == 200:
        Draft202012Validator(ROUTES[path].response).validate(value)
    else:
        assert set(value) == {"name", "message", "recoverySuggestion", "requestId"}
    return value


@asynccontextmanager
async def json_site(*, by_link: bool = False, **pool_settings: Any) -> AsyncIterator[JsonSite]:
    async with CognitoEmulator() as emulator:
        settings = {"AutoVerifiedAttributes": ["email"], **pool_settings}
        pool = await emulator.create_user_pool(**settings)
        config = evolve(pool.config, sign_up_verification_method="link" if by_link else "code")
        async with SessionManager(config, storage=MemoryStorage(), fixed_keys=True) as sessions:

            async def auth_client(connection: HTTPConnection) -> AuthClient:
                return sessions.client(connection.headers.get("x-key", "visitor"), device_token=None)

            app = FastAPI()
            app.include_router(json_router(auth_client, tokens=True), prefix="/auth")
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as http:
                yield JsonSite(http, emulator, pool, app)
