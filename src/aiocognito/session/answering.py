"""Answering a pending sign-in: of two answers at once, one is sent."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from attrs import evolve

from ..answers import Challenged, Outcome
from ..config import AuthConfig
from ..errors import AuthError, SignInException, StorageError
from ..flows.challenges import ends_sign_in
from ..results import SignInResult
from ..steps import SignInStep
from .beginning import RELOAD
from .committing import commit
from .record import PendingSignIn, SessionRecord
from .revoking import revoke_outcome
from .session import Session, Superseded

# How long a claim on a pending sign-in lasts. It is renewed every third of it while the answer is under
# way, so that a process that dies blocks the next answer for no longer.
CLAIM_SECONDS: Final = 15.0


async def answer_pending(
    session: Session, answer: Callable[[Challenged], Awaitable[tuple[Outcome, SignInStep]]]
) -> SignInResult:
    """Claim the pending sign-in, answer it, and store what came of it.

    An answer that is refused leaves the sign-in pending, so that a wrong code can be tried again, unless
    Cognito ended the sign-in with that refusal.

    Args:
        session: Whose sign-in.
        answer: Checks and sends the answer, and says which step follows. What it raises is raised.

    Raises:
        SignInException: Nothing is pending, it expired, or another answer is being sent.
    """
    claim = secrets.token_hex(8)
    loaded = await session.load()
    if loaded.mark is not None:
        raise SignInException("the sign-in went on under another session key", recovery_suggestion=RELOAD)
    loaded = await session.update(lambda record: _claimed(record, claim, session))
    pending = _pending(loaded.record, session)
    try:
        async with _renewing(session, claim):
            outcome, step = await answer(pending.challenge)
        return await _commit(session, outcome, step, pending, claim)
    except BaseException as error:
        await _release(session, claim, ended=ends_sign_in(pending.challenge, error))
        raise


async def _commit(
    session: Session, outcome: Outcome, step: SignInStep, pending: PendingSignIn, claim: str
) -> SignInResult:
    try:
        return await commit(session, outcome, step, pending.sign_in_details, claim=claim)
    except (Superseded, AuthError) as error:
        await revoke_outcome(session, outcome)
        if isinstance(error, AuthError):
            raise
    raise SignInException("the sign-in was ended, or begun anew, before this answer came; nothing was stored")


@asynccontextmanager
async def _renewing(session: Session, claim: str) -> AsyncIterator[None]:
    """Renew a claim for as long as the answer is under way."""
    renewing = asyncio.get_running_loop().create_task(_renew(session, claim))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})


async def _renew(session: Session, claim: str) -> None:
    while True:
        await asyncio.sleep(CLAIM_SECONDS / 3)
        # A claim that cannot be renewed ends by itself; the answer is under way all the same.
        with suppress(StorageError):
            await session.update(lambda record: _renewed(record, claim, session))


def _renewed(record: SessionRecord, claim: str, session: Session) -> SessionRecord:
    if record.pending is None or record.pending.claim != claim:
        return record
    claimed_until = session.shared.clock() + CLAIM_SECONDS
    return evolve(record, pending=evolve(record.pending, claimed_until=claimed_until))


def _pending(record: SessionRecord, session: Session) -> PendingSignIn:
    if record.pending is None or not record.pending.is_open(session.shared.clock()):
        raise SignInException("no sign-in is pending: it was not begun, has ended, or has expired")
    return record.pending


def _claimed(record: SessionRecord, claim: str, session: Session) -> SessionRecord:
    pending = _pending(record, session)
    now = session.shared.clock()
    # A claim that seems to last longer was made before the clock was put back.
    if 0 < pending.claimed_until - now <= CLAIM_SECONDS:
        raise SignInException(
            "another answer to this challenge is being sent right now", recovery_suggestion="Wait for it."
        )
    claimed = evolve(
        pending,
        claim=claim,
        claimed_until=now + CLAIM_SECONDS,
        answer_until=now + _longest_answer(session.shared.config),
    )
    return evolve(record, pending=claimed)


async def _release(session: Session, claim: str, *, ended: bool) -> None:
    """Give the claim back, so that the next answer need not wait for its end; forget an ended sign-in."""
    # Both end by themselves; what is raised is what went wrong before.
    with suppress(StorageError):
        await session.update(lambda record: _released(record, claim, ended=ended))


def _released(record: SessionRecord, claim: str, *, ended: bool) -> SessionRecord:
    if record.pending is None or record.pending.claim != claim:
        return record
    if ended:
        return evolve(record, pending=None)
    return evolve(record, pending=evolve(record.pending, claim=None, claimed_until=0.0, answer_until=0.0))


def _longest_answer(config: AuthConfig) -> float:
    """Return how many seconds a few requests take in the worst case."""
    return 3 * config.max_attempts * (config.connect_timeout + config.read_timeout)
