"""The calls of one client that may change its session key, for the integration that sends the cookie."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ..errors import AuthUsageError

_SUGGESTION: Final = (
    "Call this in a route that has not begun its response, so that the browser receives the new key."
)


class ClientCalls:
    """The calls of a client that are under way, and whether the client's key may still change."""

    __slots__ = ("_browser_has_key", "_reason", "_running")

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()
        self._reason: str | None = None
        self._browser_has_key = True

    def add(self, task: asyncio.Future[Any]) -> None:
        """Count a task as under way until it is done, even if its caller is cancelled."""
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a block as under way."""
        block = asyncio.get_running_loop().create_future()
        self._running.add(block)
        try:
            yield
        finally:
            self._running.discard(block)
            block.set_result(None)

    @property
    def are_running(self) -> bool:
        """Whether a call is under way."""
        return bool(self._running)

    async def settle(self, seconds: float) -> None:
        """Wait until no call is under way, at most for some seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._running and (left := until - loop.time()) > 0:
            await asyncio.wait(set(self._running), timeout=left)

    def refuse_new_keys(self, reason: str, *, browser_has_key: bool) -> None:
        """Refuse calls from now on that would change the key.

        Args:
            reason: Why no cookie can be sent.
            browser_has_key: Whether the browser has the present key. If not, nothing may be stored under
                it, either.
        """
        self._reason, self._browser_has_key = reason, browser_has_key

    def check_new_key(self) -> None:
        """Raise if the browser could not receive a new key.

        Raises:
            AuthUsageError: No cookie can be sent. It is a ``RuntimeError``.
        """
        if self._reason is not None:
            raise AuthUsageError(
                f"this call would change the session key, and no cookie can be sent: {self._reason}",
                recovery_suggestion=_SUGGESTION,
            )

    def check_stored_key(self) -> None:
        """Raise if the browser does not have the present key, and could not receive it.

        Raises:
            AuthUsageError: No cookie can be sent. It is a ``RuntimeError``.
        """
        if not self._browser_has_key:
            self.check_new_key()
