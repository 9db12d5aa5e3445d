"""A websocket that ends with the session of its browser."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiohttp import WSMsgType, web
from attrs import define

from .._config_checks import is_number
from .._hub import AuthEvent
from .._session.session import Session
from ..errors import AuthError
from ._aiohttp import client_of

logger = logging.getLogger(__name__)

SESSION_ENDED: Final = 4401
# How long the browser has to reply to the close frame.
REPLY_SECONDS: Final = 2.0
_MESSAGE: Final = b"the session has ended"
_FRAME: Final = SESSION_ENDED.to_bytes(2) + _MESSAGE


@asynccontextmanager
async def watching(
    request: web.Request, websocket: web.WebSocketResponse, poll: float
) -> AsyncIterator[None]:
    """Close a websocket when the session of its request ends.

    Raises:
        ValueError: ``poll`` is not a positive number.
        RuntimeError: The websocket is not prepared.
        AuthError: The request may be cross-site.
    """
    if not is_number(poll) or not 0 < poll < 1e10:
        raise ValueError("poll must be a positive number of seconds")
    if not websocket.prepared:
        raise RuntimeError("call await websocket.prepare(request) first")
    session, changed = client_of(request)._session, asyncio.Event()
    loop = asyncio.get_running_loop()

    def notice(event: AuthEvent) -> None:
        if session.session_id in (event.session_id, event.previous_session_id):
            loop.call_soon_threadsafe(changed.set)  # Another loop's session may use the same hub.

    stop = session.context.hub.listen(notice)
    watch = _Watch(session, websocket, changed, poll)
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        stop()
        task.cancel()
        # Awaiting the task itself would not distinguish its cancellation from the handler's.
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


@define(eq=False)
class _Watch:
    """The task that closes the websocket.

    Attributes:
        session: The session.
        websocket: The websocket.
        changed: Set when this process changed the session.
        poll: After how many seconds the record is read in any case, for the changes of other processes.
        is_logged: Whether a failure of the storage was logged.
    """

    session: Session
    websocket: web.WebSocketResponse
    changed: asyncio.Event
    poll: float
    is_logged: bool = False

    async def run(self) -> None:
        """Wait until the session has ended, and close the websocket."""
        while await self.is_signed_in():
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll):
                    await self.changed.wait()
        # `close` ends the connection at once if the handler waits for a message. The frame alone lets the
        # browser reply, and the handler then receives the end.
        with suppress(ConnectionError):
            await self.websocket.send_frame(_FRAME, WSMsgType.CLOSE)
            await asyncio.sleep(REPLY_SECONDS)
        await self.websocket.close(code=SESSION_ENDED, message=_MESSAGE)

    async def is_signed_in(self) -> bool:
        """Return whether the record has tokens. A storage that fails does not end the session.

        Nor does it end the watch, even by an exception that is not ours: the websocket would outlive its
        session.
        """
        self.changed.clear()
        try:
            loaded = await self.session.load()
        except Exception as error:
            if not self.is_logged:
                # The text of an exception that is not ours may have a secret.
                reason = error if isinstance(error, AuthError) else type(error).__name__
                logger.warning("whether a websocket's session has ended cannot be read: %s", reason)
            self.is_logged = True
            return True
        self.is_logged = False
        return loaded.record.tokens is not None
