"""Why a token was not accepted: the claim, the expected value and the actual one."""

from typing import Any, ClassVar, Unpack

from ._base import AuthError, ErrorDetails


class TokenVerificationError(AuthError):
    """A token is not acceptable.

    ``claim`` is the name of the claim or header that was checked, ``expected`` describes the accepted
    values, and ``actual`` is the value found, never the token.
    """

    http_status: ClassVar[int] = 401

    def __init__(
        self,
        message: str = "",
        *,
        claim: str | None = None,
        expected: Any = None,
        actual: Any = None,
        **details: Unpack[ErrorDetails],
    ) -> None:
        super().__init__(message, **details)
        self.claim = claim
        self.expected = expected
        self.actual = actual


class TokenMalformedError(TokenVerificationError):
    """Not a JSON Web Token in compact form (RFC 7515, 7519)."""

    default_recovery: ClassVar[str | None] = 'Pass the token alone, without "Bearer " before it.'


class TokenAlgorithmError(TokenVerificationError):
    """Signed with another algorithm than RS256."""

    default_recovery: ClassVar[str | None] = "Pass a token that a user pool issued."


class TokenKeyError(TokenVerificationError):
    """Signed with a key that the user pool does not publish."""

    default_recovery: ClassVar[str | None] = (
        "Check user_pool_id and jwks_uri: the token is of another pool, or forged."
    )


class TokenSignatureError(TokenVerificationError):
    """The signature does not belong to the token."""


class TokenExpiredError(TokenVerificationError):
    """``exp`` has passed."""

    default_recovery: ClassVar[str | None] = "Get a new token."


class TokenNotYetValidError(TokenVerificationError):
    """``nbf`` lies ahead."""

    default_recovery: ClassVar[str | None] = "Check this machine's clock, or set leeway."


class TokenIssuerError(TokenVerificationError):
    """Issued by another user pool."""

    default_recovery: ClassVar[str | None] = "Check user_pool_id and its region."


class TokenClientError(TokenVerificationError):
    """Issued to another app client (``client_id`` or ``aud``)."""

    default_recovery: ClassVar[str | None] = "Name the app client in client_ids if it may call this service."


class TokenUseError(TokenVerificationError):
    """An id token where an access token belongs, or the other way round."""

    default_recovery: ClassVar[str | None] = (
        "Send the access token to services; the id token is for the client itself."
    )


class TokenGroupError(TokenVerificationError):
    """The user is not in any of the required groups."""

    http_status: ClassVar[int] = 403
    default_recovery: ClassVar[str | None] = "Add the user to one of the groups; the next token has it."


class TokenScopeError(TokenVerificationError):
    """The token lacks a required scope."""

    http_status: ClassVar[int] = 403
    default_recovery: ClassVar[str | None] = "Ask for the scope at sign-in, and allow it in the app client."


class TokenNonceError(TokenVerificationError):
    """The id token's ``nonce`` is not the one that was sent."""

    default_recovery: ClassVar[str | None] = "Begin again with sign_in_with_redirect in the same browser."


class JwksUnavailableError(AuthError):
    """The user pool's keys could not be fetched, so the token was not verified. It may be valid."""

    http_status: ClassVar[int] = 503
    default_retryable: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = "Check the network to the user pool's issuer, and try again."
