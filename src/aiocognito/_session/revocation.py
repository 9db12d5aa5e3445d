"""Revoking tokens that no session holds."""

from __future__ import annotations

from contextlib import suppress

from .._responses import Authenticated, Outcome, TokenSet
from ..errors import AuthError
from .device_confirmation import forget_session_device
from .record import SessionRecord, StoredTokens
from .session import Session


async def revoke_outcome(session: Session, outcome: Outcome) -> None:
    """Revoke the tokens of an outcome that could not be stored, if it has tokens."""
    if isinstance(outcome, Authenticated):
        await revoke_unused(session, outcome.tokens)


async def revoke_unused(session: Session, tokens: TokenSet) -> None:
    """Revoke tokens that were received and not stored (RevokeToken). A failure is ignored."""
    if tokens.refresh_token is not None:
        # The tokens were never returned to a caller.
        with suppress(AuthError):
            await session.pool.revoke_token(tokens.refresh_token)


def revoke_replaced(session: Session, replaced: SessionRecord | None) -> None:
    """Revoke, in the background, the tokens of a record that a new sign-in replaced."""
    tokens = replaced.tokens if replaced is not None else None
    if replaced is not None and tokens is not None and tokens.refresh_token is not None:
        session.context.spawn(_revoke_replaced(session, replaced, tokens))


async def _revoke_replaced(session: Session, replaced: SessionRecord, tokens: StoredTokens) -> None:
    # Before the revocation, because ForgetDevice needs the access token.
    await forget_session_device(session, replaced)
    await revoke_unused(session, TokenSet(tokens.access_token, tokens.id_token, tokens.refresh_token))
