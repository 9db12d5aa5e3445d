"""A FastAPI application with sessions, and its test client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from attrs import define, evolve, field
from fastapi import FastAPI
from starlette.testclient import TestClient

from aiocognito import AuthConfig, MemoryStorage, UserContext
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from aiocognito.integrations.fastapi import (
    CognitoAuth,
    recent_sign_in,
    require_groups,
)
from helpers.fastapi_routes import PASSWORD as PASSWORD
from helpers.fastapi_routes import add_session_routes


@pytest.fixture(scope="session")
def emulator() -> Iterator[ThreadedEmulator]:
    """Yield an emulator, one for all tests."""
    with run_in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def pool(emulator: ThreadedEmulator) -> ThreadedUserPool:
    """Return a user pool with the users ana, who is an admin, and ben."""
    pool = emulator.create_user_pool()
    pool.add_user("ana", PASSWORD, groups=("admins",))
    pool.add_user("ben", PASSWORD)
    return pool


@define
class Site:
    """An application, and how its test clients are made."""

    emulator: ThreadedEmulator
    pool: ThreadedUserPool
    cognito: CognitoAuth
    app: FastAPI
    stack: ExitStack = field(factory=ExitStack)

    def browser(self, url: str = "https://testserver", **options: Any) -> TestClient:
        """Return a running test client with cookies of its own."""
        client = TestClient(self.app, base_url=url, **options)
        return self.stack.enter_context(client)


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(emulator: ThreadedEmulator, pool: ThreadedUserPool) -> Iterator[MakeSite]:
    """Yield a function that makes an application: ``make_site(login_path="/login")``."""
    with ExitStack() as stack:

        def make(config: AuthConfig | None = None, **options: Any) -> Site:
            config = config or evolve(pool.config, connect_timeout=60.0, read_timeout=60.0)
            options.setdefault("storage", MemoryStorage(clock=pool.config.clock))
            cognito = CognitoAuth(config, **options)
            app = FastAPI(lifespan=cognito.lifespan)
            cognito.install(app)
            add_routes(app)
            return Site(emulator, pool, cognito, app, stack)

        yield make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an application with default settings and a login page."""
    return make_site(login_path="/auth/login")


def add_routes(app: FastAPI) -> None:
    """Add routes that use the session in each way."""
    add_session_routes(app)

    @app.get("/admin", dependencies=[require_groups("admins", "owners")])
    async def admin() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/danger", dependencies=[recent_sign_in(600)])
    async def danger() -> dict[str, bool]:
        return {"ok": True}


def user_context_of(connection: Any) -> UserContext:
    """Return the end user's address."""
    return UserContext(ip_address=connection.client.host)
