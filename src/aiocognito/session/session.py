"""One person's session: the one class that loads and commits a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from attrs import evolve, field, frozen

from ..answers import Authenticated, Challenged, Outcome, TokenSet
from ..errors import InvalidJWTError, StorageError
from ..hub import Hub
from ..jwt import JWT, decode_jwt
from ..models import AuthTokens, AuthUser, SignInDetails, UserContext
from ..results import SignInResult
from ..services.user_pool import UserPool
from ..steps import SignInStep
from . import device_confirmation, keys
from .compare_and_set import compare_and_set
from .devices import DeviceStore
from .record import PendingSignIn, SessionRecord, StoredTokens, dump, load
from .shared import Decoded, Shared

# Tokens with less than this left count as expired: a request takes its time (Amplify's margin).
EXPIRY_MARGIN: Final = 5.0
# A record's lifetime is counted anew at most once a day; of a short one, at every tenth.
RENEWAL_SECONDS: Final = 86_400.0
# A session that others keep writing to is in trouble; losing this often has another cause.
MAX_WRITE_ATTEMPTS: Final = 100


@frozen
class Loaded:
    """A record and the bytes it was read from, which `Session.replace` compares with."""

    raw: bytes | None = field(repr=False)
    record: SessionRecord


class Session:
    """What one session key opens: the record under its hash, and what belongs to it.

    Args:
        shared: Connections, storage and tables of the service.
        session_key: The secret that opens the session.
        device_token: The secret of the browser, under which its remembered devices are kept.
        user_context: What threat protection may know of the end user.
    """

    __slots__ = ("_hub", "devices", "key", "session_id", "shared", "storage_key", "user_context")

    def __init__(
        self,
        shared: Shared,
        session_key: str,
        *,
        device_token: str | None = None,
        user_context: UserContext | None = None,
    ) -> None:
        self.shared = shared
        self.devices = DeviceStore(shared, device_token)
        self.user_context = user_context
        self._hub: Hub | None = None
        self._use(keys.check_key(session_key, "session_key"))

    def _use(self, session_key: str) -> None:
        self.key = session_key
        self.session_id = keys.digest(session_key)
        self.storage_key = keys.session_storage_key(self.shared.config, self.session_id)

    @property
    def pool(self) -> UserPool:
        """The user pool, for this end user's context."""
        return self.shared.connections.user_pool(self.user_context)

    @property
    def hub(self) -> Hub:
        """Hears of this session only."""
        if self._hub is None:
            self._hub = Hub()
            self.shared.add_hub(self.session_id, self._hub)
        return self._hub

    def close(self) -> None:
        """End what listens here."""
        if self._hub is not None:
            self.shared.remove_hub(self.session_id, self._hub)
            self._hub.end()
            self._hub = None

    # Reading and writing

    async def load(self) -> Loaded:
        """Read the record; an empty one if there is none, or none that can be read."""
        raw = await self.shared.storage.get(self.storage_key)
        return Loaded(raw, self.parse(raw))

    def parse(self, raw: bytes | None) -> SessionRecord:
        """Read a record's bytes, leaving out what has expired meanwhile."""
        now = self.shared.clock()
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
        return record

    def _is_too_old(self, record: SessionRecord, now: float) -> bool:
        age = self.shared.max_session_age
        return age is not None and record.created_at + age <= now

    async def replace(self, record: SessionRecord, *, expected: bytes | None) -> Loaded | None:
        """Write a record, its lifetime counted anew, if the storage still holds ``expected``.

        Returns:
            What is stored now; None if somebody else wrote first.
        """
        now = self.shared.clock()
        record = evolve(record, renewed_at=now)
        raw, ttl = None, None
        if not record.is_empty:
            raw, ttl = dump(record), self._ttl(record, now)
        if raw is None and expected is None:
            return Loaded(None, record)
        if not await self.shared.storage.replace(self.storage_key, raw, expected=expected, ttl=ttl):
            return None
        return Loaded(raw, record)

    def _ttl(self, record: SessionRecord, now: float) -> float:
        """Seconds that a record lives: as long as the longest-lived thing in it, within the limits."""
        ttl = 0.0
        if record.tokens is not None or record.identity is not None:
            ttl = self.shared.session_ttl
        if record.pending is not None:
            ttl = max(ttl, record.pending.kept_until - now)
        if record.auto_sign_in is not None:
            ttl = max(ttl, record.auto_sign_in.expires_at - now)
        for redirect in record.redirects:
            ttl = max(ttl, redirect.expires_at - now)
        if self.shared.max_session_age is not None:
            ttl = min(ttl, record.created_at + self.shared.max_session_age - now)
        # A storage takes no lifetime of nothing, and what ended this instant may as well be there.
        return max(ttl, 0.001)

    async def update(self, change: Callable[[SessionRecord], SessionRecord]) -> Loaded:
        """Change the record by compare-and-set, however many other callers write to it.

        Args:
            change: Makes the new record of the present one; called again if somebody wrote first.
                What it raises leaves the record as it is.

        Raises:
            StorageError: The storage failed, or other callers kept writing.
        """

        async def attempt() -> Loaded | None:
            loaded = await self.load()
            record = change(loaded.record)
            if record == loaded.record:
                return loaded
            return await self.replace(record, expected=loaded.raw)

        return await compare_and_set(self.shared.storage, self.storage_key, attempt)

    # Tokens

    def decode(self, raw: bytes | None, record: SessionRecord) -> Decoded | None:
        """Decode a record's tokens; None if there are none, or none that can be read."""
        stored = record.tokens
        if stored is None or raw is None:
            return None
        try:
            tokens = AuthTokens(
                access_token=decode_jwt(stored.access_token),
                id_token=decode_jwt(stored.id_token) if stored.id_token is not None else None,
                sign_in_details=stored.sign_in_details,
            )
        except InvalidJWTError:
            return None
        # "Counted anew" is about the record's lifetime, "early" about the tokens in it.
        counted_anew = record.renewed_at + min(RENEWAL_SECONDS, self.shared.session_ttl / 10)
        good_until = min(
            self.early_at(record, tokens), counted_anew, device_confirmation.next_attempt_at(record)
        )
        if self.shared.max_session_age is not None:
            good_until = min(good_until, record.created_at + self.shared.max_session_age)
        return Decoded(raw, tokens, good_until)

    def expires_at(self, stored: StoredTokens, tokens: AuthTokens) -> float:
        """When the first of the tokens counts as expired, by our clock."""
        return _end(stored, tokens) - EXPIRY_MARGIN

    def early_at(self, record: SessionRecord, tokens: AuthTokens) -> float:
        """From when on a record's tokens are to be renewed, by our clock."""
        stored = record.tokens
        if stored is None:
            return -math.inf
        ahead = self.shared.config.refresh_ahead if stored.refresh_token is not None else 0.0
        if device_confirmation.waits_for_confirmation(record):
            # Cognito would refuse. The time that is left is for the confirmation.
            ahead = 0.0
        # Whoever wants an hour's notice of tokens that live five minutes would renew them always.
        ahead = min(ahead, _life(tokens) / 2)
        return _end(stored, tokens) - max(ahead, EXPIRY_MARGIN)

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
        issued_at = _number(decode_jwt(tokens.access_token), "iat")
        if tokens.id_token is not None:
            decode_jwt(tokens.id_token)
        return StoredTokens(
            access_token=tokens.access_token,
            id_token=tokens.id_token,
            refresh_token=tokens.refresh_token or previous,
            clock_drift=issued_at - self.shared.clock() if issued_at > 0 else 0.0,
            username=username,
            sign_in_details=details,
        )

    # Outcomes

    async def commit(
        self,
        outcome: Outcome,
        step: SignInStep,
        details: SignInDetails,
        *,
        claim: str | None = None,
        sign_up_of: str | None = None,
    ) -> SignInResult:
        """Remember what a sign-in came to, tell the Hub, and say what comes next.

        Args:
            outcome: What the flow came to.
            step: What that means for the person.
            details: How the sign-in was begun.
            claim: Whose answer this is; if the pending sign-in is no longer claimed under that name,
                somebody signed out or began anew, and nothing is stored.
            sign_up_of: Whose sign-up this follows; if it is no longer waited for, nothing is stored.

        Raises:
            Superseded: That happened.
        """

        def change(record: SessionRecord) -> SessionRecord:
            pending, planned = record.pending, record.auto_sign_in
            if claim is not None and (pending is None or pending.claim != claim):
                raise Superseded
            if sign_up_of is not None and (planned is None or planned.username != sign_up_of):
                raise Superseded
            match outcome:
                case Authenticated():
                    stored = self.stored_tokens(outcome.tokens, outcome.username, details)
                    stored = evolve(stored, device_key=device_key)
                    return record.signed_in(stored, at=self.shared.clock(), device=device)
                case Challenged():
                    answered = pending if claim is not None else None
                    following = self._pending(outcome, details, answered)
                    return evolve(record, pending=following, auto_sign_in=None)
                case _:
                    return evolve(record, pending=None)

        if isinstance(outcome, Authenticated | Challenged) and outcome.gone_device is not None:
            await self.devices.forget(outcome.gone_device)
        device, device_key = await device_confirmation.settle_device(self, outcome, details)
        loaded = await self.update(change)
        signed_in = isinstance(outcome, Authenticated)
        if signed_in:
            await self.tell_signed_in(loaded)
        return SignInResult(is_signed_in=signed_in, next_step=step)

    def _pending(
        self, challenge: Challenged, details: SignInDetails, answered: PendingSignIn | None
    ) -> PendingSignIn:
        expires_at = self.shared.clock() + self.shared.config.auth_session_validity
        if answered is not None and answered.challenge.session == challenge.session:
            # A choice made without asking Cognito, whose session has not become younger by it.
            expires_at = answered.expires_at
        return PendingSignIn(
            challenge=evolve(challenge, gone_device=None), sign_in_details=details, expires_at=expires_at
        )

    async def tell_signed_in(self, loaded: Loaded) -> None:
        """Tell the Hub who has signed in."""
        decoded = self.decode(loaded.raw, loaded.record)
        if decoded is not None:
            await self.shared.emit(self.session_id, "signedIn", current_user(decoded.tokens).to_dict())

    async def forget(self) -> Loaded:
        """Delete the record and return what it was.

        Raises:
            StorageError: The storage failed, or other callers kept writing.
        """

        async def attempt() -> Loaded | None:
            loaded = await self.load()
            key = self.storage_key
            if loaded.raw is None or await self.shared.storage.replace(key, None, expected=loaded.raw):
                return loaded
            return None

        forgotten = await compare_and_set(self.shared.storage, self.storage_key, attempt)
        self.shared.decoded.pop(self.session_id, None)
        return forgotten

    async def move(self, new_key: str) -> None:
        """Move the record under a new key; the old one opens nothing any more.

        A refresh that is under way is waited for, so that what it brings is moved, too.

        Raises:
            StorageError: The storage failed; the old key still opens the session.
        """
        new_id = keys.digest(new_key)
        target = keys.session_storage_key(self.shared.config, new_id)
        async with self.shared.storage.lock(self.storage_key):
            for _ in range(MAX_WRITE_ATTEMPTS):
                loaded = await self.load()
                if loaded.raw is None or loaded.record.is_empty:
                    # Somebody may have signed out since it was copied.
                    await self.shared.storage.delete(target)
                    break
                # Copied before it is deleted: whatever happens in between loses nothing.
                ttl = self._ttl(loaded.record, self.shared.clock())
                await self.shared.storage.set(target, loaded.raw, ttl=ttl)
                if await self.shared.storage.replace(self.storage_key, None, expected=loaded.raw):
                    break
            else:
                await self.shared.storage.delete(target)
                raise StorageError("the session's record kept changing while it was moved")
        self.shared.decoded.pop(self.session_id, None)
        hub = self._hub
        if hub is not None:
            self.shared.remove_hub(self.session_id, hub)
            self.shared.add_hub(new_id, hub)
        self._use(new_key)


class Superseded(Exception):
    """Somebody signed out, or began another sign-in, before this one's answer came."""


def current_user(tokens: AuthTokens) -> AuthUser:
    """Say whose tokens these are; the access token alone suffices."""
    access = tokens.access_token.payload
    identity = tokens.id_token.payload if tokens.id_token is not None else {}
    return AuthUser(
        username=str(identity.get("cognito:username") or access.get("username") or ""),
        user_id=str(identity.get("sub") or access.get("sub") or ""),
        sign_in_details=tokens.sign_in_details,
    )


def _end(stored: StoredTokens, tokens: AuthTokens) -> float:
    """When the first of the tokens ends, by our clock; a token that does not say has ended."""
    ends = [_number(tokens.access_token, "exp")]
    if tokens.id_token is not None:
        ends.append(_number(tokens.id_token, "exp"))
    return min(ends) - stored.clock_drift


def _life(tokens: AuthTokens) -> float:
    """How long the access token lives in all, in seconds."""
    return _number(tokens.access_token, "exp") - _number(tokens.access_token, "iat")


def _number(token: JWT, claim: str) -> float:
    value = token.payload.get(claim)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
