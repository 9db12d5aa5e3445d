"""Refresh intents: stored before a refresh token is sent, so that a crash in between loses no session."""

from __future__ import annotations

import secrets
from typing import Final

from attrs import evolve

from .._config import AuthConfig
from . import keys
from .record import RefreshIntent, SessionRecord
from .session import Loaded, Session

# Added to the longest time that the requests of an exchange take.
EXTRA_SECONDS: Final = 5.0
# An intent that ends later than this was written before the clock was put back.
LONGEST_SECONDS: Final = 3600.0
# A suspended owner may resume within this time and store the tokens that it received.
SUSPENSION_SECONDS: Final = 600.0


def exchange_seconds(config: AuthConfig) -> float:
    """Return how many seconds the exchange of a refresh token may take, with its retries."""
    return config.max_attempts * (config.connect_timeout + config.read_timeout) + EXTRA_SECONDS


def live_intent(session: Session, record: SessionRecord) -> RefreshIntent | None:
    """Return another process's intent if its response may still come; None otherwise."""
    intent = record.intent
    if intent is None or not _is_about(intent, record) or intent.owner == session.context.owner:
        return None
    left = intent.ends_at - session.context.clock()
    return intent if 0 < left <= LONGEST_SECONDS else None


def is_needed(session: Session, record: SessionRecord) -> bool:
    """Return whether an intent must be written before the record's refresh token is sent."""
    return session.context.is_durable and record.tokens is not None and record.tokens.rotates is not False


async def announce(session: Session, loaded: Loaded, refresh_token: str) -> Loaded | None:
    """Store the intent to send a refresh token.

    Returns:
        The record with the intent; None if another caller has changed the record.

    Raises:
        StorageError: The intent could not be stored; the token must not be sent.
    """
    if not is_needed(session, loaded.record):
        return loaded
    context, before = session.context, loaded.record.intent
    others_end, sent_at = None, context.clock()
    if before is not None and _is_about(before, loaded.record):
        others_end = before.others_end if before.owner == context.owner else before.ends_at
        sent_at = before.sent_at if before.sent_at is not None else sent_at
    intent = RefreshIntent(
        nonce=secrets.token_hex(8),
        owner=context.owner,
        token=keys.digest(refresh_token),
        ends_at=context.clock() + exchange_seconds(context.config),
        others_end=others_end,
        sent_at=sent_at,
    )
    return await session.replace(loaded, evolve(loaded.record, intent=intent))


async def withdraw(session: Session, loaded: Loaded, *, sent: bool) -> None:
    """End this process's intent, because no response will come.

    Args:
        session: The session.
        loaded: The record, as `announce` returned it.
        sent: Whether Cognito may have received the token, so that its outcome stays unknown.

    Raises:
        StorageError: The storage failed. The intent ends by itself.
    """
    intent, now = loaded.record.intent, session.context.clock()
    if intent is None:
        if sent:
            _note(session, loaded)
        return

    def change(record: SessionRecord) -> SessionRecord:
        if record.intent is None or record.intent.nonce != intent.nonce:
            return record
        keep = sent or intent.others_end is not None
        return evolve(record, intent=evolve(intent, ends_at=now) if keep else None)

    await session.update(change)


def _note(session: Session, loaded: Loaded) -> None:
    """Note in memory that a token may be used up, for a storage without intents."""
    sent = loaded.record.tokens
    if sent is not None and sent.refresh_token is not None and sent.rotates is not False:
        session.context.unanswered.add(keys.digest(sent.refresh_token))
        # Its cached `good_until` does not count the unanswered request.
        session.context.decoded.pop(loaded.address.session_id, None)


def may_still_come(session: Session, record: SessionRecord) -> bool:
    """Return whether a suspended process may still store the successor of the record's refresh token."""
    intent = record.intent
    if intent is None or not _is_about(intent, record):
        return False
    end = intent.others_end if intent.owner == session.context.owner else intent.ends_at
    return end is not None and session.context.clock() < end + SUSPENSION_SECONDS


def _is_about(intent: RefreshIntent, record: SessionRecord) -> bool:
    tokens = record.tokens
    return (
        tokens is not None
        and tokens.refresh_token is not None
        and intent.token == keys.digest(tokens.refresh_token)
    )
