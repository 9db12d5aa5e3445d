"""One application in each framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from aiocognito import AuthConfig, MemoryStorage
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from helpers import certificate

from .aiohttp_application import aiohttp_application
from .browsers import AiohttpHost, AsgiHost, Browser, Host
from .fastapi_application import fastapi_application
from .passwords import PASSWORD
from .starlette_application import starlette_application

HERE = "https://testserver/auth/callback"
CERTIFICATE: list[tuple[Path, Path]] = []
FRAMEWORKS: dict[str, Callable[..., Any]] = {
    "fastapi": lambda config, stack, **options: asgi(fastapi_application(config, **options), stack),
    "starlette": lambda config, stack, **options: asgi(starlette_application(config, **options), stack),
    "aiohttp": lambda config, stack, **options: AiohttpHost(
        aiohttp_application(config, **options), CERTIFICATE[0], stack
    ),
}


@pytest.fixture(scope="session", autouse=True)
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Write the certificate of the servers."""
    CERTIFICATE.append(certificate.write(tmp_path_factory.mktemp("certificate"), ("localhost", "testserver")))


def asgi(app: Any, stack: ExitStack) -> AsgiHost:
    """Return the host of an ASGI application."""
    return AsgiHost(app, stack)


@frozen
class Site:
    """A running application, and its user pool."""

    framework: str
    emulator: ThreadedEmulator
    pool: ThreadedUserPool
    host: Host

    def browser(self, url: str = "https://testserver") -> Browser:
        """Return a browser with cookies of its own."""
        return self.host.browser(url)

    def socket(self, browser: Browser, path: str, headers: dict[str, str] | None = None) -> int | list[str]:
        """Open a websocket, and return its messages; or the status of the refusal."""
        return self.host.socket(browser, path, headers or {})

    def signed_in(self, username: str = "ana") -> Browser:
        """Return a browser whose user is signed in."""
        browser = self.browser()
        assert browser.post("/sign-in", params={"username": username}).status_code == 200
        return browser


MakeSite = Callable[..., Site]


@pytest.fixture(scope="package")
def emulator() -> Iterator[ThreadedEmulator]:
    """Yield an emulator, one for all tests."""
    with run_in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def pool(emulator: ThreadedEmulator) -> ThreadedUserPool:
    """Return a user pool with a hosted UI, and the users ana and ben."""
    pool = emulator.create_user_pool(client={"CallbackURLs": [HERE], "LogoutURLs": ["https://testserver/"]})
    pool.add_user("ana", PASSWORD, groups=["admins"])
    pool.add_user("ben", PASSWORD)
    return pool


@pytest.fixture(scope="module", params=list(FRAMEWORKS))
def framework(request: pytest.FixtureRequest) -> str:
    """Return the name of a framework."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def make_site(framework: str, emulator: ThreadedEmulator, pool: ThreadedUserPool) -> Iterator[MakeSite]:
    """Yield a function that makes an application: ``make_site(login_path="/login")``."""
    with ExitStack() as stack:

        def make(config: AuthConfig | None = None, **options: Any) -> Site:
            config = config or evolve(pool.config, connect_timeout=60.0, read_timeout=60.0)
            options.setdefault("storage", MemoryStorage(clock=pool.config.clock))
            return Site(framework, emulator, pool, FRAMEWORKS[framework](config, stack, **options))

        yield make


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    """Return an application with default settings and a login page."""
    return make_site(login_path="/auth/login")
