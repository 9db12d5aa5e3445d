"""Token providers: a client's tokens come from its session's record or from the caller's provider."""

from __future__ import annotations

import logging
from asyncio import get_running_loop
from typing import Final, Protocol, runtime_checkable

from attrs import evolve

from .._models import AuthTokens, Metadata
from .._public import public
from ..errors import StorageError
from .context import Decoded
from .device_confirmation import confirm_if_due
from .refresh import refresh_tokens
from .refresh_values import Snapshot, snapshot
from .session import Loaded, Session
from .stored_tokens import CLOCK_TOLERANCE, decode
from .unsettled import settle

logger = logging.getLogger(__name__)

# If a record's lifetime could not be extended, retry after this many seconds.
EXTENSION_RETRY_SECONDS: Final = 30.0
# Seconds between two updates of the time at which tokens were known to be good.
NOTE_SECONDS: Final = 90.0


@public("aiocognito")
@runtime_checkable
class TokenProvider(Protocol):
    """Provides a client with the tokens of the signed-in user."""

    async def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Metadata = None
    ) -> AuthTokens | None:
        """Return tokens that have not expired, or None if no user is signed in.

        Args:
            force_refresh: Whether to renew tokens that have not expired.
            client_metadata: For the user pool's triggers, if the tokens are renewed.
        """
        ...


class SessionTokenProvider:
    """Tokens from a session's record, renewed when they end (the default `TokenProvider`)."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Metadata = None
    ) -> AuthTokens | None:
        """Return tokens that have not expired, or None if no user is signed in (GetTokensFromRefreshToken).

        Tokens with less than 5 s left count as expired. Within ``AuthConfig.refresh_ahead`` of their
        end they are renewed early. If that fails, the present tokens are returned.

        Args:
            force_refresh: Whether to renew tokens that have not expired.
            client_metadata: For the user pool's triggers, if the tokens are renewed.

        Raises:
            TokenRefreshException: The tokens expired and the session has no refresh token.
            ServiceError: Cognito refused; throttling and failures keep the session.
            NetworkError: Cognito could not be reached; the session is kept.
            StorageError: The storage failed.
        """
        session = self._session
        context = session.context
        if context.loop is not get_running_loop():
            context.check_loop()
        # Always read the storage, so that a session that ended in another process ends at the next call.
        # Decoding is what takes time: decode only if the bytes have changed.
        address = session.address
        raw = await context.storage.get(address.storage_key)
        decoded, now = context.decoded.get(address.session_id), context.clock()
        if (
            decoded is not None
            and not force_refresh
            and decoded.good_from <= now < decoded.good_until
            and decoded.raw == raw
        ):
            if now > decoded.good_from + NOTE_SECONDS:
                # A clock that is put back after this is earlier than `good_from`.
                context.decoded[address.session_id] = evolve(decoded, good_from=now - CLOCK_TOLERANCE)
            session.cookie_at = decoded.cookie_at
            return decoded.tokens
        loaded = Loaded(address, raw, session.parse(raw, address))
        if loaded.mark is not None and await session.follow(address):
            return await self.get_tokens(force_refresh=force_refresh, client_metadata=client_metadata)
        if raw is not None and loaded.mark is None:
            session.cookie_at = loaded.record.cookie_sent_at
        return await self._examine(loaded, force_refresh, client_metadata)

    async def _examine(self, loaded: Loaded, force: bool, client_metadata: Metadata) -> AuthTokens | None:
        session = self._session
        if loaded.record.unsettled is not None:
            loaded = await session.context.run(settle(session, loaded))
        session_id = loaded.address.session_id
        context = session.context
        seen = snapshot(session, loaded)
        if seen is None:
            context.decoded.pop(session_id, None)
            return None
        decoded, now = seen.decoded, context.clock()
        known = context.decoded.get(session_id)
        good_from = known.good_from if known is not None and known.raw == loaded.raw else decoded.good_from
        put_back = now < max(good_from, decoded.good_from)
        if force or put_back or now > seen.early_at:
            put_off_until = max(context.backoff.until(session_id), context.refusals.until(session_id))
            serves_until = min(seen.expires_at, put_off_until)
            if force or now >= serves_until:
                return await refresh_tokens(
                    session, seen, force=force, doubtful=put_back, client_metadata=client_metadata
                )
            if put_back:
                return decoded.tokens
            decoded = evolve(decoded, good_until=serves_until)
        elif loaded.record.next_confirmation_at <= now:
            loaded = await self._confirm_device(loaded)
            confirmed = decode(session.context, loaded)
            if confirmed is None:
                context.decoded.pop(session_id, None)
                return None
            session_id, decoded = loaded.address.session_id, confirmed
        elif decoded.good_until <= now:
            decoded = await self._extend(seen)
        context.remember(session_id, decoded)
        return decoded.tokens

    async def _confirm_device(self, loaded: Loaded) -> Loaded:
        """Send ConfirmDevice again. A failure does not matter to the caller."""
        session = self._session
        try:
            # Cancelling the caller must not lose a response.
            return await session.context.run(confirm_if_due(session))
        except StorageError:
            return loaded

    async def _extend(self, seen: Snapshot) -> Decoded:
        """Extend the record's lifetime in the storage, which every write does."""
        session = self._session
        try:
            written = await session.replace(seen.loaded, seen.loaded.record)
        except StorageError as error:
            # The tokens are good even if the storage cannot be written.
            logger.warning("session %s: its lifetime could not be extended: %s", session.session_id, error)
            retry_at = session.context.clock() + EXTENSION_RETRY_SECONDS
            return evolve(seen.decoded, good_until=min(seen.early_at, retry_at))
        return (written and decode(session.context, written)) or seen.decoded
