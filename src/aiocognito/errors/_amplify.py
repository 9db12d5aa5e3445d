"""Errors with the names that Amplify gives them, raised by the library itself."""

from typing import ClassVar, Unpack

from . import _refusals as refusals
from . import _suggestions as suggestions
from ._base import AuthError, ErrorDetails


class AuthTokenConfigException(AuthError):
    """The client cannot store a session: its tokens come from a token provider, or it has no user pool."""

    about_configuration: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = "Configure a user pool, and do not pass `token_provider`."


class AuthUserPoolException(AuthTokenConfigException):
    """The configuration names no user pool, or no app client of it."""

    default_recovery: ClassVar[str | None] = (
        "Set user_pool_id and user_pool_client_id in the AuthConfig, or COGNITO_USER_POOL_ID and"
        " COGNITO_CLIENT_ID in the environment that AuthConfig.from_env() reads."
    )


class OAuthNotConfigureException(AuthError):
    """The configuration has no ``oauth`` block, or one with a part missing."""

    about_configuration: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = (
        "Set AuthConfig.oauth with a domain and both lists of redirect URLs, or COGNITO_OAUTH_DOMAIN,"
        " COGNITO_REDIRECT_SIGN_IN and COGNITO_REDIRECT_SIGN_OUT in the environment."
    )


class InvalidIdentityPoolIdException(AuthError):
    """The configuration names no identity pool."""

    about_configuration: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = (
        "Set identity_pool_id in the AuthConfig, or COGNITO_IDENTITY_POOL_ID in the environment. Without AWS"
        " credentials: fetch_auth_session(credentials=False)."
    )


class UserUnAuthenticatedException(AuthError):
    """No user is signed in, and this call needs a signed-in user."""

    http_status: ClassVar[int] = 401
    default_recovery: ClassVar[str | None] = "Sign in before calling this again."


class UserAlreadyAuthenticatedException(AuthError):
    """A user is signed in already; nothing was sent."""

    http_status: ClassVar[int] = 409
    default_recovery: ClassVar[str | None] = "Call sign_out before signing in again."


class SignInException(AuthError):
    """A sign-in cannot continue: it was not begun, it expired, or another answer is being sent."""

    http_status: ClassVar[int] = 409
    default_recovery: ClassVar[str | None] = "Begin again with sign_in."


class EmptyUserIdForSRPException(SignInException):
    """Cognito's password challenge came without USER_ID_FOR_SRP."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = (
        "Check user_pool_endpoint: its responses are not those of a user pool's SRP."
    )


class AutoSignInException(AuthError):
    """No sign-up waits for its sign-in, or it was not confirmed in time."""

    http_status: ClassVar[int] = 409
    default_recovery: ClassVar[str | None] = "Call sign_in."


class DeviceMetadataNotFoundException(AuthError):
    """This browser is not a remembered device."""

    http_status: ClassVar[int] = 404
    default_recovery: ClassVar[str | None] = "Sign in with a device token, so that a device is confirmed."


class TokenRefreshException(AuthError):
    """The tokens expired, and the session has no refresh token."""

    http_status: ClassVar[int] = 401
    default_recovery: ClassVar[str | None] = "Sign in again."


class InvalidTokens(AuthError):
    """Cognito reported success without an access token."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = "Check the endpoint: its responses have no access token."


class UnexpectedSignInInterruptionException(AuthError):
    """The sign-in succeeded, but the session was taken away before it was stored."""

    http_status: ClassVar[int] = 409
    default_recovery: ClassVar[str | None] = "Sign in again."


class SetUpTOTPException(AuthError):
    """Cognito gave no secret to set up a software token with."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = (
        "Call set_up_totp, or renew_totp_setup in a sign-in, for another secret."
    )


class InvalidRedirectException(AuthError):
    """No usable redirect URL is configured."""

    about_configuration: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = "Set OAuthConfig.redirect_sign_in and redirect_sign_out."


class InvalidPreferredRedirectUrlException(AuthError):
    """The redirect URL asked for is not one of the configured ones."""

    http_status: ClassVar[int] = 422
    default_recovery: ClassVar[str | None] = (
        "Pass a URL of OAuthConfig.redirect_sign_in or redirect_sign_out, character by character."
    )


class OAuthSignInException(AuthError):
    """A sign-in in the hosted UI failed: the provider refused, the user cancelled, or the response is wrong.

    ``error`` and ``error_description`` are the hosted UI's, unchanged (RFC 6749, 4.1.2.1).
    """

    http_status: ClassVar[int] = 401
    default_recovery: ClassVar[str | None] = "Begin again with sign_in_with_redirect."

    def __init__(
        self,
        message: str = "",
        *,
        error: str | None = None,
        error_description: str | None = None,
        **details: Unpack[ErrorDetails],
    ) -> None:
        # First, because the suggestion depends on it.
        self.error = error
        self.error_description = error_description
        super().__init__(message, **details)

    def _suggestion(self) -> str | None:
        return suggestions.suggestion_for(self.error or self.name) or self.default_recovery

    @property
    def _refusal_subject(self) -> refusals.RefusalSubject:
        return refusals.subject_of_code(self.error or "")


class OAuthStateMismatchException(OAuthSignInException):
    """The ``state`` is not one that this session sent, or was used before."""

    default_name: ClassVar[str | None] = "oauthSignInError"
    default_recovery: ClassVar[str | None] = "Begin again with sign_in_with_redirect in the same browser."


class InvalidIdTokenException(AuthError):
    """The id token names no issuer, so the identity pool cannot be asked."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = "Sign in again, to get an id token of a user pool."


class GetIdResponseException(AuthError):
    """The identity pool gave no identity."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = "Check identity_pool_endpoint, and try again."


class CredentialsNotFoundException(AuthError):
    """The identity pool gave a guest no complete credentials."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = "Check the identity pool's role for guests."


class CredentialsException(AuthError):
    """The identity pool returned incomplete credentials for a signed-in user."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = "Check the identity pool's role for signed-in users."


class PasskeyError(AuthError):
    """A passkey ceremony cannot take place."""

    http_status: ClassVar[int] = 422
    default_recovery: ClassVar[str | None] = (
        "Pass what the browser's navigator.credentials returned, as JSON."
    )


class InvalidPasskeyRegistrationOptions(PasskeyError):
    """Cognito's options for a new passkey lack a required member."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = None  # No caller can mend what the service answers.


class InvalidPasskeyAuthenticationOptions(PasskeyError):
    """Cognito's options for a sign-in by passkey are missing."""

    http_status: ClassVar[int] = 502
    default_recovery: ClassVar[str | None] = (
        "Check the user pool's WebAuthnConfiguration, or choose another first factor."
    )
