"""Classes of the shape of `aiocognito.AuthClient` and `SessionManager` whose every call is a plain one.

Tests that were written for the async classes run through `aiocognito.sync` with them: a method is called in a
worker thread, where a script or a view would call it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Self

from anyio import to_thread

import aiocognito
from aiocognito import sync

# The plain calls of the running test, by the names of the methods.
calls: list[str] = []


class Door:
    """An object of `aiocognito.sync`, used as one of `aiocognito`."""

    async_class: type[Any] = object
    sync_class: type[Any] = object

    def __init__(self, *args: Any, **options: Any) -> None:
        self.plain = self.sync_class(*args, **options)

    @classmethod
    def of(cls, plain: Any) -> Self:
        """Return the door to an object."""
        door = cls.__new__(cls)
        door.plain = plain
        return door

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Call `close`."""
        await to_thread.run_sync(self.plain.close)

    def __getattr__(self, name: str) -> Any:
        if name in ("_session", "_context"):  # what a test looks into
            return getattr(self.plain._remote.made, name)
        member = inspect.getattr_static(self.async_class, name)
        if inspect.iscoroutinefunction(member):
            return partial(self._call, name)
        # Not in this thread, whose event loop a plain call would block.
        found = _elsewhere(lambda: getattr(self.plain, name))
        if name == "hub":
            return Hub.of(found)
        return found if not inspect.isfunction(member) else partial(self._read, found)

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        calls.append(name)
        return await to_thread.run_sync(partial(getattr(self.plain, name), *args, **options))

    def _read(self, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return _elsewhere(lambda: method(*args, **options))


def _elsewhere(call: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(call).result()


class Hub(Door):
    """`aiocognito.Hub` through the synchronous door: its listeners run in worker threads."""

    async_class, sync_class = aiocognito.Hub, sync.Hub


class AuthClient(Door):
    """`aiocognito.AuthClient` through the synchronous door."""

    async_class, sync_class = aiocognito.AuthClient, sync.AuthClient

    async def associate_web_authn_credential(
        self, ceremony: Callable[[dict[str, Any]], Awaitable[Mapping[str, Any] | str]]
    ) -> None:
        """Pass a plain function, which has the test's event loop run the ceremony."""
        loop = asyncio.get_running_loop()

        def plain(options: dict[str, Any]) -> Any:
            async def run() -> Any:
                return await ceremony(options)

            return asyncio.run_coroutine_threadsafe(run(), loop).result()

        await self._call("associate_web_authn_credential", plain)


class SessionManager(Door):
    """`aiocognito.SessionManager` through the synchronous door."""

    async_class, sync_class = aiocognito.SessionManager, sync.SessionManager

    def client(self, session_key: str, **options: Any) -> AuthClient:
        """Return the door to a client."""
        return AuthClient.of(_elsewhere(lambda: self.plain.client(session_key, **options)))
