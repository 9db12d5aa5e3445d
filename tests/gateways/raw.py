"""Servers that answer in a way that no HTTP server would."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from helpers.loop_time import stopped_loop_time


@asynccontextmanager
async def serve(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]], *, asked: Callable[[], None] | None = None
) -> AsyncIterator[str]:
    """Serve what takes requests and answers in a way of its own, until the client goes; yield its address.

    Args:
        answer: Sends the answer.
        asked: Is called when a request has come. Without it, the answer does not wait for the request.
    """
    served: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.add(task)
        try:
            if asked is not None:
                await reader.readuntil(b"\r\n\r\n")
                asked()
            await answer(writer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*served)
        await server.wait_closed()


async def silence(_: asyncio.StreamWriter) -> None:
    """Say nothing, not even TLS."""


@asynccontextmanager
async def dripping() -> AsyncIterator[str]:
    """Serve what answers a little at a time, without end. Timeouts begin when a request has come."""
    with stopped_loop_time() as go_on:
        async with serve(_drip, asked=go_on) as address:
            yield address


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)
