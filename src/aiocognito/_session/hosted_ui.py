"""Sign-ins on the hosted UI: stored while the browser is away, and completed once."""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from typing import Final

from attrs import evolve

from .._flows.redirect import AuthorizationRequest, Callback, custom_state_of, exchange_code
from .._gateways.hosted_ui import HostedUi
from .._gateways.redaction import bounded
from .._responses import TokenSet
from .._results import SignInResult
from ..errors import (
    AuthError,
    OAuthSignInException,
    OAuthStateMismatchException,
    StorageError,
    UnexpectedSignInInterruptionException,
)
from ..steps import Done
from .commit import emit_moved, emit_signed_in
from .record import PendingRedirect, SessionRecord
from .rekeying import rekey
from .revocation import revoke_replaced, revoke_unused
from .session import Loaded, Session, Superseded
from .stored_tokens import stored_tokens

MAX_PENDING: Final = 5
PENDING_SECONDS: Final = 600.0


async def store_request(session: Session, request: AuthorizationRequest) -> None:
    """Store what is needed when the browser comes back. The oldest of more than five is dropped."""
    pending = PendingRedirect(
        state=request.state,
        code_verifier=request.code_verifier,
        nonce=request.nonce,
        redirect_uri=request.redirect_uri,
        expires_at=session.context.clock() + PENDING_SECONDS,
    )
    await session.update(lambda record: evolve(record, redirects=(*record.redirects, pending)[-MAX_PENDING:]))


async def complete(session: Session, hosted_ui: HostedUi, callback: Callback) -> SignInResult:
    """Exchange the code, verify the tokens, store them, and emit the events.

    Raises:
        OAuthStateMismatchException: The state is missing, or this session did not send it.
        OAuthSignInException: The hosted UI refused, or the user cancelled.
        JwksUnavailableError: The keys that verify id tokens could not be fetched. If no keys are cached,
            the same URL can be completed later.
        NetworkError: The hosted UI did not answer.
        TokenVerificationError: The id token is not valid.
        UnexpectedSignInInterruptionException: The session was signed out, or in, meanwhile.
    """
    previous = session.session_id
    try:
        loaded, custom_state = await _complete(session, hosted_ui, callback)
    except AuthError as error:
        await session.context.emit(session.session_id, "signInWithRedirect_failure", {"error": error})
        raise
    if custom_state is not None:
        await emit_moved(session, "customOAuthState", previous, {"customState": custom_state})
    await emit_moved(session, "signInWithRedirect", previous)
    await emit_signed_in(session, loaded, previous)
    return SignInResult(is_signed_in=True, next_step=Done(), custom_state=custom_state)


async def _complete(session: Session, hosted_ui: HostedUi, callback: Callback) -> tuple[Loaded, str | None]:
    code, state = await _code_and_state(session, callback)
    if hosted_ui.gives_id_tokens:
        # Fetch the keys before the state and the code are used up: an outage must not end the sign-in.
        await session.context.id_tokens.ready()
    claim = secrets.token_hex(8)
    spent = await _spend(session, state, claim)
    requested_at = session.context.clock()
    username, tokens = await _exchange(session, hosted_ui, code, spent, claim)
    try:
        return await _store(session, username, tokens, claim, requested_at), custom_state_of(state)
    except (Superseded, AuthError) as error:
        await revoke_unused(session, tokens)
        if isinstance(error, AuthError):
            raise
    raise UnexpectedSignInInterruptionException(
        "the session was signed out or in before this sign-in was complete; nothing was stored"
    )


async def _code_and_state(session: Session, callback: Callback) -> tuple[str, str]:
    """Return the callback's code and state, or raise the error that it carries."""
    if callback.state is None:
        raise _without_state(callback)
    # RFC 6749, section 4.1.2.1: an error, like a code, counts only with this session's state.
    _expected((await session.load()).record, callback.state)
    if callback.error is not None:
        await _forget(session, callback.state)
        error, description = bounded(callback.error), callback.error_description
        description = None if description is None else bounded(description)
        raise OAuthSignInException(description or error, error=error, error_description=description)
    if callback.code is None:
        raise OAuthSignInException("the sign-in was cancelled: the browser came back without a code")
    return callback.code, callback.state


def _without_state(callback: Callback) -> OAuthSignInException:
    """Return the error for a callback without a state."""
    if callback.code is not None:
        return OAuthStateMismatchException(
            "the browser came back with a code and without a state: this session did not begin the sign-in",
            recovery_suggestion=(
                "Begin with sign_in_with_redirect. A sign-in that an identity provider begins by itself"
                " (IdP-initiated SAML) has no state and is refused: link to a page"
                " that calls sign_in_with_redirect."
            ),
        )
    if callback.error is not None:
        return OAuthStateMismatchException("the browser came back with an error and without a state")
    return OAuthSignInException("the sign-in was cancelled: the browser came back without a code")


async def _exchange(
    session: Session, hosted_ui: HostedUi, code: str, spent: PendingRedirect, claim: str
) -> tuple[str, TokenSet]:
    """Exchange the code; if that fails, delete the sign-in from the record."""
    try:
        return await exchange_code(
            hosted_ui,
            session.context.id_tokens.verify,
            code,
            redirect_uri=spent.redirect_uri,
            code_verifier=spent.code_verifier,
            nonce=spent.nonce,
        )
    except BaseException:
        # The placeholder expires by itself. Raise the first error.
        with suppress(StorageError):
            await session.update(lambda record: _without(record, claim))
        raise


async def _spend(session: Session, state: str, claim: str) -> PendingRedirect:
    """Remove a state from the record before the code is exchanged, so that it is used once.

    A placeholder stays in its place, by which `_store` sees that the session was not signed out or in
    meanwhile.
    """
    taken: list[PendingRedirect] = []

    def take(record: SessionRecord) -> SessionRecord:
        found = _expected(record, state)
        taken[:] = [found]
        placeholder = PendingRedirect(
            redirect_uri=found.redirect_uri, expires_at=found.expires_at, claim=claim
        )
        return evolve(
            record, redirects=tuple(placeholder if each is found else each for each in record.redirects)
        )

    await session.update(take)
    return taken[0]


async def _forget(session: Session, state: str) -> None:
    """Delete a failed sign-in from the record."""

    def change(record: SessionRecord) -> SessionRecord:
        found = _matching(record, state)
        return evolve(record, redirects=tuple(each for each in record.redirects if each is not found))

    await session.update(change)


async def _store(
    session: Session, username: str, tokens: TokenSet, claim: str, requested_at: float
) -> Loaded:
    stored = stored_tokens(session.context, tokens, username, None)
    replaced: list[SessionRecord] = []

    def change(record: SessionRecord) -> SessionRecord:
        replaced[:] = [record]
        if not any(each.claim == claim for each in record.redirects):
            raise Superseded
        return record.signed_in(stored, at=session.context.clock(), by_redirect=True)

    loaded = await rekey(session, change, requested_at=requested_at)
    revoke_replaced(session, replaced[-1])
    return loaded


def _expected(record: SessionRecord, state: str) -> PendingRedirect:
    found = _matching(record, state)
    if found is None:
        raise OAuthStateMismatchException(
            "this session did not send the state, or the state was used before or has expired"
        )
    return found


def _matching(record: SessionRecord, state: str) -> PendingRedirect | None:
    for each in record.redirects:
        if each.state is not None and hmac.compare_digest(each.state.encode(), state.encode()):
            return each
    return None


def _without(record: SessionRecord, claim: str) -> SessionRecord:
    return evolve(record, redirects=tuple(each for each in record.redirects if each.claim != claim))
