"""Sign-out: the local session is deleted first, even if Cognito cannot be reached."""

from __future__ import annotations

from functools import partial

from .._flows.redirect import choose_redirect_uri
from .._gateways.authenticated_user import AuthenticatedUser
from .._models import AuthTokens
from .._results import SignOutResult
from ..errors import AuthError, ResourceNotFoundException, StorageError
from .device_confirmation import forget_session_device
from .indexing import leave_index, user_id_of
from .revocation import revoke_if_deleted, revoke_stored
from .session import Session
from .tokens import SessionTokenProvider
from .user_sessions import EndedSessions, delete_all, forget_devices, revoke_all


async def sign_out(session: Session, *, everywhere: bool, redirect_uri: str | None = None) -> SignOutResult:
    """Delete the session, emit ``signedOut``, and revoke the session's tokens.

    Args:
        session: The session.
        everywhere: Whether to sign the user out on all devices (GlobalSignOut). If that fails,
            RevokeToken is sent. The user's other sessions are ended first.
        redirect_uri: The URL that the browser comes back to from the hosted UI, one of the configured
            ones.

    Returns:
        Whether Cognito revoked the tokens. ``error`` says why not. If ``redirect_uri`` is not
        configured, ``error`` says so, and ``logout_url`` is None.

    Raises:
        StorageError: The session, or another one of the user, could not be deleted. Call this again.
    """
    tokens, error = await _good_tokens(session) if everywhere else (None, None)
    others = await _delete_others(session) if everywhere else EndedSessions()
    loaded = await session.forget(if_unknown=partial(revoke_if_deleted, session))
    await leave_index(session.context, loaded.address.session_id, loaded.record.tokens)
    await session.context.emit(loaded.address.session_id, "signedOut")
    await forget_session_device(session, loaded.record)
    await forget_devices(others)
    revoked = False
    if tokens is not None:
        try:
            await session.pool.authenticated_user(tokens.access_token.token).global_sign_out()
            revoked = True
        except AuthError as refusal:
            error = refusal
    if not revoked:
        revoked, refusal_to_revoke = await revoke_stored(session, loaded.record.tokens)
        error = error or refusal_to_revoke
        await revoke_all(others)
    try:
        logout_url = _logout_url(session, redirect_uri, loaded.record.by_redirect)
    except AuthError as bad_redirect_uri:
        # Returned, not raised: the session is signed out nevertheless.
        logout_url, error = None, error or bad_redirect_uri
    return SignOutResult(revoked=revoked, error=error, logout_url=logout_url)


async def sign_out_others(session: Session, user: AuthenticatedUser) -> SignOutResult:
    """End the user's other sessions, at Cognito and in the storage. This session goes on.

    Cognito's sessions are fetched first, so that nothing is done where the service does not have them. The
    session of this browser on the hosted UI is left as well.

    Args:
        session: The session.
        user: The user's operations.

    Returns:
        Whether Cognito ended all of them, and the first error if not.

    Raises:
        ServiceError: Cognito's sessions cannot be listed.
        StorageError: A session could not be deleted. Call this again.
    """
    listed = await user.list_user_sessions()
    await revoke_all(await _delete_others(session))
    spared = {each for own in listed if own.current for each in (own.id, own.origin_session_id)}
    error: AuthError | None = None
    for other in listed:
        if other.id in spared:
            continue
        try:
            await user.revoke_user_session(other.id)
        except ResourceNotFoundException:
            continue  # It has ended meanwhile.
        except AuthError as refusal:
            error = error or refusal
    return SignOutResult(revoked=error is None, error=error)


async def _delete_others(session: Session) -> EndedSessions:
    """Delete the user's other sessions before this one: if that fails, the user can sign out again."""
    user_id = user_id_of((await session.load()).record.tokens) if session.context.is_indexed else None
    if user_id is None:
        return EndedSessions()
    return await delete_all(session.context, user_id, keep=session.session_id)


def _logout_url(session: Session, redirect_uri: str | None, by_redirect: bool) -> str | None:
    """Return the URL that ends the hosted UI's own session; None if it has none, or no URL to return to."""
    oauth = session.context.config.oauth
    if redirect_uri is None and (oauth is None or not by_redirect or not oauth.redirect_sign_out):
        return None
    back = choose_redirect_uri(oauth.redirect_sign_out if oauth is not None else (), redirect_uri)
    return session.context.connections.hosted_ui().logout_url(back)


async def _good_tokens(session: Session) -> tuple[AuthTokens | None, AuthError | None]:
    """Return tokens for GlobalSignOut, renewed if necessary, or the error."""
    try:
        return await SessionTokenProvider(session).get_tokens(), None
    except StorageError:
        raise
    except AuthError as error:
        return None, error
