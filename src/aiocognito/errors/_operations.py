"""One class per operation that was refused, named as Amplify names them."""

from ._service import ServiceError


class AssociateSoftwareTokenException(ServiceError):
    """``AssociateSoftwareToken`` was refused."""


class ChangePasswordException(ServiceError):
    """``ChangePassword`` was refused."""


class CompleteWebAuthnRegistrationException(ServiceError):
    """``CompleteWebAuthnRegistration`` was refused."""


class ConfirmDeviceException(ServiceError):
    """``ConfirmDevice`` was refused."""


class ConfirmForgotPasswordException(ServiceError):
    """``ConfirmForgotPassword`` was refused."""


class ConfirmSignUpException(ServiceError):
    """``ConfirmSignUp`` was refused."""


class DeleteUserException(ServiceError):
    """``DeleteUser`` was refused."""


class DeleteUserAttributesException(ServiceError):
    """``DeleteUserAttributes`` was refused."""


class DeleteWebAuthnCredentialException(ServiceError):
    """``DeleteWebAuthnCredential`` was refused."""


class ForgetDeviceException(ServiceError):
    """``ForgetDevice`` was refused."""


class ForgotPasswordException(ServiceError):
    """``ForgotPassword`` was refused."""


class GetCredentialsForIdentityException(ServiceError):
    """``GetCredentialsForIdentity`` was refused."""


class GetDeviceException(ServiceError):
    """``GetDevice`` was refused."""


class GetIdException(ServiceError):
    """``GetId`` was refused."""


class GetOpenIdTokenException(ServiceError):
    """``GetOpenIdToken`` was refused."""


class GetTokensFromRefreshTokenException(ServiceError):
    """``GetTokensFromRefreshToken`` was refused."""


class GetUserException(ServiceError):
    """``GetUser`` was refused."""


class GetUserAttributeVerificationException(ServiceError):
    """``GetUserAttributeVerificationCode`` was refused."""


class GetUserAuthFactorsException(ServiceError):
    """``GetUserAuthFactors`` was refused."""


class GlobalSignOutException(ServiceError):
    """``GlobalSignOut`` was refused."""


class InitiateAuthException(ServiceError):
    """``InitiateAuth`` was refused."""


class ListDevicesException(ServiceError):
    """``ListDevices`` was refused."""


class ListUserSessionsException(ServiceError):
    """``ListUserSessions`` was refused."""


class ListWebAuthnCredentialsException(ServiceError):
    """``ListWebAuthnCredentials`` was refused."""


class ResendConfirmationException(ServiceError):
    """``ResendConfirmationCode`` was refused."""


class RespondToAuthChallengeException(ServiceError):
    """``RespondToAuthChallenge`` was refused."""


class RevokeTokenException(ServiceError):
    """``RevokeToken`` was refused."""


class RevokeUserSessionException(ServiceError):
    """``RevokeUserSession`` was refused."""


class SetUserMFAPreferenceException(ServiceError):
    """``SetUserMFAPreference`` was refused."""


class SetUserSettingsException(ServiceError):
    """``SetUserSettings`` was refused."""


class SignUpException(ServiceError):
    """``SignUp`` was refused."""


class StartWebAuthnRegistrationException(ServiceError):
    """``StartWebAuthnRegistration`` was refused."""


class UnlinkIdentityException(ServiceError):
    """``UnlinkIdentity`` was refused."""


class UpdateAuthEventFeedbackException(ServiceError):
    """``UpdateAuthEventFeedback`` was refused."""


class UpdateDeviceStatusException(ServiceError):
    """``UpdateDeviceStatus`` was refused."""


class UpdateUserAttributesException(ServiceError):
    """``UpdateUserAttributes`` was refused."""


class VerifySoftwareTokenException(ServiceError):
    """``VerifySoftwareToken`` was refused."""


class VerifyUserAttributeException(ServiceError):
    """``VerifyUserAttribute`` was refused."""


BY_OPERATION: dict[str, type[ServiceError]] = {
    "AssociateSoftwareToken": AssociateSoftwareTokenException,
    "ChangePassword": ChangePasswordException,
    "CompleteWebAuthnRegistration": CompleteWebAuthnRegistrationException,
    "ConfirmDevice": ConfirmDeviceException,
    "ConfirmForgotPassword": ConfirmForgotPasswordException,
    "ConfirmSignUp": ConfirmSignUpException,
    "DeleteUser": DeleteUserException,
    "DeleteUserAttributes": DeleteUserAttributesException,
    "DeleteWebAuthnCredential": DeleteWebAuthnCredentialException,
    "ForgetDevice": ForgetDeviceException,
    "ForgotPassword": ForgotPasswordException,
    "GetCredentialsForIdentity": GetCredentialsForIdentityException,
    "GetDevice": GetDeviceException,
    "GetId": GetIdException,
    "GetOpenIdToken": GetOpenIdTokenException,
    "GetTokensFromRefreshToken": GetTokensFromRefreshTokenException,
    "GetUser": GetUserException,
    "GetUserAttributeVerificationCode": GetUserAttributeVerificationException,
    "GetUserAuthFactors": GetUserAuthFactorsException,
    "GlobalSignOut": GlobalSignOutException,
    "InitiateAuth": InitiateAuthException,
    "ListDevices": ListDevicesException,
    "ListUserSessions": ListUserSessionsException,
    "ListWebAuthnCredentials": ListWebAuthnCredentialsException,
    "ResendConfirmationCode": ResendConfirmationException,
    "RespondToAuthChallenge": RespondToAuthChallengeException,
    "RevokeToken": RevokeTokenException,
    "RevokeUserSession": RevokeUserSessionException,
    "SetUserMFAPreference": SetUserMFAPreferenceException,
    "SetUserSettings": SetUserSettingsException,
    "SignUp": SignUpException,
    "StartWebAuthnRegistration": StartWebAuthnRegistrationException,
    "UnlinkIdentity": UnlinkIdentityException,
    "UpdateAuthEventFeedback": UpdateAuthEventFeedbackException,
    "UpdateDeviceStatus": UpdateDeviceStatusException,
    "UpdateUserAttributes": UpdateUserAttributesException,
    "VerifySoftwareToken": VerifySoftwareTokenException,
    "VerifyUserAttribute": VerifyUserAttributeException,
}
