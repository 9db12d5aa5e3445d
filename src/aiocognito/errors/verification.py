"""Why a token was not accepted. Each says the claim, what was expected and what was there."""

from __future__ import annotations

from typing import Any

from .base import AuthError


class TokenVerificationError(AuthError):
    """A token is not acceptable.

    ``claim`` names what was looked at, ``expected`` and ``actual`` what belongs there and what was
    found; ``actual`` is the claim's value, never the token.
    """

    http_status = 401

    def __init__(
        self,
        message: str = "",
        *,
        claim: str | None = None,
        expected: Any = None,
        actual: Any = None,
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.claim = claim
        self.expected = expected
        self.actual = actual


class TokenMalformedError(TokenVerificationError):
    """Not a JSON Web Token in compact form (RFC 7515, 7519)."""


class TokenAlgorithmError(TokenVerificationError):
    """Signed with another algorithm than RS256."""


class TokenKeyError(TokenVerificationError):
    """Signed with a key that the user pool does not publish."""


class TokenSignatureError(TokenVerificationError):
    """The signature does not belong to the token."""


class TokenExpiredError(TokenVerificationError):
    """``exp`` has passed."""


class TokenNotYetValidError(TokenVerificationError):
    """``nbf`` lies ahead."""


class TokenIssuerError(TokenVerificationError):
    """Issued by another user pool."""


class TokenClientError(TokenVerificationError):
    """Issued to another app client (``client_id`` or ``aud``)."""


class TokenUseError(TokenVerificationError):
    """An id token where an access token belongs, or the other way round."""


class TokenGroupError(TokenVerificationError):
    """The person is in none of the groups asked for."""

    http_status = 403


class TokenScopeError(TokenVerificationError):
    """The token lacks a scope asked for."""

    http_status = 403


class TokenNonceError(TokenVerificationError):
    """The id token's ``nonce`` is not the one that was sent."""


class JwksUnavailableError(AuthError):
    """The user pool's keys could not be fetched, so no token can be judged. Not the token's fault."""

    http_status = 503
    default_retryable = True
