"""The names that a fault can have: operations, the emulator's other endpoints, and error codes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from .service_model import IDENTITY_POOLS, USER_POOLS, ServiceModel

EVERY: Final = "*"
_WELL_KNOWN: Final = (
    "GetJwks",
    "GetOpenIdConfiguration",
    "GetIdentityJwks",
    "GetIdentityOpenIdConfiguration",
)
_UPLOAD: Final = "UploadUserImportFile"
_HOSTED_UI: Final = (
    "Authorize",
    "ConfirmForm",
    "ConfirmPage",
    "ErrorPage",
    "ForgotPasswordForm",
    "ForgotPasswordPage",
    "IdpResponse",
    "LoginForm",
    "LoginPage",
    "Logout",
    "ProviderForm",
    "ProviderPage",
    "ResetPasswordForm",
    "ResetPasswordPage",
    "Revoke",
    "SignUpForm",
    "SignUpPage",
    "StepForm",
    "StepPage",
    "Token",
    "UserInfo",
)
# Errors of all operations of AWS, which the service models do not list.
_COMMON: Final = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalErrorException",
    "InternalFailure",
    "InvalidClientTokenId",
    "InvalidParameterException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotAuthorizedException",
    "OptInRequired",
    "RequestExpired",
    "RequestTimeout",
    "RequestTimeoutException",
    "SerializationException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
)
# RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1; RFC 7009, 2.2.1; OpenID Connect Core, 3.1.2.6.
_OAUTH: Final = (
    "access_denied",
    "account_selection_required",
    "consent_required",
    "insufficient_scope",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "unsupported_token_type",
)


@frozen
class FaultNames:
    """The known operations and error codes."""

    operations: frozenset[str] = field(repr=False)
    errors: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, models: Iterable[ServiceModel]) -> FaultNames:
        """Return the names of services, and of all endpoints of the emulator."""
        operations = [operation for model in models for operation in model.operations.values()]
        return cls(
            frozenset(operation.name for operation in operations)
            | {*_WELL_KNOWN, *_HOSTED_UI, _UPLOAD, EVERY},
            frozenset(code for operation in operations for code in operation.errors) | {*_COMMON, *_OAUTH},
        )


@lru_cache(maxsize=1)
def load() -> FaultNames:
    """Return the names of both services. The first call reads the service models from disk."""
    return FaultNames.of([ServiceModel.load(USER_POOLS), ServiceModel.load(IDENTITY_POOLS)])
