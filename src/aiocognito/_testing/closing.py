"""A client that is closed on its own event loop, by a fixture that has none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress

from .._client import AuthClient
from .._config import AuthConfig


@contextmanager
def closed_with_its_loop(config: AuthConfig) -> Iterator[AuthClient]:
    """Make a client, and close it on the event loop that it was used on.

    A loop that ends closes it (``loop.shutdown_asyncgens``, which ``asyncio.run`` and the test runners of
    asyncio, pytest-asyncio and anyio call). If the loop still runs when the block ends, the block closes the
    client on it.

    Args:
        config: The user pool, and how to call it.
    """
    client = AuthClient(config)
    closer = _Closer(client)
    client._session.context.on_first_use = closer.bind
    try:
        yield client
    finally:
        closer.close()


class _Closer:
    """Closes a client on the loop that it was used on.

    Args:
        client: The client.
    """

    def __init__(self, client: AuthClient) -> None:
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: AsyncGenerator[None, None] | None = None

    def bind(self) -> None:
        """Register the client with the running loop, which closes it when it ends."""
        self._loop = asyncio.get_running_loop()
        self._waiting = self._until_the_end()
        # Its first step waits for nothing, so it can be taken here. The loop then knows the generator.
        with suppress(StopIteration):
            self._waiting.__anext__().send(None)

    async def _until_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self._client.aclose()

    def close(self) -> None:
        """Close the client, unless its loop has done so."""
        loop, waiting = self._loop, self._waiting
        if loop is None or waiting is None or loop.is_closed() or loop is _running_loop():
            return
        if loop.is_running():
            asyncio.run_coroutine_threadsafe(_end(waiting), loop).result()
        else:
            loop.run_until_complete(_end(waiting))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread. It cannot be waited for here, and closes the client later."""
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


async def _end(waiting: AsyncGenerator[None, None]) -> None:
    await waiting.aclose()
