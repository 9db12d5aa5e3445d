"""Renewing a session's tokens.

One task per session in this process → the storage's lock, which may span machines → the record is read
again → an intent is stored if the refresh token may rotate → GetTokensFromRefreshToken →
compare-and-set: if the session was signed out or in meanwhile, the new tokens are dropped → the waiting
callers return → the event is emitted, outside the lock.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from attrs import evolve

from .._config_checks import is_number
from .._hub import delivered_failure
from .._models import AuthTokens, Metadata
from .._responses import TokenSet
from ..errors import AuthError, NetworkError, SessionBusyError, StorageError, TokenRefreshException
from .deferred_save import save_later
from .device_confirmation import confirm_outstanding
from .intents import announce, exchange_seconds, is_needed, live_intent
from .keys import Address
from .locks import enter_lock, pauses
from .record import SessionRecord, StoredTokens
from .refresh_values import RefreshRequest, RefreshResult, Snapshot, holds, snapshot
from .refusals import device_key_of, names_wrong_device, settle_refusal, spent_outcome
from .revocation import revoke_unused
from .session import Session
from .stored_tokens import read_tokens, stored_tokens

# How long a caller with expired tokens waits for another process's refresh.
WAIT_SECONDS: Final = 10.0
# The last part of an exchange's time, for a response that arrived while the process was suspended.
LAST_WAIT_SECONDS: Final = 1.0


async def refresh_tokens(
    session: Session, seen: Snapshot, *, force: bool, doubtful: bool, client_metadata: Metadata
) -> AuthTokens | None:
    """Renew a session's tokens once for all concurrent callers, and return them.

    Args:
        session: The session.
        seen: The record as the caller read it. If the record has other tokens once the lock is held,
            another process has renewed them.
        force: Whether to renew tokens that have not expired.
        doubtful: Whether to renew tokens that seem good, because our clock was put back. They are
            returned if that fails.
        client_metadata: For the user pool's triggers; that of the first caller counts.

    Returns:
        The tokens; None if the session is signed out.

    Raises:
        TokenRefreshException: The tokens expired and the session has no refresh token.
        SessionBusyError: The tokens expired, and another process has not finished renewing them.
        ServiceError: Cognito refused. `settle_refusal` says which refusals end the session.
        NetworkError: Cognito could not be reached; the session is kept.
        StorageError: The storage failed; the session is kept.
    """
    context, address = session.context, seen.loaded.address
    is_good = not force and context.clock() < seen.expires_at
    failure = delivered_failure(address.session_id) or _standing_refusal(session, seen, force)
    running = context.refreshes.running(address.session_id)
    if is_good and (failure is not None or running is not None):
        return seen.decoded.tokens  # Tokens that have not expired are returned without waiting.
    if failure is not None:
        raise failure
    if running is None:
        until = monotonic() + WAIT_SECONDS
        request = RefreshRequest(seen.stored.access_token, force, doubtful, client_metadata, until)
        running = context.refreshes.start(_refresh(session, seen, request), address.session_id)
        # The caller that started the refresh also waits until the event was emitted.
        await context.run(_emit_outcome(session, address, running))
    renewal: RefreshResult = await context.refreshes.wait(running)
    return renewal.tokens


def _standing_refusal(session: Session, seen: Snapshot, force: bool) -> AuthError | None:
    """Return the session's last unknown refusal while it stands; a forced refresh ignores it."""
    return None if force else session.context.refusals.standing(seen.loaded.address.session_id)


async def _emit_outcome(session: Session, address: Address, refresh: asyncio.Task[RefreshResult]) -> None:
    """Wait for a refresh, and emit its outcome. A listener may ask for tokens."""
    await asyncio.wait({refresh})
    if refresh.cancelled():
        return  # The event loop is shutting down.
    error = refresh.exception()
    outcome = refresh.result() if error is None else RefreshResult()
    failure = error if isinstance(error, AuthError) else outcome.failure
    # The session may have moved under another key meanwhile.
    session_id = session.session_id if session.address is not address else address.session_id
    if outcome.renewed:
        await session.context.emit(session_id, "tokenRefresh")
    if failure is not None:
        await session.context.emit(session_id, "tokenRefresh_failure", {"error": failure})


async def _refresh(session: Session, seen: Snapshot, request: RefreshRequest) -> RefreshResult:
    current: Snapshot | None = seen
    pause = pauses()
    while True:
        outcome = _result_without_renewal(session, current, request)
        if outcome is not None or current is None:
            return outcome or RefreshResult()
        outcome = await _attempt(session, current, request)
        if outcome is not None:
            return outcome
        # Another caller holds the lock, or another process's response may still come.
        if _may_use_present(session, current, request):
            session.context.backoff.put_off(current.loaded.address.session_id)
            return RefreshResult(current.decoded.tokens)
        if monotonic() >= request.until:
            raise SessionBusyError("the session's tokens are being renewed elsewhere")
        before, current = current, await _reloaded(session, current)
        if current is before:
            await asyncio.sleep(next(pause))


def _result_without_renewal(
    session: Session, current: Snapshot | None, request: RefreshRequest
) -> RefreshResult | None:
    """Return the result if the tokens need not be renewed; None otherwise."""
    if current is None:
        return RefreshResult()
    has_new_tokens = current.stored.access_token != request.before
    insists = (request.force or request.doubtful) and not has_new_tokens
    if insists or session.context.clock() > current.early_at:
        return None
    session.context.remember(current.loaded.address.session_id, current.decoded)
    return RefreshResult(current.decoded.tokens)


def _may_use_present(session: Session, current: Snapshot, request: RefreshRequest) -> bool:
    """Return whether the caller accepts the present tokens."""
    return not request.force and session.context.clock() < current.expires_at


async def _reloaded(session: Session, current: Snapshot) -> Snapshot | None:
    """Read the record again, and decode it if it has changed."""
    loaded = await session.load(current.loaded)
    return current if loaded is current.loaded else snapshot(session, loaded)


async def _attempt(session: Session, current: Snapshot, request: RefreshRequest) -> RefreshResult | None:
    """Enter the lock, read the record again and renew. Return None if another caller is renewing.

    Tokens that have not expired do not wait for a held lock, and are returned if the storage fails: no
    refresh token is sent without the lock and the intent.
    """
    may_use_present = _may_use_present(session, current, request)
    try:
        async with enter_lock(
            session,
            current.loaded.address.storage_key,
            until=monotonic() if may_use_present else request.until,
            superseded=lambda raw: raw != current.loaded.raw,
        ) as held:
            return await _locked(session, current, request) if held else None
    except StorageError as error:
        if not may_use_present:
            raise
        session.context.backoff.put_off(current.loaded.address.session_id)
        return RefreshResult(current.decoded.tokens, failure=error)


async def _locked(session: Session, known: Snapshot, request: RefreshRequest) -> RefreshResult | None:
    current = await _reloaded(session, known)
    outcome = _result_without_renewal(session, current, request)
    if outcome is not None or current is None:
        return outcome
    if current.loaded.address is not known.loaded.address:
        return None  # The lock is that of the session's former address.
    if current.stored.refresh_token is None:
        raise TokenRefreshException("the tokens expired, and the session has no refresh token")
    if current.stored.spent_by is not None:
        return await spent_outcome(session, current, request)
    if live_intent(session, current.loaded.record) is not None:
        return None
    confirmation = await confirm_outstanding(session, current.loaded)
    if confirmation.loaded is not current.loaded:
        confirmed = snapshot(session, confirmation.loaded)
        if confirmed is None or not holds(confirmation.loaded.record, current.stored):
            return None
        current = confirmed
    announced = await announce(session, current.loaded, current.stored.refresh_token or "")
    if announced is None:
        return None
    return await _exchange(session, evolve(current, loaded=announced), request, confirmation.failure)


async def _exchange(
    session: Session, current: Snapshot, request: RefreshRequest, unconfirmed: AuthError | None
) -> RefreshResult | None:
    """Send the refresh token, and store the new tokens or settle the refusal.

    Args:
        session: The session.
        current: The record, with the intent.
        request: The caller's request.
        unconfirmed: Why the device of the tokens is not confirmed yet. Until it is, Cognito refuses to
            renew the tokens, which does not mean that the session has ended.
    """
    record, now = current.loaded.record, session.context.clock()
    if is_needed(session, record) and record.intent is not None and now >= record.intent.ends_at:
        return None  # This process was suspended, and another one may have sent the token meanwhile.
    until = monotonic() + exchange_seconds(session.context.config)
    device_key = current.stored.device_key
    response = await _send(session, current.stored, device_key, request, until)
    if isinstance(response, AuthError) and names_wrong_device(response):
        claimed = device_key_of(current)
        if claimed is not None and claimed != device_key:
            device_key = claimed
            response = await _send(session, current.stored, device_key, request, until)
    if unconfirmed is not None and isinstance(response, AuthError) and names_wrong_device(response):
        response = unconfirmed
    if isinstance(response, AuthError):
        return await settle_refusal(session, current, request, response)
    return await _store(session, current, response, device_key)


async def _send(
    session: Session, stored: StoredTokens, device_key: str | None, request: RefreshRequest, until: float
) -> TokenSet | AuthError:
    """Send GetTokensFromRefreshToken; return the tokens or the error."""
    sending = asyncio.ensure_future(
        session.pool.get_tokens_from_refresh_token(
            stored.refresh_token or "",
            device_key=device_key,
            client_metadata=request.client_metadata,
            # The gateway must not retry a token that may have been rotated.
            repeatable=stored.rotates is False,
        )
    )
    try:
        # Not `asyncio.timeout`: after a suspension, the response and the timeout come together, and the
        # response counts.
        for seconds in (until - monotonic() - LAST_WAIT_SECONDS, LAST_WAIT_SECONDS):
            if not sending.done():
                await asyncio.wait({sending}, timeout=max(seconds, 0.0))
    finally:
        if not sending.done():
            sending.cancel()
    if not sending.done():
        return NetworkError("the refresh was not answered in time", request_sent=True)
    try:
        return sending.result()
    except AuthError as error:
        return error


async def _store(
    session: Session, current: Snapshot, response: TokenSet, device_key: str | None
) -> RefreshResult | None:
    """Store the new tokens, unless the session was signed out or in meanwhile."""
    old = current.stored
    new = stored_tokens(
        session.context, response, old.username, old.sign_in_details, previous=old.refresh_token
    )
    new = evolve(new, device_key=device_key, rotates=response.refresh_token is not None, unknown=old.unknown)

    def change(record: SessionRecord) -> SessionRecord:
        # Other parts of the record may have changed. If the tokens have changed, the session was signed
        # out or in, and its record stays as it is.
        is_due = holds(record, old) or _is_displaced(record, new)
        return evolve(record, tokens=new, intent=None) if is_due else record

    try:
        loaded = await session.update(change, known=current.loaded)
    except StorageError as error:
        return await save_later(session, current.loaded, old, new, error)
    now = snapshot(session, loaded)
    if loaded.record.tokens is None and response.refresh_token is not None:
        session.context.spawn(revoke_unused(session, response))
    if now is None:
        return RefreshResult()
    session.context.refusals.clear(loaded.address.session_id)
    session.context.remember(loaded.address.session_id, now.decoded)
    return RefreshResult(now.decoded.tokens, renewed=loaded.record.tokens == new)


def _is_displaced(record: SessionRecord, new: StoredTokens) -> bool:
    """Return whether a late response has invalidated the record's refresh token.

    A suspended process may send a token that another process has sent meanwhile. Within the grace period
    both receive a successor, and only the one that was issued last works.
    """
    present, latest = read_tokens(record), read_tokens(evolve(record, tokens=new))
    if present is None or latest is None or new.rotates is not True:
        return False
    ours, theirs = latest.access_token.payload, present.access_token.payload
    family, issued_at = ours.get("origin_jti"), ours.get("iat")
    is_sibling = family is not None and family == theirs.get("origin_jti")
    return is_sibling and _is_later(issued_at, theirs.get("iat"))


def _is_later(moment: object, other: object) -> bool:
    return is_number(moment) and is_number(other) and moment > other
