"""The entry of a session in the index of its user, while the session is signed in or moved."""

from __future__ import annotations

from contextlib import suppress

from attrs import evolve

from ..errors import StorageError
from . import user_index
from .indexing import enter_session, leave_index, user_id_of
from .keys import Address
from .record import SessionRecord
from .session import EndedMeanwhile, Loaded, Session
from .user_index import IndexPlace, SignedIn


class SessionEntry:
    """The entry of a session that is signed in or moved, in the index of its user.

    Args:
        requested_at: When Cognito was asked for the session's new tokens; None without new tokens.

    Attributes:
        is_carried: Whether the session's tokens stay the same.
    """

    def __init__(self, requested_at: float | None = None) -> None:
        self._requested_at = requested_at
        self.is_carried = False
        self._place: IndexPlace | None = None
        self._replaced: SessionRecord | None = None

    async def written(
        self, session: Session, target: Address, loaded: Loaded, record: SessionRecord
    ) -> SessionRecord:
        """Write the entry before the record, and return the record with what it needs to know of the index.

        Raises:
            EndedMeanwhile: The session is being ended, or the user's sessions were ended during the sign-in.
            StorageError: The storage failed.
        """
        context, tokens = session.context, record.tokens
        self._replaced, self.is_carried = loaded.record, tokens is loaded.record.tokens
        user_id = user_id_of(tokens) if context.is_indexed else None
        if tokens is None or user_id is None or (self.is_carried and target is loaded.address):
            return record
        if self._place is None or self._place.user_id != user_id:
            before, signed_in = loaded.address.session_id, None
            if not self.is_carried and self._requested_at is not None:
                signed_in = SignedIn(self._requested_at, within=before)
            self._place = await enter_session(
                context,
                tokens,
                user_id,
                target.session_id,
                previous=before if self.is_carried else None,
                signed_in=signed_in,
            )
        if self._place is None:
            raise EndedMeanwhile
        # In memory nothing is left to settle after a crash.
        epoch = self._place.epoch if context.is_durable else None
        return evolve(record, indexed_at=context.clock(), unsettled=epoch)

    async def is_confirmed(self, session: Session, before: Address) -> bool | None:
        """Look at the entry again after the record was written, and remove that of the previous key.

        Returns:
            Whether the session goes on. None if the storage failed, or the session has no entry: it stays
            unsettled then, and its next use looks at the entry. False if a storage in memory failed.
        """
        context, place, replaced = session.context, self._place, self._replaced
        leaving = user_id_of(replaced.tokens) if context.is_indexed and replaced is not None else None
        is_same_user = place is not None and place.user_id == leaving
        if replaced is not None and leaving is not None and place is not None and not is_same_user:
            await leave_index(context, before.session_id, replaced.tokens)
        if place is None:
            return None
        left = before.session_id if is_same_user and before.session_id != place.session_id else None
        with suppress(StorageError):
            return await user_index.is_confirmed(context, place, left)
        return None if context.is_durable else False
