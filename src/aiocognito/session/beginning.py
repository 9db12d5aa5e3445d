"""Beginning a sign-in: it takes the place of the one that was pending."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from attrs import evolve

from ..answers import Outcome
from ..errors import AuthError, AutoSignInException, SignInException, StorageError
from ..models import SignInDetails
from ..results import SignInResult
from ..steps import SignInStep
from .committing import commit
from .revoking import revoke_outcome
from .session import Session, Superseded

Work = Callable[[], Awaitable[tuple[Outcome, SignInStep]]]

# What a caller can do whose session was moved under another key by a request that was answered first.
RELOAD: Final = "Reload the page: the session goes on under a new key."


async def begin_sign_in(session: Session, work: Work, details: SignInDetails) -> SignInResult:
    """Do what begins a sign-in, and store what came of it.

    Args:
        session: Whose sign-in.
        work: Asks Cognito, and says which step follows. What it raises is raised, and nothing is
            pending then.
        details: How it was begun.

    Raises:
        SignInException: Another sign-in of this session was answered first.
    """
    began = await session.load()
    try:
        outcome, step = await work()
    except Exception:
        await drop_pending(session)
        raise
    try:
        return await commit(session, outcome, step, details, began=began)
    except (Superseded, AuthError) as error:
        await revoke_outcome(session, outcome)
        if isinstance(error, AuthError):
            with suppress(StorageError):
                await drop_pending(session)
            raise
    raise SignInException(
        "another sign-in of this session was answered first; nothing was stored", recovery_suggestion=RELOAD
    )


async def begin_automatically(
    session: Session, work: Work, details: SignInDetails, *, sign_up_of: str
) -> SignInResult:
    """Do the same for a sign-up that may be confirmed by now, or not.

    Args:
        session: Whose sign-in.
        work: As above.
        details: As above.
        sign_up_of: Whose sign-up. If it is not waited for any more when the answer comes, because the
            session was signed in or out meanwhile, nothing is stored.

    Raises:
        AutoSignInException: That happened.
    """
    began = await session.load()
    outcome, step = await work()
    try:
        return await commit(session, outcome, step, details, began=began, sign_up_of=sign_up_of)
    except (Superseded, AuthError) as error:
        await revoke_outcome(session, outcome)
        if isinstance(error, AuthError):
            raise
    raise AutoSignInException(
        "the sign-up's sign-in was done, or ended, before this answer came; nothing was stored"
    )


async def drop_pending(session: Session) -> None:
    """Forget a sign-in that was between two steps."""
    await session.update(lambda record: evolve(record, pending=None))
