"""Answering a pending sign-in: of two answers at once, one is sent."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

from attrs import evolve

from ..answers import Challenged, Outcome
from ..config import AuthConfig
from ..errors import SignInException, StorageError
from ..flows.challenges import ends_sign_in
from ..results import SignInResult
from ..steps import SignInStep
from .beginning import discard
from .record import PendingSignIn, SessionRecord
from .session import Session, Superseded


async def answer_pending(
    session: Session, answer: Callable[[Challenged], Awaitable[tuple[Outcome, SignInStep]]]
) -> SignInResult:
    """Claim the pending sign-in, answer it, and remember what came of it.

    An answer that is refused leaves the sign-in pending, so that a wrong code can be tried again, unless
    Cognito ended the sign-in with that refusal.

    Args:
        session: Whose sign-in.
        answer: Checks and sends the answer, and says which step follows. What it raises is raised.

    Raises:
        SignInException: Nothing is pending, it expired, or another answer is being sent.
    """
    claim = secrets.token_hex(8)
    loaded = await session.update(lambda record: _claimed(record, claim, session))
    pending = _pending(loaded.record)
    try:
        outcome, step = await answer(pending.challenge)
        return await _commit(session, outcome, step, pending, claim)
    except BaseException as error:
        await _release(session, claim, ended=ends_sign_in(pending.challenge, error))
        raise


async def _commit(
    session: Session, outcome: Outcome, step: SignInStep, pending: PendingSignIn, claim: str
) -> SignInResult:
    try:
        return await session.commit(outcome, step, pending.sign_in_details, claim=claim)
    except Superseded:
        await discard(session, outcome)
        raise SignInException(
            "the sign-in was ended, or begun anew, before this answer came; nothing was stored"
        ) from None


def _pending(record: SessionRecord) -> PendingSignIn:
    if record.pending is None:
        raise SignInException("no sign-in is pending: it was not begun, has ended, or has expired")
    return record.pending


def _claimed(record: SessionRecord, claim: str, session: Session) -> SessionRecord:
    pending = _pending(record)
    now = session.shared.clock()
    if now < pending.claimed_until:
        raise SignInException(
            "another answer to this challenge is being sent right now", recovery_suggestion="Wait for it."
        )
    claimed_until = now + _longest_answer(session.shared.config)
    return evolve(record, pending=evolve(pending, claim=claim, claimed_until=claimed_until))


async def _release(session: Session, claim: str, *, ended: bool) -> None:
    """Give the claim back, so that the next answer need not wait for its end; forget an ended sign-in."""
    # Both end by themselves; what went wrong before is what the caller must hear of.
    with suppress(StorageError):
        await session.update(lambda record: _released(record, claim, ended=ended))


def _released(record: SessionRecord, claim: str, *, ended: bool) -> SessionRecord:
    if record.pending is None or record.pending.claim != claim:
        return record
    if ended:
        return evolve(record, pending=None)
    return evolve(record, pending=evolve(record.pending, claim=None, claimed_until=0.0))


def _longest_answer(config: AuthConfig) -> float:
    """Seconds that a few requests take at worst: whoever claims for longer has died."""
    return 3 * config.max_attempts * (config.connect_timeout + config.read_timeout)
