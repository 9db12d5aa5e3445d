"""Writes whose caller is cancelled before the server responds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

WRITES: Final[dict[str, Callable[[Any], Any]]] = {
    "set": lambda values: values.set("k", b"v"),
    "delete": lambda values: values.delete("k"),
    "replace": lambda values: values.replace("k", b"v", expected=None),
}


class SlowServer:
    """A server that responds when `go` is set.

    Attributes:
        arrived: Set when a request has arrived.
        done: The requests that it has responded to.
    """

    def __init__(self) -> None:
        self.arrived, self.go = asyncio.Event(), asyncio.Event()
        self.done: list[str] = []

    async def respond(self, request: str) -> None:
        """Respond to a request."""
        self.arrived.set()
        await self.go.wait()
        self.done.append(request)


async def cancel_a_write(write: str, values: Any, server: SlowServer, check: Callable[[], None]) -> None:
    """Cancel a write before the server responds, and assert that it ends with the response.

    Args:
        write: A name of `WRITES`.
        values: The storage.
        server: The server that it writes to.
        check: Called while the cancelled write waits for the response.
    """
    task = asyncio.create_task(WRITES[write](values))
    await server.arrived.wait()
    task.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not task.done()
    check()
    server.go.set()
    await asyncio.wait({task}, timeout=30)
    assert task.cancelled()
