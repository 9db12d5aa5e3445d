"""What a refusal is about: the app client, the device, the refresh token, the user, …

Cognito returns ``NotAuthorizedException`` for a wrong password, for a wrong client secret and for an expired
token alike; only its text distinguishes them. This module is the only one that knows the texts.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class RefusalSubject(StrEnum):
    """What a refusal is about."""

    APP_CLIENT = "app client"
    """The app client or its user pool: secret wrong, missing or unexpected, client gone, flow not enabled."""
    IDENTITY_POOL = "identity pool"
    """The identity pool: gone, or set up without this provider, or without guests."""
    REQUEST = "request"
    """The request itself: a parameter is missing or malformed."""
    SERVICE = "service"
    """The service, a trigger, a firewall or the network: the same request may succeed later."""
    DEVICE = "device"
    """The device key that a refresh named, or did not name."""
    REFRESH_TOKEN_SPENT = "refresh token spent"  # noqa: S105 - not a secret: a refusal's subject
    """The refresh token was exchanged before. The tokens that came from it still work."""
    REFRESH_TOKEN_ENDED = "refresh token ended"  # noqa: S105 - as above
    """The refresh token expired, was revoked, or never was one."""
    ACCESS_TOKEN_EXPIRED = "access token expired"  # noqa: S105 - as above
    """The access token expired; a refresh gives another one."""
    ACCESS_TOKEN_ENDED = "access token ended"  # noqa: S105 - as above
    """The access token was revoked, or never was one."""
    SIGN_IN_ENDED = "sign-in ended"
    """The session handle of a sign-in: it expired, was used before, or was given up by Cognito."""
    CREDENTIALS = "credentials"
    """What the user proves: a wrong username or password, or a custom challenge that was failed."""
    ID_TOKEN_EXPIRED = "id token expired"  # noqa: S105 - as above
    """The id token expired, by the identity pool's clock; a refresh gives another one."""
    USER = "user"
    """The user: disabled, deleted, unknown, unconfirmed, or obliged to reset the password."""
    UNKNOWN = "unknown"
    """A text that is not known. It must not be read as the end of a session."""


# The subjects that only a change of the configuration, here or in AWS, can mend.
CONFIGURATION: Final = frozenset({RefusalSubject.APP_CLIENT, RefusalSubject.IDENTITY_POOL})

_NOT_AUTHORIZED: Final = "NotAuthorizedException"
_INVALID_PARAMETER: Final = "InvalidParameterException"
_RESOURCE_NOT_FOUND: Final = "ResourceNotFoundException"

# Codes whose subject does not depend on the text.
_BY_CODE: Final[dict[str, RefusalSubject]] = {
    "UnauthorizedException": RefusalSubject.APP_CLIENT,
    "UnsupportedOperationException": RefusalSubject.APP_CLIENT,
    # RFC 6749, 5.2 and 4.1.2.1: codes of the token endpoint and the hosted UI.
    "invalid_client": RefusalSubject.APP_CLIENT,
    "unauthorized_client": RefusalSubject.APP_CLIENT,
    "invalid_scope": RefusalSubject.APP_CLIENT,
    "InvalidIdentityPoolConfigurationException": RefusalSubject.IDENTITY_POOL,
    "RefreshTokenReuseException": RefusalSubject.REFRESH_TOKEN_SPENT,
    # In no service model; Amplify signs out for it.
    "TokenRevokedException": RefusalSubject.REFRESH_TOKEN_ENDED,
    "UserNotFoundException": RefusalSubject.USER,
    "UserNotConfirmedException": RefusalSubject.USER,
    "PasswordResetRequiredException": RefusalSubject.USER,
    "FeatureUnavailableInTierException": RefusalSubject.SERVICE,
    "ForbiddenException": RefusalSubject.SERVICE,
    "InternalErrorException": RefusalSubject.SERVICE,
    "InvalidLambdaResponseException": RefusalSubject.SERVICE,
    "OperationNotEnabledException": RefusalSubject.SERVICE,
    "UnexpectedLambdaException": RefusalSubject.SERVICE,
    "UnknownError": RefusalSubject.SERVICE,
    "UserLambdaValidationException": RefusalSubject.SERVICE,
}

# The texts of a code, the first that matches. Cognito's capitals have changed over time, so they don't
# count. What names the client stands before what names the refresh token: "Refresh Token has different
# Client" names both, and is about the client.
_BY_TEXT: Final[dict[str, tuple[tuple[re.Pattern[str], RefusalSubject], ...]]] = {
    code: tuple((re.compile(pattern, re.IGNORECASE), subject) for pattern, subject in patterns)
    for code, patterns in {
        _NOT_AUTHORIZED: (
            (r"\bclient:? [\w+]", RefusalSubject.APP_CLIENT),
            (r"secret.?hash", RefusalSubject.APP_CLIENT),
            (r"different client", RefusalSubject.APP_CLIENT),
            (r"this identity pool|^identity pool\b", RefusalSubject.IDENTITY_POOL),
            # With the period it is about the device key, without it about the token.
            (r"^invalid refresh token\.$", RefusalSubject.DEVICE),
            (r"refresh token has (expired|been revoked)", RefusalSubject.REFRESH_TOKEN_ENDED),
            (r"^invalid refresh token$", RefusalSubject.REFRESH_TOKEN_ENDED),
            (r"^invalid session for the user\b", RefusalSubject.SIGN_IN_ENDED),
            (r"^incorrect username or password\b", RefusalSubject.CREDENTIALS),
            (r"user is disabled|user has been deleted", RefusalSubject.USER),
            (r"access token has expired", RefusalSubject.ACCESS_TOKEN_EXPIRED),
            (r"invalid login token\. token expired", RefusalSubject.ID_TOKEN_EXPIRED),
            (
                r"access token has been revoked|^invalid access token\b|signature for access token",
                RefusalSubject.ACCESS_TOKEN_ENDED,
            ),
        ),
        _INVALID_PARAMETER: (
            (r"not (enabled|supported|allowed) for (this|the) client", RefusalSubject.APP_CLIENT),
            (r"lambda trigger is not configured", RefusalSubject.APP_CLIENT),
            (r"at '(clientId|clientSecret|secretHash)'", RefusalSubject.APP_CLIENT),
            (r"secret.?hash", RefusalSubject.APP_CLIENT),
            (r"", RefusalSubject.REQUEST),
        ),
        _RESOURCE_NOT_FOUND: (
            (r"identity ?pool", RefusalSubject.IDENTITY_POOL),
            (r"\b(client|user pool)\b", RefusalSubject.APP_CLIENT),
        ),
    }.items()
}

# The codes whose subject only the text determines.
AMBIGUOUS_CODES: Final = frozenset(_BY_TEXT)

# The operations that name the app client: of what they name, only the client and its user pool can be
# missing, in any wording, unless the text is about a device.
_NAMES_THE_CLIENT: Final = frozenset(
    {
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "ForgotPassword",
        "GetTokensFromRefreshToken",
        "InitiateAuth",
        "ResendConfirmationCode",
        "RespondToAuthChallenge",
        "RevokeToken",
        "SignUp",
    }
)


def subject_of(error: BaseException) -> RefusalSubject:
    """Return what a refusal is about.

    Args:
        error: What was raised. Errors that are not a service's refusal, such as `StorageError`, are
            ``UNKNOWN``.
    """
    subject: RefusalSubject = getattr(error, "_refusal_subject", RefusalSubject.UNKNOWN)
    return subject


def subject_of_code(code: str) -> RefusalSubject:
    """Return what a refusal with this code is about, from the code alone.

    Args:
        code: A code of Cognito, or of OAuth (RFC 6749, sections 4.1.2.1 and 5.2).
    """
    return _BY_CODE.get(code, RefusalSubject.UNKNOWN)


def subject_of_response(code: str, operation: str | None, text: str) -> RefusalSubject:
    """Return what Cognito's refusal of an operation is about.

    Args:
        code: Cognito's code.
        operation: The operation that was refused.
        text: Cognito's message; empty without one.
    """
    if not text and code == _NOT_AUTHORIZED and operation == "GetTokensFromRefreshToken":
        # The one refusal that Cognito sends without a message: the token's family was revoked.
        return RefusalSubject.REFRESH_TOKEN_ENDED
    for pattern, subject in _BY_TEXT.get(code, ()):
        if pattern.search(text):
            return subject
    if code == _RESOURCE_NOT_FOUND and operation in _NAMES_THE_CLIENT:
        is_about_device = "device" in text.casefold()
        return RefusalSubject.UNKNOWN if is_about_device else RefusalSubject.APP_CLIENT
    return subject_of_code(code)
