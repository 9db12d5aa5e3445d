"""Beginning a sign-in: it takes the place of whatever was pending."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress

from attrs import evolve

from ..answers import Authenticated, Outcome, TokenSet
from ..errors import AuthError, AutoSignInException
from ..models import SignInDetails
from ..results import SignInResult
from ..steps import SignInStep
from .session import Session, Superseded

Work = Awaitable[tuple[Outcome, SignInStep]]


async def begin_sign_in(session: Session, work: Work, details: SignInDetails) -> SignInResult:
    """Do what begins a sign-in, and remember what came of it.

    Args:
        session: Whose sign-in.
        work: Asks Cognito, and says which step follows. What it raises is raised, and nothing is
            pending then.
        details: How it was begun.
    """
    try:
        outcome, step = await work
        return await session.commit(outcome, step, details)
    except Exception:
        await drop_pending(session)
        raise


async def begin_automatically(
    session: Session, work: Work, details: SignInDetails, *, sign_up_of: str
) -> SignInResult:
    """Do the same for a sign-up that may be confirmed by now, or not.

    Args:
        session: Whose sign-in.
        work: As above.
        details: As above.
        sign_up_of: Whose sign-up. If it is not waited for any more when the answer comes, because
            somebody signed in or out meanwhile, nothing is stored.

    Raises:
        AutoSignInException: That happened.
    """
    outcome, step = await work
    try:
        return await session.commit(outcome, step, details, sign_up_of=sign_up_of)
    except Superseded:
        await discard(session, outcome)
        raise AutoSignInException(
            "the sign-up's sign-in was done, or ended, before this answer came; nothing was stored"
        ) from None


async def drop_pending(session: Session) -> None:
    """Forget a sign-in that was between two steps."""
    await session.update(lambda record: evolve(record, pending=None))


async def discard(session: Session, outcome: Outcome) -> None:
    """Revoke the tokens of an outcome that nobody will use, if it has any."""
    if isinstance(outcome, Authenticated):
        await revoke_unused(session, outcome.tokens)


async def revoke_unused(session: Session, tokens: TokenSet) -> None:
    """Revoke tokens that nobody will use."""
    if tokens.refresh_token is not None:
        # They were never handed out; the session is as it should be without this.
        with suppress(AuthError):
            await session.pool.revoke_token(tokens.refresh_token)
