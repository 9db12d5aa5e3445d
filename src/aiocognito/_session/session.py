"""A session: the one class that loads and stores a record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from .._config import MAX_DEVICE_NAME
from .._gateways.user_pool import UserPool
from .._hub import Hub
from .._models import UserContext
from ..errors import AuthValidationError, AuthValidationErrorCode, StorageError
from ..storage._task_locks import TaskLocks
from . import keys
from .calls import ClientCalls
from .compare_and_set import compare_and_set, identity_of, is_stored
from .context import ServiceContext
from .devices import DeviceStore
from .indexing import leave_index, renewed
from .keys import Address
from .marks import MARK_SECONDS, is_mark, new_mark
from .record import SessionRecord
from .record_json import dump, load

T = TypeVar("T")

# By storage, key and event loop. An entry exists while a task deletes a record or waits to.
_deletions: Final = TaskLocks()


@frozen
class Loaded:
    """A record, its address, and the bytes that it was parsed from.

    Attributes:
        address: The address that it was read from.
        raw: The stored bytes, which `Session.replace` compares with.
        record: The record in those bytes.
    """

    address: Address
    raw: bytes | None = field(repr=False)
    record: SessionRecord

    @property
    def mark(self) -> bytes | None:
        """The mark of a record that moved to another key; None if the bytes are not a mark."""
        return self.raw if is_mark(self.raw) else None


class Session:
    """A session: the record under the hash of a session key, the browser's devices and the events.

    Args:
        context: The connections, storage and tables of the service.
        session_key: The secret that opens the session, or the address of its record.
        device_token: The secret of the browser, under whose hash its devices are stored.
        user_context: Data about the end user for Cognito's threat protection.
    """

    __slots__ = (
        "_device_token",
        "_devices",
        "_hub",
        "_move",
        "address",
        "calls",
        "context",
        "cookie_at",
        "has_moved",
        "has_new_record",
        "user_context",
    )

    def __init__(
        self,
        context: ServiceContext,
        session_key: str | Address,
        *,
        device_token: str | None = None,
        user_context: UserContext | None = None,
    ) -> None:
        self.context = context
        self._device_token = device_token
        self._devices: DeviceStore | None = None
        if user_context is not None and not isinstance(user_context, UserContext):
            raise AuthValidationError(
                AuthValidationErrorCode.InvalidArgument,
                f"user_context: must be a UserContext, not {type(user_context).__name__}",
            )
        self.user_context = user_context
        self._hub: Hub | None = None
        self._move: asyncio.Future[None] | None = None
        self.calls = ClientCalls()
        # For the integration that sends the cookie: whether this client has changed its key, whether it has
        # stored the first record under its key, and when the browser was last sent the cookie.
        self.has_moved = False
        self.has_new_record = False
        self.cookie_at: float | None = None
        if not isinstance(session_key, Address):
            session_key = keys.address(context.config, keys.check_key(session_key, "session_key"))
        self.address = session_key

    @classmethod
    def of_id(cls, context: ServiceContext, session_id: str) -> Session:
        """Return a session whose key is not known, to end it."""
        return cls(context, Address("", session_id, keys.session_storage_key(context.config, session_id)))

    @property
    def devices(self) -> DeviceStore:
        """The browser's remembered devices."""
        if self._devices is None:
            # Made when it is needed: most requests need no device.
            self._devices = DeviceStore(self.context, self._device_token)
        return self._devices

    @property
    def key(self) -> str:
        """The secret that opens the session."""
        return self.address.key

    @property
    def session_id(self) -> str:
        """The hash of the key."""
        return self.address.session_id

    @property
    def storage_key(self) -> str:
        """The storage key of the record."""
        return self.address.storage_key

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Let this client's other procedures wait while the record moves (see `follow`)."""
        self._move = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            self._move.set_result(None)
            self._move = None

    async def follow(self, address: Address) -> bool:
        """Return whether this client's record has moved away from an address.

        Call this after a mark was read, and repeat the procedure if the same client has moved the record.
        For any other client, a mark means that the session has ended.

        If it is unknown whether the mark was written, the record is restored first.

        Raises:
            StorageError: The record could not be restored.
        """
        while self._move is not None:
            await asyncio.wait({self._move})
        restore = self.context.restoring.get(address.session_id)
        if restore is not None:
            await restore()
            return True
        return self.address is not address

    def move_to(self, address: Address) -> None:
        """Use another address from now on. This client's hub moves along."""
        self.context.decoded.pop(self.session_id, None)
        if self._hub is not None:
            self.context.remove_hub(self.session_id, self._hub)
            self.context.add_hub(address.session_id, self._hub)
        self.address, self.has_moved = address, True

    @property
    def pool(self) -> UserPool:
        """The user pool's operations, with this end user's context."""
        return self.context.connections.user_pool(self.user_context)

    @property
    def device_name(self) -> str:
        """The name of a new device: this browser's, or the configured one."""
        own = None if self.user_context is None else self.user_context.device_name
        return own[:MAX_DEVICE_NAME] if own else self.context.config.device_name

    @property
    def hub(self) -> Hub:
        """The hub that receives this session's events only."""
        if self._hub is None:
            self._hub = Hub()
            self.context.add_hub(self.session_id, self._hub)
        return self._hub

    def close(self) -> None:
        """Remove all listeners and subscribers of this session."""
        if self._hub is not None:
            self.context.remove_hub(self.session_id, self._hub)
            self._hub.end()
            self._hub = None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work that must not stop halfway, and count it as under way (see `ServiceContext.run`)."""
        return await self.context.run(work, self.calls.add)

    # Reading and writing

    async def load(self, known: Loaded | None = None) -> Loaded:
        """Read the record; an empty one if it is absent or cannot be parsed.

        Args:
            known: The record as it was read before. It is returned if the stored bytes are the same.
        """
        while True:
            address = self.address
            loaded = await self.load_at(address, known)
            if loaded.mark is None or not await self.follow(address):
                return loaded

    async def load_at(self, address: Address, known: Loaded | None = None) -> Loaded:
        """Read the record at an address, whether or not this client has moved away from it."""
        raw = await self.context.storage.get(address.storage_key)
        if known is not None and known.raw == raw and known.address is address:
            return known
        loaded = Loaded(address, raw, self.parse(raw, address))
        if raw is not None and loaded.mark is None:
            self.cookie_at = loaded.record.cookie_sent_at
        return loaded

    def parse(self, raw: bytes | None, address: Address | None = None) -> SessionRecord:
        """Parse a record's bytes, and remove what has expired.

        Renewed tokens that could not be stored yet replace the stored ones.
        """
        now = self.context.clock()
        record = load(raw) if raw is not None else None
        if record is None or self._is_too_old(record, now):
            return SessionRecord(created_at=now, renewed_at=now)
        if record.pending is not None and record.pending.kept_until <= now:
            record = evolve(record, pending=None)
        if record.auto_sign_in is not None and record.auto_sign_in.expires_at <= now:
            record = evolve(record, auto_sign_in=None)
        if any(each.expires_at <= now for each in record.redirects):
            left = tuple(each for each in record.redirects if each.expires_at > now)
            record = evolve(record, redirects=left)
        return self.context.unsaved.applied((address or self.address).session_id, record)

    def _is_too_old(self, record: SessionRecord, now: float) -> bool:
        age = self.context.max_session_age
        return age is not None and record.created_at + age <= now

    async def replace(self, loaded: Loaded, record: SessionRecord) -> Loaded | None:
        """Replace a record if it has not changed since it was read, and extend its lifetime.

        Its entry in the index of its user is renewed first, if that is due.

        Returns:
            The record as stored; None if another caller wrote first.
        """
        record = await renewed(self.context, loaded.address.session_id, record)
        raw, record, ttl = self.dump(record)
        if raw is None and (loaded.raw is None or loaded.mark is not None):
            return Loaded(loaded.address, loaded.raw, record)
        where, failure = loaded.address.storage_key, None
        try:
            if not await self.context.storage.replace(where, raw, expected=loaded.raw, ttl=ttl):
                return None
        except StorageError as error:
            failure = error
        if failure is not None and not await is_stored(self.context.storage, where, raw):
            raise failure
        self.context.unsaved.written(loaded.address.session_id, record)
        if raw is not None and loaded.raw is None:
            self.has_new_record = True
        if record.tokens is None:
            await leave_index(self.context, loaded.address.session_id, loaded.record.tokens)
        return Loaded(loaded.address, raw, record)

    async def note_cookie(self, seen_at: float) -> bool:
        """Store that the browser is sent its cookie again, and return whether to send it.

        A response that renews the cookie must not overwrite the cookie of another response that has
        changed the key meanwhile.

        Args:
            seen_at: When the cookie was last sent, as read from the record.

        Returns:
            False if the session has ended or moved, or if another response has renewed the cookie.
        """
        is_due = False

        def change(record: SessionRecord) -> SessionRecord:
            nonlocal is_due
            is_due = not record.is_empty and record.cookie_sent_at <= seen_at
            return evolve(record, cookie_at=self.context.clock()) if is_due else record

        await self.update(change)
        return is_due

    def dump(
        self, record: SessionRecord, *, renewed_at: float | None = None
    ) -> tuple[bytes | None, SessionRecord, float | None]:
        """Return a record's bytes (None to delete it), the record as stored, and its lifetime in seconds.

        Args:
            record: The record.
            renewed_at: When its lifetime was extended, in seconds since the epoch; now by default.
        """
        now = self.context.clock()
        record = evolve(record, renewed_at=now if renewed_at is None else renewed_at)
        if record.is_empty:
            return None, record, None
        return dump(record), record, self._ttl(record, now)

    def _ttl(self, record: SessionRecord, now: float) -> float:
        """Return how many seconds a record lives: as long as its longest-lived member, within the limits."""
        ttl = 0.0
        if record.tokens is not None or record.identity is not None:
            ttl = self.context.session_ttl
        if record.tokens is not None and record.indexed_at > 0:
            # Its entry in the index lives longer, unless it could not be renewed.
            ttl = min(ttl, record.indexed_at + self.context.index_seconds - now)
        if record.pending is not None:
            ttl = max(ttl, record.pending.kept_until - now)
        if record.auto_sign_in is not None:
            ttl = max(ttl, record.auto_sign_in.expires_at - now)
        for redirect in record.redirects:
            ttl = max(ttl, redirect.expires_at - now)
        if self.context.max_session_age is not None:
            ttl = min(ttl, record.created_at + self.context.max_session_age - now)
        # A storage needs a positive lifetime.
        return max(ttl, 0.001)

    async def update(
        self, change: Callable[[SessionRecord], SessionRecord], *, known: Loaded | None = None
    ) -> Loaded:
        """Change the record by compare-and-set.

        Args:
            change: Takes the present record and returns the new one; called again if another caller
                wrote first. If it raises, the record stays as it is.
            known: The record as it was read last. It is not parsed again if the bytes are the same.

        Raises:
            StorageError: The storage failed, or other callers kept writing.
        """

        async def attempt() -> Loaded | None:
            loaded = await self.load(known)
            record = change(loaded.record)
            if record == loaded.record:
                return loaded
            return await self.replace(loaded, record)

        return await compare_and_set(self.context.storage, self.storage_key, attempt)

    async def forget(
        self,
        is_meant: Callable[[SessionRecord], bool] = lambda _: True,
        *,
        if_unknown: Callable[[Loaded], None] | None = None,
    ) -> Loaded:
        """Delete the record, and return it.

        Args:
            is_meant: Takes the record, and returns whether to delete it; by default any.
            if_unknown: Called with the record before an error is raised, if it may be deleted nevertheless.

        Raises:
            StorageError: The storage failed, or other callers kept writing.
        """

        tried: Loaded | None = None

        async def attempt() -> Loaded | None:
            nonlocal tried
            loaded = await self.load()
            where, storage = loaded.address.storage_key, self.context.storage
            if loaded.raw is None and tried is not None and tried.address is loaded.address:
                # The delete was sent twice, as its first response was lost, or another caller has deleted
                # the record. Its tokens may be left to be revoked; to revoke them twice does no harm.
                return tried
            if loaded.raw is None or (loaded.mark is None and not is_meant(loaded.record)):
                return loaded
            if loaded.mark is not None:
                # A mark must stay until earlier procedures have seen it. Write a new one, so that a
                # re-keying with an unknown outcome is not undone after this.
                is_done = await storage.replace(where, new_mark(), expected=loaded.raw, ttl=MARK_SECONDS)
            else:
                tried = loaded
                is_done = await self._delete(loaded, if_unknown)
            return loaded if is_done else None

        # One at a time in a process: of two calls, only one ends the session.
        async with _deletions.hold(f"{identity_of(self.context.storage)}:{self.storage_key}"):
            forgotten = await compare_and_set(self.context.storage, self.storage_key, attempt)
        if is_meant(forgotten.record):
            session_id = forgotten.address.session_id
            self.context.decoded.pop(session_id, None)
            self.context.unsaved.written(session_id, None)
        return forgotten

    async def _delete(self, loaded: Loaded, if_unknown: Callable[[Loaded], None] | None) -> bool:
        """Delete a record if it has not changed since it was read."""
        where, storage = loaded.address.storage_key, self.context.storage
        try:
            return await storage.replace(where, None, expected=loaded.raw)
        except StorageError as error:
            failure = error
        # The response may have been lost after the delete: the next call would find no tokens to revoke.
        is_gone = await is_stored(storage, where, None)
        if is_gone is None and if_unknown is not None:
            if_unknown(loaded)
        if not is_gone:
            raise failure
        return True


class Superseded(Exception):
    """The session was signed out, moved or signed in again before the response arrived."""


class EndedMeanwhile(Superseded):
    """The sessions of the user were ended while this one was signed in or moved."""
