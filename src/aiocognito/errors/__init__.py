"""The exceptions that aiocognito raises::

    AuthError
    ├── AuthConfigError (ValueError)          a configuration value is malformed
    ├── AuthValidationError                   an argument is missing; .code says which
    ├── AuthTokenConfigException              the client keeps no session
    │   └── AuthUserPoolException             no user pool configured
    ├── OAuthNotConfigureException, InvalidIdentityPoolIdException
    ├── UserUnAuthenticatedException, SignInException, …    Amplify's own names
    ├── ServiceError                          Cognito refused
    │   ├── NotAuthorizedException, …         one per code …
    │   └── InitiateAuthException, …          … and one per operation: what is raised is both
    ├── NetworkError                          no answer; .request_sent
    ├── AuthUsageError (RuntimeError)         used after it was closed, or on another event loop
    ├── StorageError                          the storage failed; never "signed out"
    │   └── SessionBusyError                  another process holds the session for too long
    ├── InvalidJWTError (ValueError)          not a JSON Web Token
    ├── TokenVerificationError                a token is not acceptable; .claim, .expected, .actual
    └── JwksUnavailableError                  the keys could not be fetched (503, not 401)

All carry ``.name`` (Amplify's literal), ``.recovery_suggestion``, ``.retryable``, ``.is_configuration``,
``.request_id`` and ``.service_status``; causes are chained; all pickle and copy; none holds a secret.
"""

from __future__ import annotations

from .._public import public
from ._amplify import (
    AuthTokenConfigException,
    AuthUserPoolException,
    AutoSignInException,
    CredentialsException,
    CredentialsNotFoundException,
    DeviceMetadataNotFoundException,
    EmptyUserIdForSRPException,
    GetIdResponseException,
    InvalidIdentityPoolIdException,
    InvalidIdTokenException,
    InvalidPasskeyAuthenticationOptions,
    InvalidPasskeyRegistrationOptions,
    InvalidPreferredRedirectUrlException,
    InvalidRedirectException,
    InvalidTokens,
    OAuthNotConfigureException,
    OAuthSignInException,
    OAuthStateMismatchException,
    PasskeyError,
    SetUpTOTPException,
    SignInException,
    TokenRefreshException,
    UnexpectedSignInInterruptionException,
    UserAlreadyAuthenticatedException,
    UserUnAuthenticatedException,
)
from ._base import (
    AuthConfigError,
    AuthError,
    AuthUsageError,
    InvalidJWTError,
    NetworkError,
    SessionBusyError,
    StorageError,
)
from ._codes import (
    AliasExistsException,
    CodeDeliveryFailureException,
    CodeMismatchException,
    ConcurrentModificationException,
    DeviceKeyExistsException,
    EnableSoftwareTokenMFAException,
    ExpiredCodeException,
    ExternalServiceException,
    FeatureUnavailableInTierException,
    ForbiddenException,
    GroupExistsException,
    InternalErrorException,
    InvalidEmailRoleAccessPolicyException,
    InvalidIdentityPoolConfigurationException,
    InvalidLambdaResponseException,
    InvalidOAuthFlowException,
    InvalidParameterException,
    InvalidPasswordException,
    InvalidSmsRoleAccessPolicyException,
    InvalidSmsRoleTrustRelationshipException,
    InvalidUserPoolConfigurationException,
    LimitExceededException,
    MFAMethodNotFoundException,
    NotAuthorizedException,
    OperationNotEnabledException,
    PasswordHistoryPolicyViolationException,
    PasswordResetRequiredException,
    RefreshTokenReuseException,
    ResourceConflictException,
    ResourceNotFoundException,
    ScopeDoesNotExistException,
    SoftwareTokenMFANotFoundException,
    TooManyFailedAttemptsException,
    TooManyRequestsException,
    UnauthorizedException,
    UnexpectedLambdaException,
    UnsupportedIdentityProviderException,
    UnsupportedOperationException,
    UnsupportedTokenTypeException,
    UnsupportedUserStateException,
    UserImportInProgressException,
    UserLambdaValidationException,
    UsernameExistsException,
    UserNotConfirmedException,
    UserNotFoundException,
    UserPoolAddOnNotEnabledException,
    WebAuthnChallengeNotFoundException,
    WebAuthnClientMismatchException,
    WebAuthnConfigurationMissingException,
    WebAuthnCredentialNotSupportedException,
    WebAuthnNotEnabledException,
    WebAuthnOriginNotAllowedException,
    WebAuthnRelyingPartyMismatchException,
)
from ._factory import service_error
from ._operations import (
    AssociateSoftwareTokenException,
    ChangePasswordException,
    CompleteWebAuthnRegistrationException,
    ConfirmDeviceException,
    ConfirmForgotPasswordException,
    ConfirmSignUpException,
    DeleteUserAttributesException,
    DeleteUserException,
    DeleteWebAuthnCredentialException,
    ForgetDeviceException,
    ForgotPasswordException,
    GetCredentialsForIdentityException,
    GetDeviceException,
    GetIdException,
    GetOpenIdTokenException,
    GetTokensFromRefreshTokenException,
    GetUserAttributeVerificationException,
    GetUserAuthFactorsException,
    GetUserException,
    GlobalSignOutException,
    InitiateAuthException,
    ListDevicesException,
    ListWebAuthnCredentialsException,
    ResendConfirmationException,
    RespondToAuthChallengeException,
    RevokeTokenException,
    SetUserMFAPreferenceException,
    SetUserSettingsException,
    SignUpException,
    StartWebAuthnRegistrationException,
    UnlinkIdentityException,
    UpdateAuthEventFeedbackException,
    UpdateDeviceStatusException,
    UpdateUserAttributesException,
    VerifySoftwareTokenException,
    VerifyUserAttributeException,
)
from ._service import ServiceError, is_throttling
from ._validation import AuthValidationError, AuthValidationErrorCode
from ._verification import (
    JwksUnavailableError,
    TokenAlgorithmError,
    TokenClientError,
    TokenExpiredError,
    TokenGroupError,
    TokenIssuerError,
    TokenKeyError,
    TokenMalformedError,
    TokenNonceError,
    TokenNotYetValidError,
    TokenScopeError,
    TokenSignatureError,
    TokenUseError,
    TokenVerificationError,
)

__all__ = [
    "AliasExistsException",
    "AssociateSoftwareTokenException",
    "AuthConfigError",
    "AuthError",
    "AuthTokenConfigException",
    "AuthUsageError",
    "AuthUserPoolException",
    "AuthValidationError",
    "AuthValidationErrorCode",
    "AutoSignInException",
    "ChangePasswordException",
    "CodeDeliveryFailureException",
    "CodeMismatchException",
    "CompleteWebAuthnRegistrationException",
    "ConcurrentModificationException",
    "ConfirmDeviceException",
    "ConfirmForgotPasswordException",
    "ConfirmSignUpException",
    "CredentialsException",
    "CredentialsNotFoundException",
    "DeleteUserAttributesException",
    "DeleteUserException",
    "DeleteWebAuthnCredentialException",
    "DeviceKeyExistsException",
    "DeviceMetadataNotFoundException",
    "EmptyUserIdForSRPException",
    "EnableSoftwareTokenMFAException",
    "ExpiredCodeException",
    "ExternalServiceException",
    "FeatureUnavailableInTierException",
    "ForbiddenException",
    "ForgetDeviceException",
    "ForgotPasswordException",
    "GetCredentialsForIdentityException",
    "GetDeviceException",
    "GetIdException",
    "GetIdResponseException",
    "GetOpenIdTokenException",
    "GetTokensFromRefreshTokenException",
    "GetUserAttributeVerificationException",
    "GetUserAuthFactorsException",
    "GetUserException",
    "GlobalSignOutException",
    "GroupExistsException",
    "InitiateAuthException",
    "InternalErrorException",
    "InvalidEmailRoleAccessPolicyException",
    "InvalidIdTokenException",
    "InvalidIdentityPoolConfigurationException",
    "InvalidIdentityPoolIdException",
    "InvalidJWTError",
    "InvalidLambdaResponseException",
    "InvalidOAuthFlowException",
    "InvalidParameterException",
    "InvalidPasskeyAuthenticationOptions",
    "InvalidPasskeyRegistrationOptions",
    "InvalidPasswordException",
    "InvalidPreferredRedirectUrlException",
    "InvalidRedirectException",
    "InvalidSmsRoleAccessPolicyException",
    "InvalidSmsRoleTrustRelationshipException",
    "InvalidTokens",
    "InvalidUserPoolConfigurationException",
    "JwksUnavailableError",
    "LimitExceededException",
    "ListDevicesException",
    "ListWebAuthnCredentialsException",
    "MFAMethodNotFoundException",
    "NetworkError",
    "NotAuthorizedException",
    "OAuthNotConfigureException",
    "OAuthSignInException",
    "OAuthStateMismatchException",
    "OperationNotEnabledException",
    "PasskeyError",
    "PasswordHistoryPolicyViolationException",
    "PasswordResetRequiredException",
    "RefreshTokenReuseException",
    "ResendConfirmationException",
    "ResourceConflictException",
    "ResourceNotFoundException",
    "RespondToAuthChallengeException",
    "RevokeTokenException",
    "ScopeDoesNotExistException",
    "ServiceError",
    "SessionBusyError",
    "SetUpTOTPException",
    "SetUserMFAPreferenceException",
    "SetUserSettingsException",
    "SignInException",
    "SignUpException",
    "SoftwareTokenMFANotFoundException",
    "StartWebAuthnRegistrationException",
    "StorageError",
    "TokenAlgorithmError",
    "TokenClientError",
    "TokenExpiredError",
    "TokenGroupError",
    "TokenIssuerError",
    "TokenKeyError",
    "TokenMalformedError",
    "TokenNonceError",
    "TokenNotYetValidError",
    "TokenRefreshException",
    "TokenScopeError",
    "TokenSignatureError",
    "TokenUseError",
    "TokenVerificationError",
    "TooManyFailedAttemptsException",
    "TooManyRequestsException",
    "UnauthorizedException",
    "UnexpectedLambdaException",
    "UnexpectedSignInInterruptionException",
    "UnlinkIdentityException",
    "UnsupportedIdentityProviderException",
    "UnsupportedOperationException",
    "UnsupportedTokenTypeException",
    "UnsupportedUserStateException",
    "UpdateAuthEventFeedbackException",
    "UpdateDeviceStatusException",
    "UpdateUserAttributesException",
    "UserAlreadyAuthenticatedException",
    "UserImportInProgressException",
    "UserLambdaValidationException",
    "UserNotConfirmedException",
    "UserNotFoundException",
    "UserPoolAddOnNotEnabledException",
    "UserUnAuthenticatedException",
    "UsernameExistsException",
    "VerifySoftwareTokenException",
    "VerifyUserAttributeException",
    "WebAuthnChallengeNotFoundException",
    "WebAuthnClientMismatchException",
    "WebAuthnConfigurationMissingException",
    "WebAuthnCredentialNotSupportedException",
    "WebAuthnNotEnabledException",
    "WebAuthnOriginNotAllowedException",
    "WebAuthnRelyingPartyMismatchException",
    "http_status_for",
    "service_error",
]


def http_status_for(error: AuthError) -> int:
    """Return the HTTP status with which a web layer answers an error.

    Args:
        error: The error.

    Returns:
        401, 403, 404, 409, 422, 429, 502 or 503.
    """
    if error.is_configuration:
        # A lost secret must not look as if every user mistyped.
        return 503
    if isinstance(error, ServiceError) and is_throttling(error):
        return 429
    if isinstance(error, OAuthSignInException) and error.retryable:
        # Not the user's fault: the token endpoint could not answer.
        return 429 if error.service_status == 429 else 502
    if isinstance(error, NotAuthorizedException) and error.retryable:
        return 503  # A refresh was refused for an unknown reason; the session is kept.
    return error.http_status


for _name in __all__:
    public(__name__)(globals()[_name])
