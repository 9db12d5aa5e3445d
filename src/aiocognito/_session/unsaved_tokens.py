"""Renewed tokens that could not be stored yet."""

from __future__ import annotations

import logging
from typing import Final

from attrs import evolve, frozen

from .record import SessionRecord, StoredTokens

logger = logging.getLogger(__name__)

# How many sessions are held; the oldest is dropped.
MAX_UNSAVED: Final = 10_000


@frozen
class Unsaved:
    """The tokens of a refresh whose record could not be written.

    Attributes:
        old: The tokens in the storage.
        new: The tokens that replace them.
    """

    old: StoredTokens
    new: StoredTokens

    def belongs_to(self, record: SessionRecord) -> bool:
        """Return whether a record still has the old tokens."""
        tokens = record.tokens
        return tokens is not None and (tokens.refresh_token, tokens.access_token) == (
            self.old.refresh_token,
            self.old.access_token,
        )


class UnsavedTokens:
    """The renewed tokens that are only in the memory of this process, by session id."""

    def __init__(self) -> None:
        self._unsaved: dict[str, Unsaved] = {}

    def __len__(self) -> int:
        return len(self._unsaved)

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._unsaved

    def get(self, session_id: str) -> Unsaved | None:
        """Return a session's unsaved tokens, if it has any."""
        return self._unsaved.get(session_id)

    def hold(self, session_id: str, old: StoredTokens, new: StoredTokens) -> None:
        """Hold tokens until they are stored or superseded."""
        before = self._unsaved.pop(session_id, None)
        while len(self._unsaved) >= MAX_UNSAVED:
            lost = next(iter(self._unsaved))
            del self._unsaved[lost]
            logger.error("session %s: refreshed tokens were dropped before they could be stored", lost)
        # The storage still has the tokens that the first refresh replaced.
        self._unsaved[session_id] = Unsaved(before.old if before is not None else old, new)

    def applied(self, session_id: str, record: SessionRecord) -> SessionRecord:
        """Return a record with its unsaved tokens, so that the next write stores them."""
        unsaved = self._unsaved.get(session_id)
        if unsaved is None or not unsaved.belongs_to(record):
            return record
        return evolve(record, tokens=unsaved.new, intent=None)

    def written(self, session_id: str, record: SessionRecord | None) -> None:
        """Drop a session's unsaved tokens if a write has stored or superseded them.

        Args:
            session_id: The session's id.
            record: The record that was written; None if it was deleted. If a writer read the record
                before its tokens were renewed, it has written the old tokens again.
        """
        unsaved = self._unsaved.get(session_id)
        if unsaved is not None and (record is None or not unsaved.belongs_to(record)):
            del self._unsaved[session_id]
