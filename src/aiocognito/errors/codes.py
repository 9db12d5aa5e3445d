"""One class per error code of Cognito's two services (`cognito-idp`, `cognito-identity`)."""

from __future__ import annotations

from .service import ServiceError


class AliasExistsException(ServiceError):
    """Another account has this e-mail address or phone number as its alias."""

    http_status = 409
    code = "AliasExistsException"


class CodeDeliveryFailureException(ServiceError):
    """The code could not be delivered."""

    http_status = 502
    code = "CodeDeliveryFailureException"


class CodeMismatchException(ServiceError):
    """The code is not the one that was sent."""

    http_status = 422
    code = "CodeMismatchException"


class ConcurrentModificationException(ServiceError):
    """Two changes at once."""

    http_status = 409
    code = "ConcurrentModificationException"


class DeviceKeyExistsException(ServiceError):
    """The device is confirmed already."""

    http_status = 409
    code = "DeviceKeyExistsException"


class EnableSoftwareTokenMFAException(ServiceError):
    """The code does not fit the software token being set up."""

    http_status = 422
    code = "EnableSoftwareTokenMFAException"


class ExpiredCodeException(ServiceError):
    """The code has expired, or was used before."""

    http_status = 422
    code = "ExpiredCodeException"


class ExternalServiceException(ServiceError):
    """A provider behind the identity pool failed."""

    http_status = 502
    code = "ExternalServiceException"


class FeatureUnavailableInTierException(ServiceError):
    """The user pool's plan does not include this."""

    http_status = 502
    code = "FeatureUnavailableInTierException"


class ForbiddenException(ServiceError):
    """A web application firewall refused the request."""

    http_status = 403
    code = "ForbiddenException"


class GroupExistsException(ServiceError):
    """The group exists already."""

    http_status = 409
    code = "GroupExistsException"


class InternalErrorException(ServiceError):
    """Cognito failed."""

    http_status = 502
    code = "InternalErrorException"


class InvalidEmailRoleAccessPolicyException(ServiceError):
    """Cognito may not send e-mail for this user pool."""

    http_status = 502
    code = "InvalidEmailRoleAccessPolicyException"


class InvalidIdentityPoolConfigurationException(ServiceError):
    """The identity pool has no usable role."""

    http_status = 503
    code = "InvalidIdentityPoolConfigurationException"


class InvalidLambdaResponseException(ServiceError):
    """A trigger of the user pool answered in a form nobody understands."""

    http_status = 502
    code = "InvalidLambdaResponseException"


class InvalidOAuthFlowException(ServiceError):
    """The OAuth flow is not one of the app client's."""

    http_status = 502
    code = "InvalidOAuthFlowException"


class InvalidParameterException(ServiceError):
    """A parameter does not fit; the message says which."""

    http_status = 422
    code = "InvalidParameterException"


class InvalidPasswordException(ServiceError):
    """The password does not conform to the policy; the message says why."""

    http_status = 422
    code = "InvalidPasswordException"


class InvalidSmsRoleAccessPolicyException(ServiceError):
    """Cognito may not send SMS for this user pool."""

    http_status = 502
    code = "InvalidSmsRoleAccessPolicyException"


class InvalidSmsRoleTrustRelationshipException(ServiceError):
    """The user pool's SMS role does not trust Cognito."""

    http_status = 502
    code = "InvalidSmsRoleTrustRelationshipException"


class InvalidUserPoolConfigurationException(ServiceError):
    """The user pool is not configured for this."""

    http_status = 502
    code = "InvalidUserPoolConfigurationException"


class LimitExceededException(ServiceError):
    """Too many attempts; only time helps."""

    http_status = 429
    code = "LimitExceededException"


class MFAMethodNotFoundException(ServiceError):
    """The user has no such MFA method."""

    http_status = 422
    code = "MFAMethodNotFoundException"


class NotAuthorizedException(ServiceError):
    """Wrong password, or a token or session that is not valid."""

    http_status = 401
    code = "NotAuthorizedException"


class OperationNotEnabledException(ServiceError):
    """This replica of the user pool does not take the operation."""

    http_status = 502
    code = "OperationNotEnabledException"


class PasswordHistoryPolicyViolationException(ServiceError):
    """The password was used before."""

    http_status = 422
    code = "PasswordHistoryPolicyViolationException"


class PasswordResetRequiredException(ServiceError):
    """The password must be reset first."""

    http_status = 409
    code = "PasswordResetRequiredException"


class RefreshTokenReuseException(ServiceError):
    """The refresh token was exchanged before: rotation is on."""

    http_status = 401
    code = "RefreshTokenReuseException"


class ResourceConflictException(ServiceError):
    """The login belongs to another identity."""

    http_status = 409
    code = "ResourceConflictException"


class ResourceNotFoundException(ServiceError):
    """No such user pool, app client, device or identity."""

    http_status = 404
    code = "ResourceNotFoundException"


class ScopeDoesNotExistException(ServiceError):
    """No such scope."""

    http_status = 422
    code = "ScopeDoesNotExistException"


class SoftwareTokenMFANotFoundException(ServiceError):
    """Software tokens are not set up, or not offered."""

    http_status = 422
    code = "SoftwareTokenMFANotFoundException"


class TooManyFailedAttemptsException(ServiceError):
    """Too many wrong answers; only time helps."""

    http_status = 429
    code = "TooManyFailedAttemptsException"


class TooManyRequestsException(ServiceError):
    """Too many requests; try again in a moment."""

    http_status = 429
    code = "TooManyRequestsException"


class UnauthorizedException(ServiceError):
    """The app client or its secret is not right."""

    http_status = 503
    code = "UnauthorizedException"


class UnexpectedLambdaException(ServiceError):
    """A trigger of the user pool could not be run."""

    http_status = 502
    code = "UnexpectedLambdaException"


class UnsupportedIdentityProviderException(ServiceError):
    """No such identity provider."""

    http_status = 422
    code = "UnsupportedIdentityProviderException"


class UnsupportedOperationException(ServiceError):
    """The app client does not allow this, such as token revocation."""

    http_status = 503
    code = "UnsupportedOperationException"


class UnsupportedTokenTypeException(ServiceError):
    """Only a refresh token fits here."""

    http_status = 422
    code = "UnsupportedTokenTypeException"


class UnsupportedUserStateException(ServiceError):
    """The user is not in a state for this."""

    http_status = 409
    code = "UnsupportedUserStateException"


class UserImportInProgressException(ServiceError):
    """Users are being imported."""

    http_status = 409
    code = "UserImportInProgressException"


class UserLambdaValidationException(ServiceError):
    """A trigger of the user pool refused, in its own words."""

    http_status = 422
    code = "UserLambdaValidationException"


class UserNotConfirmedException(ServiceError):
    """The sign-up is not confirmed yet."""

    http_status = 409
    code = "UserNotConfirmedException"


class UserNotFoundException(ServiceError):
    """No such user."""

    http_status = 404
    code = "UserNotFoundException"


class UserPoolAddOnNotEnabledException(ServiceError):
    """An add-on of the user pool is not enabled."""

    http_status = 502
    code = "UserPoolAddOnNotEnabledException"


class UsernameExistsException(ServiceError):
    """The username is taken."""

    http_status = 409
    code = "UsernameExistsException"


class WebAuthnChallengeNotFoundException(ServiceError):
    """The registration was not begun, or took too long."""

    http_status = 409
    code = "WebAuthnChallengeNotFoundException"


class WebAuthnClientMismatchException(ServiceError):
    """The registration was begun with another app client."""

    http_status = 409
    code = "WebAuthnClientMismatchException"


class WebAuthnConfigurationMissingException(ServiceError):
    """The user pool has no relying party."""

    http_status = 502
    code = "WebAuthnConfigurationMissingException"


class WebAuthnCredentialNotSupportedException(ServiceError):
    """The user pool does not support this kind of passkey."""

    http_status = 422
    code = "WebAuthnCredentialNotSupportedException"


class WebAuthnNotEnabledException(ServiceError):
    """Passkeys are not enabled in the user pool."""

    http_status = 502
    code = "WebAuthnNotEnabledException"


class WebAuthnOriginNotAllowedException(ServiceError):
    """The passkey was made on a page of another origin."""

    http_status = 403
    code = "WebAuthnOriginNotAllowedException"


class WebAuthnRelyingPartyMismatchException(ServiceError):
    """The passkey was made for another relying party."""

    http_status = 403
    code = "WebAuthnRelyingPartyMismatchException"


BY_CODE: dict[str, type[ServiceError]] = {
    str(cls.code): cls for cls in ServiceError.__subclasses__() if cls.__module__ == __name__
}
