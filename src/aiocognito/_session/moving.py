"""Changes that move a session under a fresh key beside those of a sign-in."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from .._gateways.authenticated_user import AuthenticatedUser
from ..errors import SignInException
from . import keys
from .record import SessionRecord
from .rekeying import RELOAD, rekeyed
from .session import Session, Superseded


async def rotate_key(session: Session) -> None:
    """Move a session under a fresh key, with all that is in its record.

    Raises:
        SignInException: Another request has moved it.
        StorageError: The storage failed; the old key still opens the session.
    """
    await _moved(session, lambda record: record, even_if_fixed=True)


async def change_password(
    session: Session, user: AuthenticatedUser, old_password: str, new_password: str, *, moves: bool
) -> None:
    """ChangePassword, and move the session under a fresh key.

    Args:
        session: Of the user.
        user: The operations of the user.
        old_password: The present password.
        new_password: The new one.
        moves: Whether the session is this client's own: a client that borrows its tokens has none.
    """
    await user.change_password(old_password, new_password)
    if moves:
        await _moved(session, lambda record: evolve(record, redirects=()))


async def _moved(
    session: Session, change: Callable[[SessionRecord], SessionRecord], *, even_if_fixed: bool = False
) -> None:
    before = session.address
    try:
        await rekeyed(session, change, even_if_fixed=even_if_fixed)
    except Superseded:
        pass
    else:
        if even_if_fixed and session.address is before:
            # The record is empty: there is nothing to move.
            session.move_to(keys.address(session.shared.config, keys.new_secret()))
        return
    raise SignInException("the session was moved by another request", recovery_suggestion=RELOAD)
