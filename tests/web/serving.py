"""A web service with a scripted user pool, and the sessions of its requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import frozen

from aiocognito import MemoryStorage
from aiocognito._web.request_session import RequestSession
from aiocognito._web.service import DEFAULT_TTL, WebService
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, signed_in

from .requests import web_request

COOKIE = "__Host-aiocognito"


def a_service(**options: Any) -> WebService:
    """Return a service with these options instead of the integrations' defaults."""
    defaults: dict[str, Any] = {
        "config": CONFIG,
        "storage": MemoryStorage(),
        "cookies": None,
        "trusted_origins": (),
        "public_url": None,
        "login_path": None,
        "csrf": "default",
        "user_context": None,
        "session_ttl": DEFAULT_TTL,
        "max_session_age": None,
        "hub": None,
        "clock": Clock(),
        "http_client": None,
        "lifespan_hint": "start it",
    }
    return WebService(**{**defaults, **options})


@frozen
class Site:
    """A running service, its user pool, and the clock of both."""

    web: WebService
    pool: ScriptedService
    clock: Clock

    def session(self, cookies: str | None = None, **request: Any) -> RequestSession:
        """Return the session of a request."""
        headers = {"sec-fetch-site": "same-origin"} | ({} if cookies is None else {"cookie": cookies})
        return RequestSession(self.web, lambda: web_request(headers=headers, **request))

    async def signed_in(self, **tokens: Any) -> str:
        """Sign a user in, and return the session's cookie as browsers send it."""
        session = self.session()
        await signed_in(session.client(), self.pool, **tokens)
        return cookies_of(await session.begin_response([]))[COOKIE].partition(";")[0]


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Site]:
    """Run a service with these options."""
    clock = Clock()
    options.setdefault("storage", MemoryStorage(clock=clock))
    web = a_service(clock=clock, **options)
    pool = ScriptedService(clock)
    async with web.running() as sessions:
        attach(sessions, pool)
        yield Site(web, pool, clock)


def cookies_of(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the cookies that a response sets, by their names."""
    values = [value.decode("latin-1") for name, value in headers if name == b"set-cookie"]
    return {value.partition("=")[0]: value for value in values}
