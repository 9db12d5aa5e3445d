"""The hub: emits the events of sessions to listeners and subscribers (Amplify: ``Hub``, channel ``auth``)."""

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from time import monotonic
from typing import Any, Final, Literal, TypeAlias, get_args

import anyio
from attrs import evolve, field, frozen

from ._public import public

logger = logging.getLogger(__name__)

AuthEventName: TypeAlias = Literal[
    "signedIn",
    "signedOut",
    "tokenRefresh",
    "tokenRefresh_failure",
    "signInWithRedirect",
    "signInWithRedirect_failure",
    "customOAuthState",
]
"""Amplify's names of the events of a session."""

EVENT_NAMES: Final[frozenset[str]] = frozenset(get_args(AuthEventName))
LISTENER_SECONDS: Final = 5.0
# A listener that ignores its cancellation is abandoned after this many more seconds.
ABANDON_SECONDS: Final = 1.0
# For this many seconds, code that received a failure gets the same failure again.
FAILURE_SECONDS: Final = 1.0
# How many failures are held for one context, which rarely serves two sessions at once.
MAX_FAILURES: Final = 16


@public("aiocognito")
@frozen
class AuthEvent:
    """An event of a session.

    Attributes:
        name: Amplify's name of the event.
        data: Amplify's data of the event. It never contains a token, code, password or key.
        session_id: The hash of the session's key; the key itself is a secret. None in an event that an
            application made itself.
        dropped: How many events were dropped before this one, because the subscriber was slow.
        previous_session_id: The hash of the key that opened the session until this event, if the event
            moved the session under a new key.
    """

    name: AuthEventName
    data: dict[str, Any] = field(factory=dict)
    session_id: str | None = None
    dropped: int = 0
    previous_session_id: str | None = None


Listener: TypeAlias = Callable[[AuthEvent], Awaitable[None] | None]

# Set for the code that reacts to an event: a listener, the tasks it starts, and the reader of a
# subscription. Failures are (session id, end by the monotonic clock, error).
_listening: ContextVar[bool] = ContextVar("aiocognito_listening", default=False)
_failures: ContextVar[tuple[tuple[str | None, float, Any], ...]] = ContextVar(
    "aiocognito_failures", default=()
)


def is_listening() -> bool:
    """Return whether the calling code was started by a listener."""
    return _listening.get()


def delivered_failure(session_id: str) -> Any:
    """Return the error of a failed refresh that the calling code has just received, or None.

    Otherwise a listener for ``tokenRefresh_failure`` that requests tokens would start an endless loop of
    failing refreshes.

    Args:
        session_id: The id of the session whose tokens are requested.
    """
    now = monotonic()
    for failed, until, error in reversed(_failures.get()):
        if failed == session_id and now < until:
            return error
    return None


def note_failure(event: AuthEvent) -> None:
    """Note in the calling context that it receives a failed refresh (see `delivered_failure`)."""
    if event.name == "tokenRefresh_failure":
        failure = (event.session_id, monotonic() + FAILURE_SECONDS, event.data.get("error"))
        _failures.set((*_failures.get()[-MAX_FAILURES:], failure))


@public("aiocognito")
class Hub:
    """Emits the events of sessions to listeners and subscribers."""

    def __init__(self) -> None:
        # Keyed by a unique object, so that one callback may listen twice, in order of registration.
        self._listeners: dict[object, tuple[Listener, frozenset[str] | None]] = {}
        self._subscriptions: dict[object, tuple[_Buffer, frozenset[str] | None]] = {}

    def listen(
        self, callback: Listener, *, events: Collection[AuthEventName] | None = None
    ) -> Callable[[], None]:
        """Call ``callback`` with every event from now on.

        Args:
            callback: A plain or an async callable. Listeners are called in order, after the session
                is stored and before the method that caused the event returns. An async one has five
                seconds. An exception of a listener is logged, and not raised to the caller.
            events: The names of the events; all by default.

        Returns:
            A function that removes the listener.

        Raises:
            TypeError: ``callback`` cannot be called.
            ValueError: ``events`` has an unknown name.
        """
        if not callable(callback):
            raise TypeError("callback must be callable")
        token = object()
        self._listeners[token] = (callback, _names(events))

        def stop() -> None:
            self._listeners.pop(token, None)

        return stop

    @asynccontextmanager
    async def subscribe(
        self, *, events: Collection[AuthEventName] | None = None, max_buffer: int = 256
    ) -> AsyncIterator[AsyncIterator[AuthEvent]]:
        """Iterate over events: ``async with hub.subscribe() as events: async for event in events``.

        Args:
            events: The names of the events; all by default.
            max_buffer: How many events are buffered for a slow reader. If the buffer is full, the oldest
                event is dropped, and the next event has the number (``event.dropped``).

        Raises:
            ValueError: ``events`` has an unknown name, or ``max_buffer`` is below 1.
        """
        if max_buffer < 1:
            raise ValueError("max_buffer must be at least 1")
        token, buffer = object(), _Buffer(max_buffer)
        self._subscriptions[token] = (buffer, _names(events))
        try:
            yield buffer
        finally:
            self._subscriptions.pop(token, None)
            buffer.close()

    def end(self) -> None:
        """Remove all listeners and end all subscriptions."""
        self._listeners.clear()
        for buffer, _ in self._subscriptions.values():
            buffer.close()
        self._subscriptions.clear()

    async def emit(self, event: AuthEvent) -> None:
        """Send ``event`` to listeners and subscribers. Exceptions of listeners are logged."""
        for buffer, names in list(self._subscriptions.values()):
            if names is None or event.name in names:
                buffer.push(event)
        for token, (callback, names) in list(self._listeners.items()):
            # An earlier listener may have removed this one.
            if token in self._listeners and (names is None or event.name in names):
                await _call(callback, event)


async def _call(callback: Listener, event: AuthEvent) -> None:
    """Run one listener, in a context that marks its work as a reaction to the event."""
    context = copy_context()
    try:
        result = context.run(_react, callback, event)
        if inspect.isawaitable(result):
            await _finish(asyncio.get_running_loop().create_task(_result_of(result), context=context), event)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The listener awaited something that was cancelled.
        logger.exception("a listener for %s raised", event.name)
    except Exception:
        logger.exception("a listener for %s raised", event.name)


def _react(callback: Listener, event: AuthEvent) -> Awaitable[None] | None:
    _listening.set(True)
    note_failure(event)
    return callback(event)


async def _result_of(result: Awaitable[None]) -> None:
    await result


async def _finish(listener: asyncio.Task[None], event: AuthEvent) -> None:
    """Wait for a listener, and cancel it after its time is up.

    It runs in a task of its own, because a listener that ignores its cancellation must not block the
    session.
    """
    try:
        done, _ = await asyncio.wait({listener}, timeout=LISTENER_SECONDS)
    except asyncio.CancelledError:
        listener.cancel()
        raise
    if done:
        listener.result()
        return
    logger.error("a listener for %s was ended after %g s", event.name, LISTENER_SECONDS)
    listener.cancel()
    await asyncio.wait({listener}, timeout=ABANDON_SECONDS)
    # Mark its exception as retrieved, so that asyncio does not log it.
    listener.add_done_callback(lambda task: task.cancelled() or task.exception())


def _names(events: Collection[AuthEventName] | None) -> frozenset[str] | None:
    if events is None:
        return None
    names = frozenset({events} if isinstance(events, str) else events)
    unknown = names - EVENT_NAMES
    if unknown:
        raise ValueError(f"events: no event is called {', '.join(sorted(map(repr, unknown)))}")
    return names


class _Buffer:
    """The events that one subscriber has not read yet: bounded, the oldest are dropped first."""

    def __init__(self, size: int) -> None:
        self._events: deque[AuthEvent] = deque()
        self._size = size
        self._dropped = 0
        self._closed = False
        self._arrival: anyio.Event | None = None

    def push(self, event: AuthEvent) -> None:
        if len(self._events) == self._size:
            self._events.popleft()
            self._dropped += 1
        self._events.append(event)
        self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None:
            self._arrival.set()

    def __aiter__(self) -> AsyncIterator[AuthEvent]:
        return self

    async def __anext__(self) -> AuthEvent:
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            # One `anyio.Event` wakes all readers of a subscription.
            if self._arrival is None or self._arrival.is_set():
                self._arrival = anyio.Event()
            await self._arrival.wait()
        event = self._events.popleft()
        if self._dropped:
            event, self._dropped = evolve(event, dropped=self._dropped), 0
        note_failure(event)
        return event
