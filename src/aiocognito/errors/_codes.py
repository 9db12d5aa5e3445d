"""One class per error code of Cognito's two services (`cognito-idp`, `cognito-identity`)."""

from __future__ import annotations

from ._service import ServiceError


class AliasExistsException(ServiceError):
    """Another account has this e-mail address or phone number as its alias."""

    http_status = 409
    code = "AliasExistsException"
    default_recovery = "Use another address, or pass force_alias_creation=True to move it here."


class CodeDeliveryFailureException(ServiceError):
    """The code could not be delivered."""

    http_status = 502
    code = "CodeDeliveryFailureException"
    default_recovery = "Check the address, and the user pool's settings for e-mail and SMS."


class CodeMismatchException(ServiceError):
    """The code is not the one that was sent."""

    http_status = 422
    code = "CodeMismatchException"
    default_recovery = "Ask for the code again, or send another one."


class ConcurrentModificationException(ServiceError):
    """Two changes at once."""

    http_status = 409
    code = "ConcurrentModificationException"
    default_recovery = "Try again."


class DeviceKeyExistsException(ServiceError):
    """The device is confirmed already."""

    http_status = 409
    code = "DeviceKeyExistsException"


class EnableSoftwareTokenMFAException(ServiceError):
    """The code does not fit the software token being set up."""

    http_status = 422
    code = "EnableSoftwareTokenMFAException"
    default_recovery = "Ask for the app's present code; check the clock of the phone."


class ExpiredCodeException(ServiceError):
    """The code has expired, or was used before."""

    http_status = 422
    code = "ExpiredCodeException"
    default_recovery = "Send another code; an authenticator app shows its next one within 30 seconds."


class ExternalServiceException(ServiceError):
    """A provider behind the identity pool failed."""

    http_status = 502
    code = "ExternalServiceException"
    default_recovery = "Try again later."


class FeatureUnavailableInTierException(ServiceError):
    """The user pool's plan does not include this."""

    http_status = 502
    code = "FeatureUnavailableInTierException"
    default_recovery = "Choose a plan of the user pool that includes the feature."


class ForbiddenException(ServiceError):
    """A web application firewall refused the request."""

    http_status = 403
    code = "ForbiddenException"
    default_recovery = "Check the rules of the user pool's web ACL (AWS WAF)."


class GroupExistsException(ServiceError):
    """The group exists already."""

    http_status = 409
    code = "GroupExistsException"


class InternalErrorException(ServiceError):
    """Cognito failed."""

    http_status = 502
    code = "InternalErrorException"
    default_recovery = "Try again; the request_id is what AWS support asks for."


class InvalidEmailRoleAccessPolicyException(ServiceError):
    """Cognito may not send e-mail for this user pool."""

    http_status = 502
    code = "InvalidEmailRoleAccessPolicyException"
    default_recovery = "Let Cognito send e-mail through the identity in Amazon SES."


class InvalidIdentityPoolConfigurationException(ServiceError):
    """The identity pool has no usable role."""

    http_status = 503
    code = "InvalidIdentityPoolConfigurationException"
    default_recovery = "Check the roles of the identity pool and their trust policies."


class InvalidLambdaResponseException(ServiceError):
    """A trigger of the user pool answered in a form nobody understands."""

    http_status = 502
    code = "InvalidLambdaResponseException"
    default_recovery = "Correct the trigger: it must return the event with its response."


class InvalidOAuthFlowException(ServiceError):
    """The OAuth flow is not one of the app client's."""

    http_status = 502
    code = "InvalidOAuthFlowException"
    default_recovery = "Allow the flow in the app client's AllowedOAuthFlows."


class InvalidParameterException(ServiceError):
    """A parameter does not fit; the message says which."""

    http_status = 422
    code = "InvalidParameterException"
    default_recovery = "Correct the parameter that the message names."


class InvalidPasswordException(ServiceError):
    """The password does not conform to the policy; the message says why."""

    http_status = 422
    code = "InvalidPasswordException"
    default_recovery = "Ask for another password; the message says what the policy wants."


class InvalidSmsRoleAccessPolicyException(ServiceError):
    """Cognito may not send SMS for this user pool."""

    http_status = 502
    code = "InvalidSmsRoleAccessPolicyException"
    default_recovery = "Let the user pool's SMS role publish to Amazon SNS."


class InvalidSmsRoleTrustRelationshipException(ServiceError):
    """The user pool's SMS role does not trust Cognito."""

    http_status = 502
    code = "InvalidSmsRoleTrustRelationshipException"
    default_recovery = "Let cognito-idp.amazonaws.com assume the user pool's SMS role."


class InvalidUserPoolConfigurationException(ServiceError):
    """The user pool is not configured for this."""

    http_status = 502
    code = "InvalidUserPoolConfigurationException"
    default_recovery = "Check the settings of the user pool that the message names."


class LimitExceededException(ServiceError):
    """Too many attempts; only time helps."""

    http_status = 429
    code = "LimitExceededException"
    default_recovery = "Wait before the next attempt; limits are counted by the hour."


class MFAMethodNotFoundException(ServiceError):
    """The user has no such MFA method."""

    http_status = 422
    code = "MFAMethodNotFoundException"
    default_recovery = "Set up the second factor first: an address, or set_up_totp."


class NotAuthorizedException(ServiceError):
    """Wrong password, or a token or session that is not valid."""

    http_status = 401
    code = "NotAuthorizedException"
    default_recovery = "Check what was typed, or sign in again."


class OperationNotEnabledException(ServiceError):
    """This replica of the user pool does not take the operation."""

    http_status = 502
    code = "OperationNotEnabledException"
    default_recovery = "Send the operation to the user pool's primary region."


class PasswordHistoryPolicyViolationException(ServiceError):
    """The password was used before."""

    http_status = 422
    code = "PasswordHistoryPolicyViolationException"
    default_recovery = "Ask for a password that was not used before."


class PasswordResetRequiredException(ServiceError):
    """The password must be reset first."""

    http_status = 409
    code = "PasswordResetRequiredException"
    default_recovery = "Call reset_password, then confirm_reset_password."


class RefreshTokenReuseException(ServiceError):
    """The refresh token was exchanged before: rotation is on."""

    http_status = 401
    code = "RefreshTokenReuseException"
    default_recovery = "Sign in again."


class ResourceConflictException(ServiceError):
    """The login belongs to another identity."""

    http_status = 409
    code = "ResourceConflictException"
    default_recovery = "Sign in with the login that the identity belongs to."


class ResourceNotFoundException(ServiceError):
    """No such user pool, app client, device or identity."""

    http_status = 404
    code = "ResourceNotFoundException"
    default_recovery = "Check the ids of the pool, the app client and the device."


class ScopeDoesNotExistException(ServiceError):
    """No such scope."""

    http_status = 422
    code = "ScopeDoesNotExistException"
    default_recovery = "Add the scope to a resource server of the user pool."


class SoftwareTokenMFANotFoundException(ServiceError):
    """Software tokens are not set up, or not offered."""

    http_status = 422
    code = "SoftwareTokenMFANotFoundException"
    default_recovery = "Call set_up_totp first; the user pool must offer authenticator apps."


class TooManyFailedAttemptsException(ServiceError):
    """Too many wrong answers; only time helps."""

    http_status = 429
    code = "TooManyFailedAttemptsException"
    default_recovery = "Wait before the next attempt."


class TooManyRequestsException(ServiceError):
    """Too many requests; try again in a moment."""

    http_status = 429
    code = "TooManyRequestsException"
    default_recovery = "Try again in a moment."


class UnauthorizedException(ServiceError):
    """The app client or its secret is not right."""

    http_status = 503
    code = "UnauthorizedException"
    default_recovery = "Check user_pool_client_id and user_pool_client_secret."


class UnexpectedLambdaException(ServiceError):
    """A trigger of the user pool could not be run."""

    http_status = 502
    code = "UnexpectedLambdaException"
    default_recovery = "Check that Cognito may invoke the trigger, and that it ends within five seconds."


class UnsupportedIdentityProviderException(ServiceError):
    """No such identity provider."""

    http_status = 422
    code = "UnsupportedIdentityProviderException"
    default_recovery = "Name an identity provider of the user pool."


class UnsupportedOperationException(ServiceError):
    """The app client does not allow this, such as token revocation."""

    http_status = 503
    code = "UnsupportedOperationException"
    default_recovery = "Check what the app client allows, such as EnableTokenRevocation."


class UnsupportedTokenTypeException(ServiceError):
    """Only a refresh token fits here."""

    http_status = 422
    code = "UnsupportedTokenTypeException"
    default_recovery = "Pass a refresh token."


class UnsupportedUserStateException(ServiceError):
    """The user is not in a state for this."""

    http_status = 409
    code = "UnsupportedUserStateException"
    default_recovery = "An administrator must change the state of the user."


class UserImportInProgressException(ServiceError):
    """Users are being imported."""

    http_status = 409
    code = "UserImportInProgressException"
    default_recovery = "Try again when the import is done."


class UserLambdaValidationException(ServiceError):
    """A trigger of the user pool refused, in its own words."""

    http_status = 422
    code = "UserLambdaValidationException"
    default_recovery = "Do what the trigger's message says."


class UserNotConfirmedException(ServiceError):
    """The sign-up is not confirmed yet."""

    http_status = 409
    code = "UserNotConfirmedException"
    default_recovery = "Call confirm_sign_up with the code, or resend_sign_up_code for another one."


class UserNotFoundException(ServiceError):
    """No such user."""

    http_status = 404
    code = "UserNotFoundException"
    default_recovery = "Check the username, or sign up."


class UserPoolAddOnNotEnabledException(ServiceError):
    """An add-on of the user pool is not enabled."""

    http_status = 502
    code = "UserPoolAddOnNotEnabledException"
    default_recovery = "Turn on threat protection for the user pool."


class UsernameExistsException(ServiceError):
    """The username is taken."""

    http_status = 409
    code = "UsernameExistsException"
    default_recovery = "Sign in, or choose another username."


class WebAuthnChallengeNotFoundException(ServiceError):
    """The registration was not begun, or took too long."""

    http_status = 409
    code = "WebAuthnChallengeNotFoundException"
    default_recovery = "Begin again with start_web_authn_registration."


class WebAuthnClientMismatchException(ServiceError):
    """The registration was begun with another app client."""

    http_status = 409
    code = "WebAuthnClientMismatchException"
    default_recovery = "Begin again with start_web_authn_registration, with this app client."


class WebAuthnConfigurationMissingException(ServiceError):
    """The user pool has no relying party."""

    http_status = 502
    code = "WebAuthnConfigurationMissingException"
    default_recovery = "Set the relying party in the user pool's WebAuthnConfiguration."


class WebAuthnCredentialNotSupportedException(ServiceError):
    """The user pool does not support this kind of passkey."""

    http_status = 422
    code = "WebAuthnCredentialNotSupportedException"
    default_recovery = "Use another authenticator."


class WebAuthnNotEnabledException(ServiceError):
    """Passkeys are not enabled in the user pool."""

    http_status = 502
    code = "WebAuthnNotEnabledException"
    default_recovery = "Add WEB_AUTHN to the user pool's AllowedFirstAuthFactors."


class WebAuthnOriginNotAllowedException(ServiceError):
    """The passkey was made on a page of another origin."""

    http_status = 403
    code = "WebAuthnOriginNotAllowedException"
    default_recovery = "Serve the page from the relying party's domain, over https."


class WebAuthnRelyingPartyMismatchException(ServiceError):
    """The passkey was made for another relying party."""

    http_status = 403
    code = "WebAuthnRelyingPartyMismatchException"
    default_recovery = "Use the relying party of the user pool's WebAuthnConfiguration."


BY_CODE: dict[str, type[ServiceError]] = {
    str(cls.code): cls for cls in ServiceError.__subclasses__() if cls.__module__ == __name__
}
