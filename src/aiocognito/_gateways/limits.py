"""How much of a response is read: a server must not be able to fill the memory or stop the event loop."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable
from typing import Final

# The longest response of Cognito is a page of 60 devices, which has some 50,000 bytes.
MAX_BYTES: Final = 1_000_000

# `wbits` of zlib that detect the gzip and the zlib format by their header.
_ANY_HEADER: Final = zlib.MAX_WBITS | 32
_INFLATED: Final = frozenset({"gzip", "x-gzip", "deflate"})


class UnreadableBody(ValueError):
    """A body is too long, or compressed in a way that cannot be read."""


def check_size(size: int) -> None:
    """Check a body's size.

    Raises:
        UnreadableBody: It is too long.
    """
    if size > MAX_BYTES:
        raise UnreadableBody(f"the answer has more than {MAX_BYTES} bytes")


async def read_body(chunks: AsyncIterable[bytes], encoding: str | None) -> bytes:
    """Read a body as it was sent, and decompress it. Both sizes are limited to `MAX_BYTES`.

    Compression is never asked for, but a server may use it all the same.

    Args:
        chunks: The body's bytes, as they were received.
        encoding: The header ``Content-Encoding``.

    Raises:
        UnreadableBody: It is too long, or compressed in a way that cannot be read.
    """
    body = bytearray()
    async for chunk in chunks:
        check_size(len(body) + len(chunk))
        body += chunk
    name = (encoding or "identity").strip().lower()
    if name == "identity" or not body:
        return bytes(body)
    if name not in _INFLATED:
        raise UnreadableBody("the answer is compressed in a way that cannot be read")
    return _inflate(bytes(body))


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(_ANY_HEADER)
    try:
        inflated = inflater.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        inflated = None
    # Raised out here, without zlib's error as its context.
    if inflated is None:
        raise UnreadableBody("the answer is compressed, and damaged")
    check_size(len(inflated))
    if not inflater.eof:
        raise UnreadableBody("the answer is compressed, and incomplete")
    return inflated
