"""Where a client's tokens come from: the session's record, or whatever the caller brings."""

from __future__ import annotations

import logging
from asyncio import get_running_loop
from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

from attrs import evolve

from .._models import AuthTokens
from .._public import public
from ..errors import StorageError
from .context import Decoded
from .device_confirmation import confirm_if_due
from .refresh import refresh_tokens
from .refresh_values import Snapshot, snapshot
from .session import CLOCK_TOLERANCE, Loaded, Session

logger = logging.getLogger(__name__)

# A lifetime that could not be counted anew is counted again after so long.
RETRY_SECONDS: Final = 30.0
# So often, at most, it is noted what the clock said when tokens were good.
NOTE_SECONDS: Final = 90.0


@public("aiocognito")
@runtime_checkable
class TokenProvider(Protocol):
    """Gives a client the tokens of whoever is signed in."""

    async def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Mapping[str, str] | None = None
    ) -> AuthTokens | None:
        """Return good tokens, or None if nobody is signed in.

        Args:
            force_refresh: Renew them even if they are good.
            client_metadata: For the user pool's triggers, if they are renewed.
        """
        ...


class SessionTokenProvider:
    """Tokens from a session's record, renewed when they end (the default `TokenProvider`)."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Mapping[str, str] | None = None
    ) -> AuthTokens | None:
        """Return good tokens, or None if nobody is signed in (GetTokensFromRefreshToken).

        Tokens with less than 5 s left count as expired. Within ``AuthConfig.refresh_ahead`` of their
        end they are renewed early; if that fails, the old ones are returned.

        Args:
            force_refresh: Renew them even if they are good.
            client_metadata: For the user pool's triggers, if they are renewed.

        Raises:
            TokenRefreshException: They expired and there is no refresh token.
            ServiceError: Cognito refused; throttling and failures keep the session.
            NetworkError: Cognito could not be reached; the session is kept.
            StorageError: The storage failed.
        """
        session = self._session
        context = session.context
        if context.loop is not get_running_loop():
            context.check_loop()
        # Reading is always a read: a session ended anywhere is ended here at the next call. What
        # costs is decoding, and that is done only when the bytes are others than last time.
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
                # A clock that is put back after this is before it.
                context.decoded[address.session_id] = evolve(decoded, good_from=now - CLOCK_TOLERANCE)
            return decoded.tokens
        loaded = Loaded(address, raw, session.parse(raw, address))
        if loaded.mark is not None and await session.follow(address):
            return await self.get_tokens(force_refresh=force_refresh, client_metadata=client_metadata)
        return await self._look_closer(loaded, force_refresh, client_metadata)

    async def _look_closer(
        self, loaded: Loaded, force: bool, client_metadata: Mapping[str, str] | None
    ) -> AuthTokens | None:
        session, session_id = self._session, loaded.address.session_id
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
            confirmed = session.decode(loaded)
            if confirmed is None:
                context.decoded.pop(session_id, None)
                return None
            session_id, decoded = loaded.address.session_id, confirmed
        elif decoded.good_until <= now:
            decoded = await self._count_anew(seen)
        context.remember(session_id, decoded)
        return decoded.tokens

    async def _confirm_device(self, loaded: Loaded) -> Loaded:
        """Send ConfirmDevice again. Good tokens are returned whatever comes of it."""
        session = self._session
        try:
            # A caller that is cancelled must not lose an answer that came.
            return await session.context.run(confirm_if_due(session))
        except StorageError:
            return loaded

    async def _count_anew(self, seen: Snapshot) -> Decoded:
        """Count the record's lifetime anew; another writer does just that."""
        session = self._session
        try:
            written = await session.replace(seen.loaded, seen.loaded.record)
        except StorageError as error:
            # The tokens are good, whether or not the storage can be written.
            logger.warning("session %s: its lifetime was not counted anew: %s", session.session_id, error)
            retry_at = session.context.clock() + RETRY_SECONDS
            return evolve(seen.decoded, good_until=min(seen.early_at, retry_at))
        return (written and session.decode(written)) or seen.decoded
