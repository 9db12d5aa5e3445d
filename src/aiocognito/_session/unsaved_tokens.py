"""Tokens that were received and could not be stored: they are not thrown away."""

from __future__ import annotations

import logging
from typing import Final

from attrs import evolve, frozen

from .record import SessionRecord, StoredTokens

logger = logging.getLogger(__name__)

# As many sessions are waited for at most; the oldest leaves.
MAX_UNSAVED: Final = 10_000


@frozen
class Unsaved:
    """The outcome of a refresh whose record could not be written.

    Attributes:
        old: The tokens that the storage still holds.
        new: Those that replace them.
    """

    old: StoredTokens
    new: StoredTokens

    def belongs_to(self, record: SessionRecord) -> bool:
        """Return whether the record still holds the tokens that were renewed."""
        tokens = record.tokens
        return tokens is not None and (tokens.refresh_token, tokens.access_token) == (
            self.old.refresh_token,
            self.old.access_token,
        )


class UnsavedTokens:
    """The refreshed tokens of this process that no storage holds yet, by session id."""

    def __init__(self) -> None:
        self._unsaved: dict[str, Unsaved] = {}

    def __len__(self) -> int:
        return len(self._unsaved)

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._unsaved

    def get(self, session_id: str) -> Unsaved | None:
        """Return what a session waits to have stored."""
        return self._unsaved.get(session_id)

    def hold(self, session_id: str, old: StoredTokens, new: StoredTokens) -> None:
        """Keep tokens until they are stored or superseded."""
        before = self._unsaved.pop(session_id, None)
        while len(self._unsaved) >= MAX_UNSAVED:
            lost = next(iter(self._unsaved))
            del self._unsaved[lost]
            logger.error("session %s: refreshed tokens were dropped before they could be stored", lost)
        # The storage still holds what the first of them replaced.
        self._unsaved[session_id] = Unsaved(before.old if before is not None else old, new)

    def applied(self, session_id: str, record: SessionRecord) -> SessionRecord:
        """Return a record with the tokens that it waits for, so that the next write stores them."""
        unsaved = self._unsaved.get(session_id)
        if unsaved is None or not unsaved.belongs_to(record):
            return record
        return evolve(record, tokens=unsaved.new, intent=None)

    def written(self, session_id: str, record: SessionRecord | None) -> None:
        """Drop what a session waited for if a write has stored or superseded it.

        Args:
            session_id: Of the session.
            record: What was written; None if the record was deleted. A writer that read the record
                before its tokens were renewed has written the old ones again.
        """
        unsaved = self._unsaved.get(session_id)
        if unsaved is not None and (record is None or not unsaved.belongs_to(record)):
            del self._unsaved[session_id]
