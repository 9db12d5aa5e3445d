"""One person's session: the one class that loads and commits a record."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import evolve, field, frozen

from .. import _early_renewal as early_renewal
from .._early_renewal import EXPIRY_MARGIN
from .._gateways.user_pool import UserPool
from .._hub import Hub
from .._jwt import JWT, decode_jwt
from .._models import AuthTokens, AuthUser, SignInDetails, UserContext
from .._responses import TokenSet
from ..errors import InvalidJWTError, StorageError
from . import keys
from .compare_and_set import compare_and_set, is_stored
from .context import Decoded, ServiceContext
from .devices import DeviceStore
from .keys import Address
from .record import MARK_SECONDS, RefreshIntent, SessionRecord, StoredTokens, dump, is_mark, load, new_mark

# A record's lifetime is counted anew at most once a day; of a short one, at every tenth.
RENEWAL_SECONDS: Final = 86_400.0
# No moment that a clock shows is as far away (in seconds since the epoch).
_FAR: Final = 1e12


# A clock that goes back by more than this was put back; less is the clock being corrected.
CLOCK_TOLERANCE: Final = 30.0


@frozen
class Loaded:
    """A record, where it was read, and the bytes it was read from.

    Attributes:
        address: Where it was read.
        raw: What the storage held there, which `Session.replace` compares with.
        record: The record in those bytes.
    """

    address: Address
    raw: bytes | None = field(repr=False)
    record: SessionRecord

    @property
    def mark(self) -> bytes | None:
        """What stands here for a record that moved away, if one did."""
        return self.raw if is_mark(self.raw) else None


class Session:
    """What one session key opens: the record under its hash, and what belongs to it.

    Args:
        shared: Connections, storage and tables of the service.
        session_key: The secret that opens the session.
        device_token: The secret of the browser, under which its remembered devices are kept.
        user_context: What threat protection may know of the end user.
    """

    __slots__ = ("_hub", "_move", "address", "context", "devices", "user_context")

    def __init__(
        self,
        context: ServiceContext,
        session_key: str,
        *,
        device_token: str | None = None,
        user_context: UserContext | None = None,
    ) -> None:
        self.context = context
        self.devices = DeviceStore(context, device_token)
        self.user_context = user_context
        self._hub: Hub | None = None
        self._move: asyncio.Future[None] | None = None
        self.address = keys.address(context.config, keys.check_key(session_key, "session_key"))

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
        """Where the record lies."""
        return self.address.storage_key

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Let the other procedures of this client wait while the record moves (see `follow`)."""
        self._move = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            self._move.set_result(None)
            self._move = None

    async def follow(self, address: Address) -> bool:
        """Return whether this client's record has moved away from an address.

        A procedure that finds a mark where its record was asks this, and runs again if the same client
        has moved the record. For every other client the mark is the end of the session.

        Where it is not known whether the mark was written, the record is put back in its place first.

        Raises:
            StorageError: That is so, and the storage still fails.
        """
        while self._move is not None:
            await asyncio.wait({self._move})
        restore = self.context.restoring.get(address.session_id)
        if restore is not None:
            await restore()
            return True
        return self.address is not address

    def move_to(self, address: Address) -> None:
        """Use another address from now on; what listens here goes along."""
        self.context.decoded.pop(self.session_id, None)
        if self._hub is not None:
            self.context.remove_hub(self.session_id, self._hub)
            self.context.add_hub(address.session_id, self._hub)
        self.address = address

    @property
    def pool(self) -> UserPool:
        """The user pool, for this end user's context."""
        return self.context.connections.user_pool(self.user_context)

    @property
    def hub(self) -> Hub:
        """Hears of this session only."""
        if self._hub is None:
            self._hub = Hub()
            self.context.add_hub(self.session_id, self._hub)
        return self._hub

    def close(self) -> None:
        """End what listens here."""
        if self._hub is not None:
            self.context.remove_hub(self.session_id, self._hub)
            self._hub.end()
            self._hub = None

    # Reading and writing

    async def load(self, known: Loaded | None = None) -> Loaded:
        """Read the record; an empty one if it is absent or cannot be parsed.

        Args:
            known: A record that was read before; it is returned as it is if the storage still holds the
                bytes it was read from.
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
        return Loaded(address, raw, self.parse(raw, address))

    def parse(self, raw: bytes | None, address: Address | None = None) -> SessionRecord:
        """Read a record's bytes, leaving out what has expired meanwhile.

        Tokens that were received and could not be stored yet take the place of those they renew.
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
        """Write a record where another was read, if it is still there; its lifetime is counted anew.

        Returns:
            What is stored now; None if another caller wrote first.
        """
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
        return Loaded(loaded.address, raw, record)

    def dump(
        self, record: SessionRecord, *, renewed_at: float | None = None
    ) -> tuple[bytes | None, SessionRecord, float | None]:
        """Return what is stored of a record (None to delete it), the record as stored, and its ttl.

        Args:
            record: What is to be stored.
            renewed_at: When its lifetime was counted; now by default.
        """
        now = self.context.clock()
        record = evolve(record, renewed_at=now if renewed_at is None else renewed_at)
        if record.is_empty:
            return None, record, None
        return dump(record), record, self._ttl(record, now)

    def _ttl(self, record: SessionRecord, now: float) -> float:
        """Seconds that a record lives: as long as the longest-lived thing in it, within the limits."""
        ttl = 0.0
        if record.tokens is not None or record.identity is not None:
            ttl = self.context.session_ttl
        if record.pending is not None:
            ttl = max(ttl, record.pending.kept_until - now)
        if record.auto_sign_in is not None:
            ttl = max(ttl, record.auto_sign_in.expires_at - now)
        for redirect in record.redirects:
            ttl = max(ttl, redirect.expires_at - now)
        if self.context.max_session_age is not None:
            ttl = min(ttl, record.created_at + self.context.max_session_age - now)
        # A storage takes no lifetime of nothing, and what ended this instant may as well be there.
        return max(ttl, 0.001)

    async def update(
        self, change: Callable[[SessionRecord], SessionRecord], *, known: Loaded | None = None
    ) -> Loaded:
        """Change the record by compare-and-set, however many other callers write to it.

        Args:
            change: Makes the new record of the present one; called again if somebody wrote first.
                What it raises leaves the record as it is.
            known: The record as it was read last, so that it is not decoded again.

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

    # Tokens

    def read_tokens(self, record: SessionRecord) -> AuthTokens | None:
        """Decode a record's tokens; None if there are none, or none that can be read."""
        stored = record.tokens
        if stored is None:
            return None
        try:
            return AuthTokens(
                access_token=decode_jwt(stored.access_token),
                id_token=decode_jwt(stored.id_token) if stored.id_token is not None else None,
                sign_in_details=stored.sign_in_details,
            )
        except InvalidJWTError:
            return None

    def decode(self, loaded: Loaded, tokens: AuthTokens | None = None) -> Decoded | None:
        """Return a record's tokens, and for how long they need not be looked at again.

        Args:
            loaded: The record.
            tokens: Its tokens, if they are decoded already.
        """
        record, tokens = loaded.record, tokens or self.read_tokens(loaded.record)
        if tokens is None or record.tokens is None or loaded.raw is None:
            return None
        # "Counted anew" is about the record's lifetime, "early" about the tokens in it.
        counted_anew = record.renewed_at + min(RENEWAL_SECONDS, self.context.session_ttl / 10)
        good_until = min(self.early_at(record, tokens), counted_anew, record.next_confirmation_at)
        if self.context.max_session_age is not None:
            good_until = min(good_until, record.created_at + self.context.max_session_age)
        # Tokens that seem to come from the future were received before the clock was put back.
        issued_at = _numeric_claim(tokens.access_token, "iat") - self._drift(record.tokens, tokens)
        good_from = max(self.context.clock(), issued_at) - CLOCK_TOLERANCE
        return Decoded(loaded.raw, tokens, good_from, good_until)

    def expires_at(self, stored: StoredTokens, tokens: AuthTokens) -> float:
        """When the first of the tokens counts as expired, by our clock."""
        return self._end(stored, tokens) - EXPIRY_MARGIN

    def early_at(self, record: SessionRecord, tokens: AuthTokens) -> float:
        """From when on a record's tokens are to be renewed, by our clock."""
        stored = record.tokens
        if stored is None:
            return -math.inf
        if stored.refresh_token is None or stored.spent_by is not None or record.waits_for_confirmation:
            # Cognito would refuse: the tokens serve until they expire.
            return self._end(stored, tokens) - EXPIRY_MARGIN
        early_at = early_renewal.early_at(
            self._end(stored, tokens),
            lifetime=_lifetime(tokens),
            ahead=self.context.config.refresh_ahead,
        )
        # A token that may be spent gives good ones within the grace period only.
        return min(early_at, self._unanswered_since(record.intent, stored.refresh_token))

    def _unanswered_since(self, intent: RefreshIntent | None, refresh_token: str) -> float:
        """Return from when on a refresh token is to be sent again whose answer was lost, by our clock."""
        if intent is not None and intent.may_be_repeated(self.context.clock()):
            return intent.ends_at
        return self.context.unanswered.since(refresh_token)

    def _end(self, stored: StoredTokens, tokens: AuthTokens) -> float:
        """When the first of the tokens ends, by our clock; a token that does not say has ended."""
        ends = [_numeric_claim(tokens.access_token, "exp")]
        if tokens.id_token is not None:
            ends.append(_numeric_claim(tokens.id_token, "exp"))
        return min(ends) - self._drift(stored, tokens)

    def _drift(self, stored: StoredTokens, tokens: AuthTokens) -> float:
        """Return the seconds that Cognito's clock is ahead of ours.

        What is stored was measured by the clock of the process that received the tokens. If that clock
        was ahead of ours, it says nothing of ours.
        """
        received_at = _numeric_claim(tokens.access_token, "iat") - stored.clock_drift
        is_ours = received_at <= self.context.clock() + CLOCK_TOLERANCE
        return stored.clock_drift if is_ours else max(stored.clock_drift, 0.0)

    def stored_tokens(
        self, tokens: TokenSet, username: str, details: SignInDetails | None, previous: str | None = None
    ) -> StoredTokens:
        """Make what is stored of tokens that were issued this instant.

        Args:
            tokens: As Cognito issued them.
            username: The name that Cognito knows the person by.
            details: How they signed in.
            previous: The refresh token to keep if Cognito gave no new one.

        Raises:
            InvalidJWTError: One of them is no token. What cannot be read back must not be stored.
        """
        issued_at = _numeric_claim(decode_jwt(tokens.access_token), "iat")
        if tokens.id_token is not None:
            decode_jwt(tokens.id_token)
        return StoredTokens(
            access_token=tokens.access_token,
            id_token=tokens.id_token,
            refresh_token=tokens.refresh_token or previous,
            clock_drift=issued_at - self.context.clock() if issued_at > 0 else 0.0,
            username=username,
            sign_in_details=details,
        )

    async def forget(self) -> Loaded:
        """Delete the record and return what it was.

        Raises:
            StorageError: The storage failed, or other callers kept writing.
        """

        async def attempt() -> Loaded | None:
            loaded = await self.load()
            where, storage = loaded.address.storage_key, self.context.storage
            if loaded.raw is None:
                return loaded
            if loaded.mark is not None:
                # A mark must stay until procedures that began earlier have seen it. It is another one,
                # so that a re-keying whose outcome is not known is not undone after this.
                is_done = await storage.replace(where, new_mark(), expected=loaded.raw, ttl=MARK_SECONDS)
            else:
                is_done = await storage.replace(where, None, expected=loaded.raw)
            return loaded if is_done else None

        forgotten = await compare_and_set(self.context.storage, self.storage_key, attempt)
        self.context.decoded.pop(forgotten.address.session_id, None)
        self.context.unsaved.written(forgotten.address.session_id, None)
        return forgotten


class Superseded(Exception):
    """The session was signed out, moved or signed in again before an answer came."""


def current_user(tokens: AuthTokens) -> AuthUser:
    """Say whose tokens these are; the access token alone suffices."""
    access = tokens.access_token.payload
    identity = tokens.id_token.payload if tokens.id_token is not None else {}
    return AuthUser(
        username=str(identity.get("cognito:username") or access.get("username") or ""),
        user_id=str(identity.get("sub") or access.get("sub") or ""),
        sign_in_details=tokens.sign_in_details,
    )


def _lifetime(tokens: AuthTokens) -> float:
    """How long the access token lives in all, in seconds."""
    return _numeric_claim(tokens.access_token, "exp") - _numeric_claim(tokens.access_token, "iat")


def _numeric_claim(token: JWT, claim: str) -> float:
    value = token.payload.get(claim)
    # A number that no clock shows could not be read back from the record.
    return float(value) if isinstance(value, int | float) and abs(value) < _FAR else 0.0
