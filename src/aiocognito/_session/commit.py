"""Storing the outcome of a sign-in under a fresh session key, and emitting its events."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from .._hub import AuthEventName
from .._models import SignInDetails
from .._responses import Authenticated, Challenged, Outcome
from .._results import SignInResult
from ..steps import SignInStep
from .device_confirmation import settle_device
from .record import PendingSignIn, SessionRecord
from .rekeying import rekey
from .revocation import revoke_replaced
from .session import Loaded, Session, Superseded
from .stored_tokens import current_user, decode, stored_tokens


async def commit(
    session: Session,
    outcome: Outcome,
    step: SignInStep,
    details: SignInDetails,
    *,
    requested_at: float,
    began: Loaded | None = None,
    claim: str | None = None,
    sign_up_of: str | None = None,
) -> SignInResult:
    """Store the outcome of a sign-in, emit its event, and return the result.

    Args:
        session: The session. It has a new key afterwards, unless keys are fixed or nothing is stored.
        outcome: The outcome of the flow.
        step: The step that the outcome means for the caller.
        details: How the sign-in was begun.
        requested_at: When Cognito was asked for the outcome, in seconds since the epoch.
        began: The record at the begin of the sign-in.
        claim: The name of this caller's claim. If the pending sign-in has another claim by now, the
            session was signed out or another sign-in was begun, and nothing is stored.
        sign_up_of: The username of the sign-up that this follows. If its plan is no longer stored,
            nothing is stored.

    Raises:
        Superseded: Nothing was stored, for one of these reasons, or because the session was moved.
        StorageError: The record could not be written; nothing was stored.
    """
    replaced: list[SessionRecord] = []

    def change(record: SessionRecord) -> SessionRecord:
        replaced[:] = [record]
        pending, planned = record.pending, record.auto_sign_in
        if claim is not None and (pending is None or pending.claim != claim):
            raise Superseded
        if sign_up_of is not None and (planned is None or planned.username != sign_up_of):
            raise Superseded
        match outcome:
            case Authenticated():
                stored = stored_tokens(session.context, outcome.tokens, outcome.username, details)
                stored = evolve(stored, device_key=device_key)
                return record.signed_in(stored, at=session.context.clock(), device=device)
            case Challenged():
                answered = pending if claim is not None else None
                following = _pending(session, outcome, details, answered)
                # An attacker may have planted a redirect that signs in to the attacker's account.
                return evolve(record, pending=following, auto_sign_in=None, redirects=())
            case _:
                return evolve(record, pending=None)

    if isinstance(outcome, Authenticated | Challenged) and outcome.gone_device is not None:
        await session.devices.forget(outcome.gone_device)
    device, device_key = await settle_device(session, outcome, details)
    previous = session.session_id
    if isinstance(outcome, Authenticated | Challenged):
        loaded = await rekey(session, change, began=began, requested_at=requested_at)
    else:
        loaded = await session.update(change)
    signed_in = isinstance(outcome, Authenticated)
    if signed_in:
        revoke_replaced(session, replaced[-1])
        await emit_signed_in(session, loaded, previous)
    return SignInResult(is_signed_in=signed_in, next_step=step)


async def emit_signed_in(session: Session, loaded: Loaded, previous_session_id: str) -> None:
    """Emit ``signedIn`` with the user."""
    decoded = decode(session.context, loaded)
    if decoded is not None:
        session.context.remember(loaded.address.session_id, decoded)
        data = current_user(decoded.tokens).to_dict()
        await emit_moved(session, "signedIn", previous_session_id, data)


async def emit_moved(
    session: Session,
    name: AuthEventName,
    previous_session_id: str,
    data: dict[str, Any] | None = None,
) -> None:
    """Emit an event that names the previous session id if the session has a new key."""
    session_id = session.session_id
    previous = previous_session_id if previous_session_id != session_id else None
    await session.context.emit(session_id, name, data, previous_session_id=previous)


def _pending(
    session: Session, challenge: Challenged, details: SignInDetails, answered: PendingSignIn | None
) -> PendingSignIn:
    expires_at = session.context.clock() + session.context.config.auth_session_validity
    if answered is not None and answered.challenge.session == challenge.session:
        # The choice was not sent to Cognito, so its session has not been extended.
        expires_at = answered.expires_at
    return PendingSignIn(
        challenge=evolve(challenge, gone_device=None), sign_in_details=details, expires_at=expires_at
    )
