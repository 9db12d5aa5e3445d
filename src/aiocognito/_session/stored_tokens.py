"""The tokens of a record: how they are decoded, when they end by our clock, and how new ones are stored."""

from __future__ import annotations

import math
from typing import Final

from .. import _early_renewal as early_renewal
from .._early_renewal import EXPIRY_MARGIN
from .._jwt import JWT, decode_jwt
from .._models import AuthTokens, AuthUser, SignInDetails
from .._responses import TokenSet
from ..errors import InvalidJWTError
from .context import Decoded, ServiceContext
from .record import RefreshIntent, SessionRecord, StoredTokens
from .session import Loaded

# Larger claims are not valid times (in seconds since the epoch).
_MAX_TIME: Final = 1e12
# A clock that goes back by more seconds was put back; fewer are a correction.
CLOCK_TOLERANCE: Final = 30.0


def read_tokens(record: SessionRecord) -> AuthTokens | None:
    """Decode a record's tokens; None if it has no tokens, or tokens that cannot be decoded."""
    stored = record.tokens
    if stored is None:
        return None
    try:
        return AuthTokens(
            access_token=decode_jwt(stored.access_token),
            id_token=decode_jwt(stored.id_token) if stored.id_token is not None else None,
            sign_in_details=stored.sign_in_details,
        )
    except InvalidJWTError:
        return None


def decode(context: ServiceContext, loaded: Loaded) -> Decoded | None:
    """Return a record's tokens, and how long they may be used without examining the record again."""
    record, tokens = loaded.record, read_tokens(loaded.record)
    if tokens is None or record.tokens is None or loaded.raw is None:
        return None
    # The record's lifetime in the storage is extended, and its tokens are renewed, at different times.
    extended_at = record.renewed_at + context.renewal_seconds
    good_until = min(early_at(context, record, tokens), extended_at, record.next_confirmation_at)
    if context.max_session_age is not None:
        good_until = min(good_until, record.created_at + context.max_session_age)
    if record.unsettled is not None:
        good_until = -math.inf
    # If the tokens were issued in the future by our clock, it was put back after they were received.
    issued_at = _numeric_claim(tokens.access_token, "iat") - _drift(context, record.tokens, tokens)
    good_from = max(context.clock(), issued_at) - CLOCK_TOLERANCE
    return Decoded(loaded.raw, tokens, good_from, good_until, record.cookie_sent_at)


def expires_at(context: ServiceContext, stored: StoredTokens, tokens: AuthTokens) -> float:
    """Return when the first of the tokens counts as expired, by our clock."""
    return _end(context, stored, tokens) - EXPIRY_MARGIN


def early_at(context: ServiceContext, record: SessionRecord, tokens: AuthTokens) -> float:
    """Return when to renew a record's tokens early, by our clock."""
    stored = record.tokens
    if stored is None:
        return -math.inf
    if stored.refresh_token is None or stored.spent_by is not None or record.waits_for_confirmation:
        # Cognito would refuse to renew the tokens: use them until they expire.
        return _end(context, stored, tokens) - EXPIRY_MARGIN
    due_at = early_renewal.early_at(
        _end(context, stored, tokens),
        lifetime=_lifetime(tokens),
        ahead=context.config.refresh_ahead,
    )
    # A refresh token that may be used up can be sent again only within its grace period.
    return min(due_at, _unanswered_since(context, record.intent, stored.refresh_token))


def _unanswered_since(context: ServiceContext, intent: RefreshIntent | None, refresh_token: str) -> float:
    """Return when to send a refresh token again whose response was lost, by our clock."""
    if intent is not None and intent.may_be_repeated(context.clock()):
        return intent.ends_at
    return context.unanswered.since(refresh_token)


def _end(context: ServiceContext, stored: StoredTokens, tokens: AuthTokens) -> float:
    """Return when the first of the tokens expires, by our clock. A token without ``exp`` has expired."""
    ends = [_numeric_claim(tokens.access_token, "exp")]
    if tokens.id_token is not None:
        ends.append(_numeric_claim(tokens.id_token, "exp"))
    return min(ends) - _drift(context, stored, tokens)


def _drift(context: ServiceContext, stored: StoredTokens, tokens: AuthTokens) -> float:
    """Return the seconds that Cognito's clock is ahead of ours.

    The stored drift was measured by the clock of the process that received the tokens. If that clock
    is ahead of ours, the drift does not apply to ours.
    """
    received_at = _numeric_claim(tokens.access_token, "iat") - stored.clock_drift
    is_ours = received_at <= context.clock() + CLOCK_TOLERANCE
    return stored.clock_drift if is_ours else max(stored.clock_drift, 0.0)


def stored_tokens(
    context: ServiceContext,
    tokens: TokenSet,
    username: str,
    details: SignInDetails | None,
    previous: str | None = None,
) -> StoredTokens:
    """Return new tokens as they are stored.

    Args:
        context: The context of the service.
        tokens: The tokens that Cognito has just issued.
        username: Cognito's username of the user.
        details: How the user signed in.
        previous: The present refresh token, which stays in use if Cognito returned no new one.

    Raises:
        InvalidJWTError: A token is not a JWT, and could not be decoded from the record.
    """
    issued_at = _numeric_claim(decode_jwt(tokens.access_token), "iat")
    if tokens.id_token is not None:
        decode_jwt(tokens.id_token)
    return StoredTokens(
        access_token=tokens.access_token,
        id_token=tokens.id_token,
        refresh_token=tokens.refresh_token or previous,
        clock_drift=issued_at - context.clock() if issued_at > 0 else 0.0,
        username=username,
        sign_in_details=details,
    )


def current_user(tokens: AuthTokens) -> AuthUser:
    """Return the user of the tokens."""
    return tokens._user


def _lifetime(tokens: AuthTokens) -> float:
    """Return how many seconds the access token lives in all."""
    return _numeric_claim(tokens.access_token, "exp") - _numeric_claim(tokens.access_token, "iat")


def _numeric_claim(token: JWT, claim: str) -> float:
    value = token.payload.get(claim)
    # A number that is not a valid time could not be parsed from the record.
    return float(value) if isinstance(value, int | float) and abs(value) < _MAX_TIME else 0.0
