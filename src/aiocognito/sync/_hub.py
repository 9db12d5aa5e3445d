"""The hub for synchronous code."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from .. import _hub as hub
from .._hub import AuthEvent, AuthEventName
from .._public import public
from ._portal import ProcessEndedError, Remote, in_thread, refuse_async


@public("aiocognito.sync")
class Hub:
    """Emits the events of sessions to plain listeners and iterators: `aiocognito.Hub` with plain calls."""

    def __init__(self) -> None:
        self._open(hub.Hub())

    def _open(self, made: hub.Hub) -> None:
        self._remote = Remote(lambda _: made, "Hub")

    @classmethod
    def _of(cls, made: hub.Hub) -> Self:
        facade = cls.__new__(cls)
        facade._open(made)
        return facade

    def listen(
        self, callback: Callable[[AuthEvent], None], *, events: Collection[AuthEventName] | None = None
    ) -> Callable[[], None]:
        """Call a plain function with every event from now on: see :meth:`aiocognito.Hub.listen`.

        Args:
            callback: Called in a worker thread, where it may call the facades. The method that caused the
                event returns after it, or after five seconds. What it raises is logged.
            events: The names of the events; all by default.

        Returns:
            A function that removes the listener.

        Raises:
            TypeError: ``callback`` is async, or cannot be called.
            ValueError: ``events`` has an unknown name.
            RuntimeError: An event loop runs in this thread.
        """
        refuse_async(callback, "callback", "aiocognito.Hub")

        async def listener(event: AuthEvent) -> None:
            await in_thread(callback, event)

        return self._remote.read(lambda made: made.listen(listener, events=events))

    @contextmanager
    def subscribe(
        self, *, events: Collection[AuthEventName] | None = None, max_buffer: int = 256
    ) -> Iterator[Iterator[AuthEvent]]:
        """Iterate over events: ``with hub.subscribe() as events: for event in events``.

        The iterator waits for the next event. It ends when the hub's client or manager is closed. See
        :meth:`aiocognito.Hub.subscribe`.

        Args:
            events: The names of the events; all by default.
            max_buffer: How many events are buffered for a slow reader.

        Raises:
            ValueError: ``events`` has an unknown name, or ``max_buffer`` is below 1.
            RuntimeError: An event loop runs in this thread.
        """
        subscription = self._remote.read(lambda made: made.subscribe(events=events, max_buffer=max_buffer))
        buffer = self._remote.call(lambda _: subscription.__aenter__())

        async def next_event() -> AuthEvent | None:
            return await anext(buffer, None)

        def received() -> Iterator[AuthEvent]:
            while (event := received_next()) is not None:
                # In the reader's context, which a call on the loop only copies.
                hub.note_failure(event)
                yield event

        def received_next() -> AuthEvent | None:
            # The process ends while a daemon thread reads.
            with suppress(ProcessEndedError):
                return self._remote.call(lambda _: next_event())
            return None

        try:
            yield received()
        finally:
            with suppress(ProcessEndedError):
                self._remote.call(lambda _: subscription.__aexit__(None, None, None))


def unwrapped(given: Hub | hub.Hub | None) -> hub.Hub:
    """Return the async hub behind one that was given, or a new one."""
    if isinstance(given, Hub):
        return given._remote.made
    return given if given is not None else hub.Hub()
