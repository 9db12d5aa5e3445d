"""One class per error code of Cognito's two services (`cognito-idp`, `cognito-identity`)."""

from typing import ClassVar

from ._service import ServiceError


class AliasExistsException(ServiceError):
    """Another account has this e-mail address or phone number as its alias."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "AliasExistsException"
    default_recovery: ClassVar[str | None] = (
        "Use another address, or pass force_alias_creation=True to move it here."
    )


class CodeDeliveryFailureException(ServiceError):
    """The code could not be delivered."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "CodeDeliveryFailureException"
    default_recovery: ClassVar[str | None] = (
        "Check the address, and the user pool's settings for e-mail and SMS."
    )


class CodeMismatchException(ServiceError):
    """The code is not the one that was sent."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "CodeMismatchException"
    default_recovery: ClassVar[str | None] = "Ask for the code again, or send another one."


class ConcurrentModificationException(ServiceError):
    """Two changes at once."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "ConcurrentModificationException"
    default_recovery: ClassVar[str | None] = "Try again."


class DeviceKeyExistsException(ServiceError):
    """The device is confirmed already."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "DeviceKeyExistsException"


class EnableSoftwareTokenMFAException(ServiceError):
    """The code does not fit the software token being set up."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "EnableSoftwareTokenMFAException"
    default_recovery: ClassVar[str | None] = "Ask for the app's current code, and check the phone's clock."


class ExpiredCodeException(ServiceError):
    """The code has expired, or was used before."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "ExpiredCodeException"
    default_recovery: ClassVar[str | None] = (
        "Send another code; an authenticator app shows its next one within 30 seconds."
    )


class ExternalServiceException(ServiceError):
    """A provider behind the identity pool failed."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "ExternalServiceException"
    default_recovery: ClassVar[str | None] = "Try again later."


class FeatureUnavailableInTierException(ServiceError):
    """The user pool's plan does not include this."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "FeatureUnavailableInTierException"
    default_recovery: ClassVar[str | None] = "Choose a plan of the user pool that includes the feature."


class ForbiddenException(ServiceError):
    """A web application firewall refused the request."""

    http_status: ClassVar[int] = 403
    code: ClassVar[str | None] = "ForbiddenException"
    default_recovery: ClassVar[str | None] = "Check the rules of the user pool's web ACL (AWS WAF)."


class GroupExistsException(ServiceError):
    """The group exists already."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "GroupExistsException"


class InternalErrorException(ServiceError):
    """Cognito failed."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InternalErrorException"
    default_recovery: ClassVar[str | None] = "Try again. If it persists, send the request_id to AWS support."


class InvalidEmailRoleAccessPolicyException(ServiceError):
    """Cognito may not send e-mail for this user pool."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InvalidEmailRoleAccessPolicyException"
    default_recovery: ClassVar[str | None] = "Let Cognito send e-mail through the identity in Amazon SES."


class InvalidIdentityPoolConfigurationException(ServiceError):
    """The identity pool has no usable role."""

    http_status: ClassVar[int] = 503
    code: ClassVar[str | None] = "InvalidIdentityPoolConfigurationException"
    default_recovery: ClassVar[str | None] = "Check the roles of the identity pool and their trust policies."


class InvalidLambdaResponseException(ServiceError):
    """A trigger of the user pool returned a response in an unknown form."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InvalidLambdaResponseException"
    default_recovery: ClassVar[str | None] = (
        "Correct the trigger: it must return the event with its response."
    )


class InvalidOAuthFlowException(ServiceError):
    """The OAuth flow is not one of the app client's."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InvalidOAuthFlowException"
    default_recovery: ClassVar[str | None] = "Allow the flow in the app client's AllowedOAuthFlows."


class InvalidParameterException(ServiceError):
    """A parameter does not fit; the message says which."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "InvalidParameterException"
    default_recovery: ClassVar[str | None] = "Correct the parameter that the message names."


class InvalidPasswordException(ServiceError):
    """The password does not conform to the policy; the message says why."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "InvalidPasswordException"
    default_recovery: ClassVar[str | None] = (
        "Ask for another password; the message says what the policy requires."
    )


class InvalidSmsRoleAccessPolicyException(ServiceError):
    """Cognito may not send SMS for this user pool."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InvalidSmsRoleAccessPolicyException"
    default_recovery: ClassVar[str | None] = "Let the user pool's SMS role publish to Amazon SNS."


class InvalidSmsRoleTrustRelationshipException(ServiceError):
    """The user pool's SMS role does not trust Cognito."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InvalidSmsRoleTrustRelationshipException"
    default_recovery: ClassVar[str | None] = "Let cognito-idp.amazonaws.com assume the user pool's SMS role."


class InvalidUserPoolConfigurationException(ServiceError):
    """The user pool is not configured for this."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "InvalidUserPoolConfigurationException"
    default_recovery: ClassVar[str | None] = "Check the settings of the user pool that the message names."


class LimitExceededException(ServiceError):
    """Too many attempts; only time helps."""

    http_status: ClassVar[int] = 429
    code: ClassVar[str | None] = "LimitExceededException"
    default_recovery: ClassVar[str | None] = "Wait before the next attempt; limits are counted by the hour."


class MFAMethodNotFoundException(ServiceError):
    """The user has no such MFA method."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "MFAMethodNotFoundException"
    default_recovery: ClassVar[str | None] = "Set up the second factor first: an address, or set_up_totp."


class NotAuthorizedException(ServiceError):
    """Wrong password, or a token or session that is not valid."""

    http_status: ClassVar[int] = 401
    code: ClassVar[str | None] = "NotAuthorizedException"
    default_recovery: ClassVar[str | None] = "Check the username, password or code, or sign in again."


class OperationNotEnabledException(ServiceError):
    """This replica of the user pool does not take the operation."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "OperationNotEnabledException"
    default_recovery: ClassVar[str | None] = "Send the operation to the user pool's primary region."


class PasswordHistoryPolicyViolationException(ServiceError):
    """The password was used before."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "PasswordHistoryPolicyViolationException"
    default_recovery: ClassVar[str | None] = "Ask for a password that was not used before."


class PasswordResetRequiredException(ServiceError):
    """The password must be reset first."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "PasswordResetRequiredException"
    default_recovery: ClassVar[str | None] = "Call reset_password, then confirm_reset_password."


class RefreshTokenReuseException(ServiceError):
    """The refresh token was exchanged before: rotation is on."""

    http_status: ClassVar[int] = 401
    code: ClassVar[str | None] = "RefreshTokenReuseException"
    default_recovery: ClassVar[str | None] = "Sign in again."


class ResourceConflictException(ServiceError):
    """The login belongs to another identity."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "ResourceConflictException"
    default_recovery: ClassVar[str | None] = "Sign in with the login that the identity belongs to."


class ResourceNotFoundException(ServiceError):
    """No such user pool, app client, device or identity."""

    http_status: ClassVar[int] = 404
    code: ClassVar[str | None] = "ResourceNotFoundException"
    default_recovery: ClassVar[str | None] = "Check the ids of the pool, the app client and the device."


class ScopeDoesNotExistException(ServiceError):
    """No such scope."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "ScopeDoesNotExistException"
    default_recovery: ClassVar[str | None] = "Add the scope to a resource server of the user pool."


class SoftwareTokenMFANotFoundException(ServiceError):
    """Software tokens are not set up, or not offered."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "SoftwareTokenMFANotFoundException"
    default_recovery: ClassVar[str | None] = (
        "Call set_up_totp first; the user pool must offer authenticator apps."
    )


class TooManyFailedAttemptsException(ServiceError):
    """Too many wrong answers; only time helps."""

    http_status: ClassVar[int] = 429
    code: ClassVar[str | None] = "TooManyFailedAttemptsException"
    default_recovery: ClassVar[str | None] = "Wait before the next attempt."


class TooManyRequestsException(ServiceError):
    """Too many requests; try again in a moment."""

    http_status: ClassVar[int] = 429
    code: ClassVar[str | None] = "TooManyRequestsException"
    default_recovery: ClassVar[str | None] = "Try again in a moment."


class UnauthorizedException(ServiceError):
    """The app client or its secret is not right."""

    http_status: ClassVar[int] = 503
    code: ClassVar[str | None] = "UnauthorizedException"
    default_recovery: ClassVar[str | None] = "Check user_pool_client_id and user_pool_client_secret."


class UnexpectedLambdaException(ServiceError):
    """A trigger of the user pool could not be run."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "UnexpectedLambdaException"
    default_recovery: ClassVar[str | None] = (
        "Check that Cognito may invoke the trigger, and that it ends within five seconds."
    )


class UnsupportedIdentityProviderException(ServiceError):
    """No such identity provider."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "UnsupportedIdentityProviderException"
    default_recovery: ClassVar[str | None] = "Name an identity provider of the user pool."


class UnsupportedOperationException(ServiceError):
    """The app client does not allow this, such as token revocation."""

    http_status: ClassVar[int] = 503
    code: ClassVar[str | None] = "UnsupportedOperationException"
    default_recovery: ClassVar[str | None] = (
        "Check what the app client allows, such as EnableTokenRevocation."
    )


class UnsupportedTokenTypeException(ServiceError):
    """The token is not a refresh token."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "UnsupportedTokenTypeException"
    default_recovery: ClassVar[str | None] = "Pass a refresh token."


class UnsupportedUserStateException(ServiceError):
    """The user is not in a state for this."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "UnsupportedUserStateException"
    default_recovery: ClassVar[str | None] = "An administrator must change the state of the user."


class UserImportInProgressException(ServiceError):
    """Users are being imported."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "UserImportInProgressException"
    default_recovery: ClassVar[str | None] = "Try again when the import is done."


class UserLambdaValidationException(ServiceError):
    """A trigger of the user pool refused the request, with a message of its own."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "UserLambdaValidationException"
    default_recovery: ClassVar[str | None] = "Do what the trigger's message says."


class UserNotConfirmedException(ServiceError):
    """The sign-up is not confirmed yet."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "UserNotConfirmedException"
    default_recovery: ClassVar[str | None] = (
        "Call confirm_sign_up with the code, or resend_sign_up_code for another one."
    )


class UserNotFoundException(ServiceError):
    """No such user."""

    http_status: ClassVar[int] = 404
    code: ClassVar[str | None] = "UserNotFoundException"
    default_recovery: ClassVar[str | None] = "Check the username, or sign up."


class UserPoolAddOnNotEnabledException(ServiceError):
    """An add-on of the user pool is not enabled."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "UserPoolAddOnNotEnabledException"
    default_recovery: ClassVar[str | None] = "Turn on threat protection for the user pool."


class UsernameExistsException(ServiceError):
    """The username is taken."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "UsernameExistsException"
    default_recovery: ClassVar[str | None] = "Sign in, or choose another username."


class WebAuthnChallengeNotFoundException(ServiceError):
    """The registration was not begun, or took too long."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "WebAuthnChallengeNotFoundException"
    default_recovery: ClassVar[str | None] = "Begin again with start_web_authn_registration."


class WebAuthnClientMismatchException(ServiceError):
    """The registration was begun with another app client."""

    http_status: ClassVar[int] = 409
    code: ClassVar[str | None] = "WebAuthnClientMismatchException"
    default_recovery: ClassVar[str | None] = (
        "Begin again with start_web_authn_registration, with this app client."
    )


class WebAuthnConfigurationMissingException(ServiceError):
    """The user pool has no relying party."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "WebAuthnConfigurationMissingException"
    default_recovery: ClassVar[str | None] = "Set the relying party in the user pool's WebAuthnConfiguration."


class WebAuthnCredentialNotSupportedException(ServiceError):
    """The user pool does not support this kind of passkey."""

    http_status: ClassVar[int] = 422
    code: ClassVar[str | None] = "WebAuthnCredentialNotSupportedException"
    default_recovery: ClassVar[str | None] = "Use another authenticator."


class WebAuthnNotEnabledException(ServiceError):
    """Passkeys are not enabled in the user pool."""

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = "WebAuthnNotEnabledException"
    default_recovery: ClassVar[str | None] = "Add WEB_AUTHN to the user pool's AllowedFirstAuthFactors."


class WebAuthnOriginNotAllowedException(ServiceError):
    """The passkey was made on a page of another origin."""

    http_status: ClassVar[int] = 403
    code: ClassVar[str | None] = "WebAuthnOriginNotAllowedException"
    default_recovery: ClassVar[str | None] = "Serve the page from the relying party's domain, over https."


class WebAuthnRelyingPartyMismatchException(ServiceError):
    """The passkey was made for another relying party."""

    http_status: ClassVar[int] = 403
    code: ClassVar[str | None] = "WebAuthnRelyingPartyMismatchException"
    default_recovery: ClassVar[str | None] = "Use the relying party of the user pool's WebAuthnConfiguration."


BY_CODE: dict[str, type[ServiceError]] = {
    str(cls.code): cls for cls in ServiceError.__subclasses__() if cls.__module__ == __name__
}
