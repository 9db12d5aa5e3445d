"""Revoking tokens that the session does not hold any more."""

from __future__ import annotations

from contextlib import suppress

from .._responses import Authenticated, Outcome, TokenSet
from ..errors import AuthError
from .device_confirmation import forget_session_device
from .record import SessionRecord, StoredTokens
from .session import Session


async def revoke_outcome(session: Session, outcome: Outcome) -> None:
    """Revoke the tokens of a sign-in that could not be stored, if it came to tokens."""
    if isinstance(outcome, Authenticated):
        await revoke_unused(session, outcome.tokens)


async def revoke_unused(session: Session, tokens: TokenSet) -> None:
    """Revoke tokens that were received and are not stored anywhere (RevokeToken)."""
    if tokens.refresh_token is not None:
        # They were never handed out; the session is as it should be without this.
        with suppress(AuthError):
            await session.pool.revoke_token(tokens.refresh_token)


def revoke_replaced(session: Session, replaced: SessionRecord | None) -> None:
    """Revoke, in the background, the tokens of a record that a new sign-in took the place of."""
    tokens = replaced.tokens if replaced is not None else None
    if replaced is not None and tokens is not None and tokens.refresh_token is not None:
        session.context.spawn(_revoke_replaced(session, replaced, tokens))


async def _revoke_replaced(session: Session, replaced: SessionRecord, tokens: StoredTokens) -> None:
    # First, since it takes the access token that is revoked.
    await forget_session_device(session, replaced)
    await revoke_unused(session, TokenSet(tokens.access_token, tokens.id_token, tokens.refresh_token))
