"""The context that the sessions of one service share: connections, storage, and tables by session id."""

from __future__ import annotations

import asyncio
import logging
import secrets
import weakref
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

from attrs import field, frozen

from .. import _clocks as clocks
from .._claims import ID
from .._config import AuthConfig
from .._config_checks import require
from .._early_renewal import RenewalBackoff
from .._gateways.connections import Connections
from .._gateways.flights import Flights
from .._hub import AuthEvent, AuthEventName, Hub, is_listening
from .._models import AuthTokens, Credentials
from .._verifier import TokenVerifier
from ..errors import AuthError, AuthUsageError, StorageError
from ..storage import EncryptedStorage, MemoryStorage, Storage
from ..storage._protocol import check_storage
from .refusal_backoff import RefusalBackoff
from .unanswered_tokens import UnansweredTokens
from .unsaved_tokens import UnsavedTokens

logger = logging.getLogger(__name__)
T = TypeVar("T")

# The library's tasks that the running code belongs to.
_inside: ContextVar[frozenset[asyncio.Task[Any]]] = ContextVar("aiocognito_tasks", default=frozenset())

# How many decoded sessions stay in memory.
CACHE_SIZE = 1024
# A record's lifetime is extended at most once a day, or once per tenth of a shorter ``session_ttl``.
RENEWAL_SECONDS = 86_400.0
# Seconds that our clock may differ from Cognito's when a new id token is verified.
ID_TOKEN_LEEWAY = 300.0


@frozen
class Decoded:
    """A record's decoded tokens, and the bytes that they were decoded from.

    Attributes:
        raw: The stored bytes. If the storage holds other bytes, this value is outdated.
        tokens: The tokens.
        good_from: If our clock is earlier than this, it was put back, and the tokens' end is unknown.
            In seconds since the epoch.
        good_until: When they must be examined again: to renew them, or to extend the record's
            lifetime in the storage. In seconds since the epoch, by our clock.
        cookie_at: When the browser was last sent the session's cookie, in seconds since the epoch.
    """

    raw: bytes = field(repr=False)
    tokens: AuthTokens
    good_from: float
    good_until: float
    cookie_at: float = 0.0


class ServiceContext:
    """The connections, storage and tables that all sessions of a service share.

    Args:
        config: The user pool, the identity pool and how to call them.
        storage: The storage of the records.
        connections: The gateways.
        hub: Receives the events of every session.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        session_ttl: Seconds that a record lives after its last use.
        max_session_age: Seconds that a session lives at most; None for no limit.
        fixed_keys: Whether a session keeps its key when it is signed in.
        is_indexed: Whether the sessions of each user are listed in an index.
        class_name: The name of the public class that owns this, for messages.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        storage: Storage,
        connections: Connections,
        hub: Hub,
        clock: Callable[[], float] | None,
        session_ttl: float,
        max_session_age: float | None,
        fixed_keys: bool,
        is_indexed: bool = False,
        class_name: str = "AuthClient",
    ) -> None:
        check_storage(storage)
        require(isinstance(hub, Hub), "hub", "must be a Hub, such as Hub()")
        self.class_name = class_name
        self.config = config
        self.storage = storage
        self.connections = connections
        self.hub = hub
        self.clock = clocks.resolve(clock, config)
        self.session_ttl = session_ttl
        self.max_session_age = max_session_age
        self.fixed_keys = fixed_keys
        self.is_indexed = is_indexed
        # Identifies this process in the refresh intents that it stores.
        self.owner = secrets.token_hex(8)
        # Whether records outlive this process, or are shared with other processes.
        self.is_durable = not _is_volatile(storage)
        self.unsaved = UnsavedTokens()
        self.unanswered = UnansweredTokens(self.clock)
        # By session id: restores a record after a re-keying whose outcome is unknown.
        self.restoring: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
        self.decoded: dict[str, Decoded] = {}
        self.refreshes: Flights[Any] = Flights("the session's client", spawn=self.spawn)
        self.credential_fetches: Flights[tuple[Credentials, str]] = Flights(
            "the session's client", spawn=self.spawn
        )
        self.backoff = RenewalBackoff(self.clock)
        self.refusals = RefusalBackoff(self.clock)
        self._hubs: dict[str, dict[int, weakref.ref[Hub]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._background_saves: dict[str, asyncio.Task[None]] = {}
        # The verifier of the hosted UI's id tokens, and what is called with it when it is made.
        self._id_tokens: TokenVerifier | None = None
        self.on_verifier: Callable[[TokenVerifier], None] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        # Called on the event loop, when it is bound.
        self.on_first_use: Callable[[], None] | None = None
        self._closing = False
        self._closed = False

    @property
    def renewal_seconds(self) -> float:
        """The seconds between two extensions of a record's lifetime."""
        return min(RENEWAL_SECONDS, self.session_ttl / 10)

    @property
    def index_renewal_seconds(self) -> float:
        """The seconds between two renewals of a session's entry in the index."""
        return self.session_ttl / 4

    @property
    def index_seconds(self) -> float:
        """The lifetime of an entry in the index.

        It ends later than that of a record that is written just before the entry is due to be renewed.
        """
        return self.session_ttl * 3 / 2

    @property
    def id_tokens(self) -> TokenVerifier:
        """The verifier of the id tokens that the hosted UI issues.

        Raises:
            AuthUserPoolException: The configuration names no user pool or no app client.
        """
        if self._id_tokens is None:
            self._id_tokens = TokenVerifier.from_config(
                self.config,
                token_use=ID,
                leeway=ID_TOKEN_LEEWAY,
                cache_size=0,  # Each token is verified once.
                clock=self.clock,
                http_client=self.connections.http_client,
            )
            if self.on_verifier is not None:
                self.on_verifier(self._id_tokens)
        return self._id_tokens

    def check_loop(self) -> None:
        """Bind to the running event loop.

        Raises:
            AuthUsageError: Another event loop was bound before, or this is closed.
        """
        # While closing, running tasks may go on, but listeners may not start new work.
        if self._closed or (self._closing and (is_listening() or not _inside.get() & self._tasks)):
            raise AuthUsageError(
                f"this {self.class_name} is closed",
                recovery_suggestion=f"Make another {self.class_name}; use it within its `async with` block.",
            )
        loop = asyncio.get_running_loop()
        if self.loop is not None and self.loop is not loop:
            raise AuthUsageError(
                f"this {self.class_name} belongs to another event loop: its connections, locks and running"
                " refreshes cannot be shared between loops; make one per loop",
                recovery_suggestion=f"Make one {self.class_name} per event loop.",
            )
        if not self._closing and self.loop is None:
            self.loop = loop
            if self.on_first_use is not None:
                self.on_first_use()

    def remember(self, session_id: str, decoded: Decoded) -> None:
        """Cache a decoded record; the oldest entry is dropped if the cache is full."""
        self.decoded.pop(session_id, None)
        while len(self.decoded) >= CACHE_SIZE:
            del self.decoded[next(iter(self.decoded))]
        self.decoded[session_id] = decoded

    async def run(
        self, work: Coroutine[Any, Any, T], started: Callable[[asyncio.Task[Any]], None] | None = None
    ) -> T:
        """Run work that must not stop halfway, in a task of its own.

        If the caller is cancelled, the work goes on, and `aclose` waits for it. The traceback of an
        `AuthError` starts in this method, because the frames below it say no more than its message. A
        `StorageError` keeps its traceback, which shows the frames of the storage.

        Args:
            work: The coroutine.
            started: Called with the task.
        """
        task = self.spawn(work)
        if started is not None:
            started(task)
        try:
            return await asyncio.shield(task)
        except StorageError:
            raise
        except AuthError as error:
            raise error.with_traceback(None)  # noqa: B904 - the error's own cause stays

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task that `aclose` waits for."""
        task = asyncio.get_running_loop().create_task(_enclosed(work))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def save_in_background(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start a background task that retries a failed write; `aclose` cancels it.

        Args:
            name: The session's id, with a suffix for the kind of write. Only one task runs per name.
            work: The coroutine. It is closed if a task of that name is running.
        """
        running = self._background_saves.get(name)
        if running is not None and not running.done():
            work.close()
            return
        task = asyncio.get_running_loop().create_task(_enclosed(work))
        self._background_saves[name] = task
        task.add_done_callback(lambda done: self._background_save_done(name, done))

    def _background_save_done(self, name: str, task: asyncio.Task[None]) -> None:
        if self._background_saves.get(name) is task:
            del self._background_saves[name]
        if not task.cancelled() and task.exception() is not None:
            logger.error("session %s: the background write failed", name, exc_info=task.exception())

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        # Mark the exception as retrieved: all callers may have been cancelled.
        if not task.cancelled() and task.exception() is not None:
            logger.debug("a task of a session ended with %s", type(task.exception()).__name__)

    def add_hub(self, session_id: str, hub: Hub) -> None:
        """Emit a session's events to a hub, which is referenced weakly."""
        key = id(hub)
        hubs = self._hubs.setdefault(session_id, {})
        hubs[key] = weakref.ref(hub, lambda _: self._drop_hub(session_id, key))

    def remove_hub(self, session_id: str, hub: Hub) -> None:
        """Stop emitting a session's events to a hub."""
        self._drop_hub(session_id, id(hub))

    def _drop_hub(self, session_id: str, key: int) -> None:
        hubs = self._hubs.get(session_id, {})
        hubs.pop(key, None)
        if not hubs:
            self._hubs.pop(session_id, None)

    async def emit(
        self,
        session_id: str,
        name: AuthEventName,
        data: dict[str, Any] | None = None,
        *,
        previous_session_id: str | None = None,
    ) -> None:
        """Emit an event to the service's hub and to the hubs of this session."""
        event = AuthEvent(name, data or {}, session_id, previous_session_id=previous_session_id)
        await self.hub.emit(event)
        for reference in list(self._hubs.get(session_id, {}).values()):
            hub = reference()
            if hub is not None:
                await hub.emit(event)

    async def aclose(self) -> None:
        """Wait for the running tasks, then close the connections.

        Listeners cannot start new work meanwhile. A listener that calls this method does not wait for its
        own task.
        """
        self._closing, self.loop = True, None
        while tasks := self._tasks - _inside.get():
            # Not `gather`: if all tasks are done it returns at once, before their callbacks have removed
            # them from the set.
            await asyncio.wait(tasks)
        savers = set(self._background_saves.values()) - _inside.get()
        for saver in savers:
            saver.cancel()
        if savers:
            await asyncio.wait(savers)
        self._closed = True
        try:
            if self._id_tokens is not None:
                await self._id_tokens.aclose()
        finally:
            await self.connections.aclose()


async def _enclosed(work: Coroutine[Any, Any, T]) -> T:
    """Run work in a context that records its task."""
    task = asyncio.current_task()
    if task is not None:
        _inside.set(_inside.get() | {task})
    return await work


def _is_volatile(storage: Storage) -> bool:
    """Return whether a storage is in the memory of this process."""
    while isinstance(storage, EncryptedStorage):
        storage = storage.wrapped
    return isinstance(storage, MemoryStorage)
