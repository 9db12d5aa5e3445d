"""A response in parts, during which a user signs in."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiocognito import AuthClient


async def stream_with_sign_in(auth: AuthClient, password: str, *, late: bool) -> AsyncIterator[bytes]:
    """Yield the parts; with ``late``, sign in after the first one, and yield the error's text."""
    yield b"begin "
    if late:
        try:
            await auth.sign_in("ana", password)
        except RuntimeError as error:
            yield str(error).encode()
    yield b" end"
