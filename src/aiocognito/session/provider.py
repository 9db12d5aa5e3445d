"""Where a client's tokens come from: the session's record, or whatever the caller brings."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from attrs import evolve

from ..errors import StorageError
from ..models import AuthTokens
from .device_confirmation import confirm_if_due, is_due
from .refresh import refreshed
from .session import Loaded, Session


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
        shared = session.shared
        if shared.loop is not get_running_loop():
            shared.check_loop()
        # Reading is always a read: a session ended anywhere is ended here at the next call. What
        # costs is decoding, and that is done only when the bytes are others than last time.
        raw = await shared.storage.get(session.storage_key)
        decoded = shared.decoded.get(session.session_id)
        if (
            decoded is not None
            and not force_refresh
            and shared.clock() < decoded.good_until
            and decoded.raw == raw
        ):
            return decoded.tokens
        return await self._look_closer(raw, force_refresh, client_metadata)

    async def _look_closer(
        self, raw: bytes | None, force: bool, client_metadata: Mapping[str, str] | None
    ) -> AuthTokens | None:
        session = self._session
        shared = session.shared
        record = session.parse(raw)
        decoded, stored = session.decode(raw, record), record.tokens
        if decoded is None or stored is None:
            shared.decoded.pop(session.session_id, None)
            return None
        now = shared.clock()
        if force or now > session.early_at(record, decoded.tokens):
            serves_until = min(
                session.expires_at(stored, decoded.tokens), shared.patience.until(session.session_id)
            )
            if force or now >= serves_until:
                return await refreshed(session, raw, force=force, client_metadata=client_metadata)
            decoded = evolve(decoded, good_until=serves_until)
        elif is_due(record, now):
            loaded = await self._confirm_device(Loaded(raw, record))
            decoded = session.decode(loaded.raw, loaded.record)
            if decoded is None:
                shared.decoded.pop(session.session_id, None)
                return None
        elif decoded.good_until <= now:
            # Its lifetime is to be counted anew. If somebody else writes, they do just that.
            written = await session.replace(record, expected=raw)
            decoded = (written and session.decode(written.raw, written.record)) or decoded
        shared.remember(session.session_id, decoded)
        return decoded.tokens

    async def _confirm_device(self, loaded: Loaded) -> Loaded:
        """Send ConfirmDevice again. Good tokens are returned whatever comes of it."""
        session = self._session
        try:
            # A caller that is cancelled must not lose an answer that came.
            return await session.shared.run(confirm_if_due(session))
        except StorageError:
            return loaded
