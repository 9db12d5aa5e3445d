"""The emulator in a thread of its own, for tests whose client blocks, such as Starlette's test client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from aiocognito import AuthConfig
from aiocognito.emulator import CognitoEmulator


@frozen
class EmulatorThread:
    """An emulator that plain functions call."""

    emulator: CognitoEmulator
    portal: BlockingPortal

    def call(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Await a coroutine function of the emulator, and return its result."""
        return self.portal.call(partial(function, *arguments, **named))

    def pool(self, **settings: Any) -> PoolInThread:
        """Create a user pool."""
        return PoolInThread(self, self.call(self.emulator.create_user_pool, **settings))


@frozen
class PoolInThread:
    """A user pool of an emulator in another thread."""

    thread: EmulatorThread
    pool: Any

    @property
    def config(self) -> AuthConfig:
        """The configuration, with the emulator's clock."""
        config: AuthConfig = self.pool.config
        return config

    @property
    def clock(self) -> Any:
        """The emulator's clock."""
        return self.thread.emulator.clock

    def add_user(self, username: str, password: str, **options: Any) -> None:
        """Add a user."""
        self.thread.call(self.pool.add_user, username, password, **options)

    def totp_code(self, username: str) -> str:
        """Return the present code of a user's authenticator app."""
        code: str = self.pool.totp_code(username)
        return code


@contextmanager
def emulator_thread() -> Iterator[EmulatorThread]:
    """Run an emulator in a thread."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(CognitoEmulator()) as emulator:
        yield EmulatorThread(emulator, portal)
