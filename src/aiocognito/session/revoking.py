"""Revoking tokens that the session does not hold any more."""

from __future__ import annotations

from contextlib import suppress

from ..answers import Authenticated, Outcome, TokenSet
from ..errors import AuthError
from .record import StoredTokens
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


def revoke_replaced(session: Session, tokens: StoredTokens | None) -> None:
    """Revoke, in the background, tokens that a new sign-in of the session took the place of."""
    if tokens is not None and tokens.refresh_token is not None:
        replaced = TokenSet(tokens.access_token, tokens.id_token, tokens.refresh_token)
        session.shared.spawn(revoke_unused(session, replaced))
