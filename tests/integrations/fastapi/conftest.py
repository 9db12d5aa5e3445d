"""A FastAPI application with sessions, and its test client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from attrs import define, evolve, field
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.testclient import TestClient

from aiocognito import AuthConfig, MemoryStorage, UserContext
from aiocognito.integrations.fastapi import (
    Auth,
    CognitoAuth,
    CurrentUser,
    OptionalUser,
    recent_sign_in,
    require_groups,
)
from helpers.emulator_thread import EmulatorThread, PoolInThread, emulator_thread

PASSWORD = "Correct-Horse-7"


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorThread]:
    """Yield an emulator, one for all tests."""
    with emulator_thread() as running:
        yield running


@pytest.fixture(scope="module")
def pool(emulator: EmulatorThread) -> PoolInThread:
    """Return a user pool with the users ana, who is an admin, and ben."""
    pool = emulator.pool()
    pool.add_user("ana", PASSWORD, groups=("admins",))
    pool.add_user("ben", PASSWORD)
    return pool


@define
class Site:
    """An application, and how its test clients are made."""

    pool: PoolInThread
    cognito: CognitoAuth
    app: FastAPI
    stack: ExitStack = field(factory=ExitStack)

    def browser(self, url: str = "https://testserver", **options: Any) -> TestClient:
        """Return a running test client with cookies of its own."""
        client = TestClient(self.app, base_url=url, **options)
        return self.stack.enter_context(client)


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(pool: PoolInThread) -> Iterator[MakeSite]:
    """Yield a function that makes an application: ``make_site(login_path="/login")``."""
    with ExitStack() as stack:

        def make(config: AuthConfig | None = None, **options: Any) -> Site:
            config = config or evolve(pool.config, connect_timeout=60.0, read_timeout=60.0)
            options.setdefault("storage", MemoryStorage(clock=pool.clock))
            cognito = CognitoAuth(config, **options)
            app = FastAPI(lifespan=cognito.lifespan)
            cognito.install(app)
            add_routes(app)
            return Site(pool, cognito, app, stack)

        yield make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an application with default settings and a login page."""
    return make_site(login_path="/auth/login")


def add_routes(app: FastAPI) -> None:
    """Add routes that use the session in each way."""

    @app.get("/plain")
    async def plain() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/profile")
    async def profile(user: CurrentUser) -> dict[str, str]:
        return {"username": user.username}

    @app.get("/me")
    async def me(user: OptionalUser) -> dict[str, str | None]:
        return {"username": user.username if user else None}

    @app.get("/admin", dependencies=[require_groups("admins", "owners")])
    async def admin() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/danger", dependencies=[recent_sign_in(600)])
    async def danger() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/sign-in")
    async def sign_in(auth: Auth, username: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
        return (await auth.sign_in(username, password)).to_dict()

    @app.post("/sign-out")
    async def sign_out(auth: Auth) -> dict[str, bool]:
        await auth.sign_out()
        return {"ok": True}

    @app.post("/rotate-and-crash")
    async def rotate_and_crash(auth: Auth) -> None:
        await auth.rotate_session_key()
        raise ZeroDivisionError("a bug")

    @app.get("/stream")
    async def stream(auth: Auth, late: bool = False) -> StreamingResponse:
        if not late:
            await auth.sign_in("ana", PASSWORD)

        async def parts() -> AsyncIterator[bytes]:
            yield b"begin "
            if late:
                try:
                    await auth.sign_in("ana", PASSWORD)
                except RuntimeError as error:
                    yield str(error).encode()
            yield b" end"

        return StreamingResponse(parts())

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: CurrentUser, auth: Auth) -> None:
        await websocket.accept()
        await websocket.send_text(user.username)
        try:
            await auth.rotate_session_key()
        except RuntimeError as error:
            await websocket.send_text(f"RuntimeError: {error}")
        await websocket.close()

    @app.get("/key")
    async def key(auth: Auth, request: Request) -> dict[str, str]:
        return {"key": auth.session_key}


def user_context_of(connection: Any) -> UserContext:
    """Return the end user's address."""
    return UserContext(ip_address=connection.client.host)
