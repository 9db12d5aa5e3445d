"""HTTP as bytes on a socket: what no client library would send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from yarl import URL

from helpers.api import Answered

Header = tuple[bytes, bytes]


def request(
    method: bytes,
    path: bytes,
    headers: Iterable[Header] = (),
    body: bytes = b"",
    *,
    host: bytes = b"127.0.0.1",
) -> bytes:
    """Write a request that asks for the connection to be closed."""
    own = ((b"Host", host), (b"Connection", b"close"), (b"Content-Length", b"%d" % len(body)))
    lines = [b"%s %s HTTP/1.1" % (method, path), *(b"%s: %s" % header for header in (*own, *headers))]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def send(url: str, data: bytes) -> Answered:
    """Send bytes and read the response to its end."""
    target = URL(url)
    reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        writer.write(data)
        async with asyncio.timeout(60):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    status, *lines = head.split(b"\r\n")
    assert status.startswith(b"HTTP/1."), f"the connection was dropped on {data[:300]!r}"
    headers = dict(line.decode().split(": ", 1) for line in lines)
    return Answered(int(status.split()[1]), headers, body)


async def exchange(
    url: str,
    method: bytes,
    path: bytes,
    headers: Iterable[Header] = (),
    body: bytes = b"",
    *,
    host: bytes = b"127.0.0.1",
) -> Answered:
    """Send a request and read its response."""
    return await send(url, request(method, path, headers, body, host=host))
