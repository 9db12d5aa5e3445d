"""Sign-in: begin it, answer its challenges one at a time, and store its outcome under a fresh key."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from attrs import evolve, frozen

from .._config import AuthConfig
from .._flows import sign_in as flow
from .._flows.challenges import ChallengeResponse, check_step, ends_sign_in, present
from .._flows.context import FlowContext
from .._flows.sign_in import SignInRequest
from .._models import Metadata
from .._responses import Outcome
from .._results import SignInResult
from ..errors import (
    AuthError,
    AutoSignInException,
    SignInException,
    StorageError,
    UserAlreadyAuthenticatedException,
)
from ..steps import ContinueSignInWithTotpSetup, SignInStep
from .commit import commit
from .record import PendingSignIn, SessionRecord
from .rekeying import RELOAD
from .revocation import revoke_outcome
from .session import EndedMeanwhile, Loaded, Session, Superseded
from .tokens import SessionTokenProvider

# How long a claim on a pending sign-in lasts. It is renewed at every third of this time while the answer is
# under way. If the process ends, the claim blocks the next answer for no longer.
CLAIM_SECONDS: Final = 15.0


async def sign_in(
    session: Session, request: SignInRequest, metadata: Metadata, *, replace: bool = False
) -> SignInResult:
    """Begin a sign-in, in place of a pending one, and store its outcome.

    Args:
        session: The session.
        request: The checked arguments.
        metadata: For the user pool's triggers.
        replace: Whether the session may be signed in already.

    Raises:
        UserAlreadyAuthenticatedException: The session is signed in already; nothing was sent.
        SignInException: Another sign-in of this session was answered first.
        AuthError: Cognito refused or did not answer. No sign-in is pending then.
    """
    if not replace:
        await refuse_if_signed_in(session)
    began = await session.update(lambda record: evolve(record, auto_sign_in=None))
    requested_at = session.context.clock()
    try:
        outcome, step = await flow.begin(await _flow_context(session, metadata), request)
    except Exception:
        await _drop_pending(session)
        raise
    try:
        return await commit(session, outcome, step, request.details, began=began, requested_at=requested_at)
    except (Superseded, AuthError) as error:
        await revoke_outcome(session, outcome)
        if isinstance(error, AuthError):
            with suppress(StorageError):
                await _drop_pending(session)
            raise
        reason = _reason(error, "another sign-in of this session was answered first")
    raise SignInException(f"{reason}; nothing was stored", recovery_suggestion=RELOAD)


async def sign_in_after_sign_up(session: Session, request: SignInRequest, metadata: Metadata) -> SignInResult:
    """Try to sign in after a sign-up. If the account is not confirmed yet, the record stays as it is.

    Args:
        session: The session of the sign-up.
        request: The checked arguments.
        metadata: For the user pool's triggers.

    Raises:
        UserAlreadyAuthenticatedException: The session is signed in already; nothing was sent.
        AutoSignInException: The session was signed in or out before the response arrived; nothing is stored.
    """
    await refuse_if_signed_in(session)
    began, requested_at = await session.load(), session.context.clock()
    outcome, step = await flow.begin(await _flow_context(session, metadata), request)
    try:
        return await commit(
            session,
            outcome,
            step,
            request.details,
            began=began,
            sign_up_of=request.username,
            requested_at=requested_at,
        )
    except (Superseded, AuthError) as error:
        await revoke_outcome(session, outcome)
        if isinstance(error, AuthError):
            raise
    raise AutoSignInException(
        "the automatic sign-in was completed or ended elsewhere meanwhile; nothing was stored"
    )


async def confirm_sign_in(
    session: Session, answer: ChallengeResponse, step: type[SignInStep] | str | None, metadata: Metadata
) -> SignInResult:
    """Claim the pending sign-in, answer its challenge, and store the outcome.

    A refused answer leaves the sign-in pending, so that the user can correct a wrong code, unless Cognito
    ended the sign-in.

    Args:
        session: The session.
        answer: The caller's answer.
        step: The step that the answer is meant for; None for any step.
        metadata: For the user pool's triggers.

    Raises:
        SignInException: No sign-in is pending, it expired, another step is pending, or another answer is
            being sent.
    """
    context = await _flow_context(session, metadata)
    async with _claimed(session) as claim:
        check_step(claim.pending.challenge, step)
        requested_at = session.context.clock()
        async with _renewing(session, claim.name):
            outcome, next_step = await flow.answer(context, claim.pending.challenge, answer)
        return await _commit(session, outcome, next_step, claim, requested_at)


async def renew_totp_setup(session: Session) -> SignInResult:
    """Fetch a new secret for the authenticator app that the pending sign-in asks to set up.

    Raises:
        SignInException: No sign-in is pending, another step is pending, or an answer is being sent.
    """
    context = await _flow_context(session, None)
    async with _claimed(session) as claim:
        check_step(claim.pending.challenge, ContinueSignInWithTotpSetup)
        requested_at = session.context.clock()
        async with _renewing(session, claim.name):
            outcome, step = await present(context, claim.pending.challenge)
        return await _commit(session, outcome, step, claim, requested_at)


async def refuse_if_signed_in(session: Session) -> None:
    """Raise if the session is signed in. A session whose tokens cannot be renewed may be replaced.

    Raises:
        UserAlreadyAuthenticatedException: The session is signed in.
        StorageError: The storage failed.
    """
    try:
        tokens = await SessionTokenProvider(session).get_tokens()
    except StorageError:
        raise
    except AuthError:
        return
    if tokens is not None:
        raise UserAlreadyAuthenticatedException("the session is signed in already")


async def _flow_context(session: Session, metadata: Metadata) -> FlowContext:
    return FlowContext(session.pool, session.context.clock, metadata, await session.devices.load())


async def _drop_pending(session: Session) -> None:
    await session.update(lambda record: evolve(record, pending=None))


@frozen
class _Claim:
    """A pending sign-in, and the name of this caller's claim on it."""

    pending: PendingSignIn
    name: str


@asynccontextmanager
async def _claimed(session: Session) -> AsyncIterator[_Claim]:
    """Claim the pending sign-in, and release the claim if the answer fails."""
    name = secrets.token_hex(8)
    loaded: Loaded = await session.load()
    if loaded.mark is not None:
        raise SignInException("the sign-in continued under another session key", recovery_suggestion=RELOAD)
    loaded = await session.update(lambda record: _with_claim(record, name, session))
    claim = _Claim(_pending(loaded.record, session), name)
    try:
        yield claim
    except BaseException as error:
        await _release(session, name, ended=ends_sign_in(claim.pending.challenge, error))
        raise


async def _commit(
    session: Session, outcome: Outcome, step: SignInStep, claim: _Claim, requested_at: float
) -> SignInResult:
    details = claim.pending.sign_in_details
    try:
        return await commit(session, outcome, step, details, claim=claim.name, requested_at=requested_at)
    except (Superseded, AuthError) as error:
        await revoke_outcome(session, outcome)
        if isinstance(error, AuthError):
            raise
        reason = _reason(error, "the sign-in was ended or replaced before the response arrived")
    raise SignInException(f"{reason}; nothing was stored")


def _reason(error: Superseded, otherwise: str) -> str:
    """Say why the outcome of a sign-in was not stored."""
    ended = "the user's sessions were ended during the sign-in"
    return ended if isinstance(error, EndedMeanwhile) else otherwise


@asynccontextmanager
async def _renewing(session: Session, claim: str) -> AsyncIterator[None]:
    """Renew a claim while the answer is under way."""
    renewing = asyncio.get_running_loop().create_task(_renew(session, claim))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})


async def _renew(session: Session, claim: str) -> None:
    while True:
        await asyncio.sleep(CLAIM_SECONDS / 3)
        # A claim that cannot be renewed ends by itself. The answer goes on.
        with suppress(StorageError):
            await session.update(lambda record: _renewed(record, claim, session))


def _renewed(record: SessionRecord, claim: str, session: Session) -> SessionRecord:
    if record.pending is None or record.pending.claim != claim:
        return record
    claimed_until = session.context.clock() + CLAIM_SECONDS
    return evolve(record, pending=evolve(record.pending, claimed_until=claimed_until))


def _pending(record: SessionRecord, session: Session) -> PendingSignIn:
    if record.pending is None or not record.pending.is_open(session.context.clock()):
        raise SignInException("no sign-in is pending: it was not begun, has ended or has expired")
    return record.pending


def _with_claim(record: SessionRecord, claim: str, session: Session) -> SessionRecord:
    pending = _pending(record, session)
    now = session.context.clock()
    # A claim that ends later was made before the clock was put back.
    if 0 < pending.claimed_until - now <= CLAIM_SECONDS:
        raise SignInException(
            "another answer to this challenge is being sent", recovery_suggestion="Wait for its result."
        )
    claimed = evolve(
        pending,
        claim=claim,
        claimed_until=now + CLAIM_SECONDS,
        answer_until=now + _longest_answer(session.context.config),
    )
    return evolve(record, pending=claimed)


async def _release(session: Session, claim: str, *, ended: bool) -> None:
    """Release the claim, so that the next answer can be sent. Delete a sign-in that has ended."""
    # Both expire by themselves. Raise the first error.
    with suppress(StorageError):
        await session.update(lambda record: _released(record, claim, ended=ended))


def _released(record: SessionRecord, claim: str, *, ended: bool) -> SessionRecord:
    if record.pending is None or record.pending.claim != claim:
        return record
    if ended:
        return evolve(record, pending=None)
    return evolve(record, pending=evolve(record.pending, claim=None, claimed_until=0.0, answer_until=0.0))


def _longest_answer(config: AuthConfig) -> float:
    """Return the worst-case duration of a few requests, in seconds."""
    return 3 * config.max_attempts * (config.connect_timeout + config.read_timeout)
