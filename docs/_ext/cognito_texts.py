"""What Cognito says when it refuses a request of a user: operation, code and text.

The texts are those that were recorded or documented (`emulator-fidelity.md`), and that the emulator sends.
What to do about one is asked of the error that the library raises for it.
"""

from __future__ import annotations

from typing import NamedTuple

from aiocognito import errors


class Text(NamedTuple):
    """One refusal; `…` stands for what differs from one to the next."""

    code: str
    operation: str
    text: str


_REFRESH = "GetTokensFromRefreshToken"
_ANSWER = "RespondToAuthChallenge"

TEXTS = tuple(
    Text(code, operation, text)
    for code, refusals in {
        "AliasExistsException": [
            ("ConfirmSignUp", "An account with the given email already exists."),
        ],
        "CodeMismatchException": [
            ("ConfirmSignUp", "Invalid verification code provided, please try again."),
            (_ANSWER, "Invalid code received for user"),
            (_ANSWER, "Invalid code or auth state for the user."),
        ],
        "DeviceKeyExistsException": [("ConfirmDevice", "Device already exists with this key …")],
        "EnableSoftwareTokenMFAException": [("VerifySoftwareToken", "Code mismatch")],
        "ExpiredCodeException": [
            ("ConfirmSignUp", "Invalid code provided, please request a code again."),
            (_ANSWER, "Your software token has already been used once."),
        ],
        "FeatureUnavailableInTierException": [
            ("ListUserSessions", "This feature is not available in the user pool's tier."),
        ],
        "ForbiddenException": [("InitiateAuth", "Request not allowed due to WAF block.")],
        "InternalErrorException": [("InitiateAuth", "Internal failure")],
        "InvalidIdentityPoolConfigurationException": [
            (
                "GetCredentialsForIdentity",
                "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
            ),
        ],
        "InvalidLambdaResponseException": [("InitiateAuth", "Unrecognizable lambda output")],
        "InvalidParameterException": [
            ("InitiateAuth", "USER_PASSWORD_AUTH flow not enabled for this client"),
            ("InitiateAuth", "USER_SRP_AUTH is not enabled for the client."),
            (_REFRESH, "Refresh Token flow not enabled for this client"),
            ("InitiateAuth", "Custom auth lambda trigger is not configured for the user pool."),
            ("InitiateAuth", "Missing required parameter …"),
            (
                "SignUp",
                "Attributes did not conform to the schema: …: Attribute does not exist in the schema.",
            ),
            (
                "DeleteUserAttributes",
                "Invalid user attributes: Type for attribute {…} could not be determined",
            ),
            ("SignUp", "Invalid email address format."),
            ("SignUp", "Invalid phone number format."),
            ("ResendConfirmationCode", "User is already confirmed."),
            (
                "ResendConfirmationCode",
                "Cannot resend codes. Auto verification not turned on.",
            ),
            (
                "ForgotPassword",
                "Cannot reset password for the user as there is no registered/verified email or phone_number",
            ),
            (
                "SetUserMFAPreference",
                "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA",
            ),
            ("UpdateUserAttributes", "user.…: Attribute cannot be updated."),
        ],
        "InvalidPasswordException": [
            ("SignUp", "Password did not conform with policy: Password not long enough"),
        ],
        "LimitExceededException": [
            ("ForgotPassword", "Attempt limit exceeded, please try after some time."),
        ],
        "NotAuthorizedException": [
            ("InitiateAuth", "Incorrect username or password."),
            ("InitiateAuth", "Password attempts exceeded"),
            (
                "InitiateAuth",
                "Client … is configured with secret but SECRET_HASH was not received",
            ),
            (_REFRESH, "Client … is configured for secret but secret was not received"),
            ("InitiateAuth", "Unable to verify secret hash for client …"),
            ("InitiateAuth", "SecretHash does not match for the client: …"),
            ("InitiateAuth", "User is disabled."),
            (
                "InitiateAuth",
                "Temporary password has expired and must be reset by an administrator.",
            ),
            (_ANSWER, "Invalid session for the user, session is expired."),
            (_ANSWER, "Invalid session for the user, session can only be used once."),
            (_ANSWER, "Invalid session for the user."),
            (_REFRESH, "Refresh Token has expired"),
            (_REFRESH, "Refresh Token has been revoked"),
            (_REFRESH, "Refresh Token has different Client"),
            (_REFRESH, "Invalid Refresh Token"),
            (_REFRESH, "Invalid Refresh Token."),
            (_REFRESH, "The user has been deleted for the associated refresh token"),
            ("GetUser", "Access Token has expired"),
            ("GetUser", "Access Token has been revoked"),
            ("GetUser", "Access Token does not have required scopes"),
            ("GetUser", "Invalid Access Token"),
            ("GetUser", "Could not verify signature for Access Token"),
            ("SignUp", "SignUp is not permitted for this user pool"),
            ("SignUp", "A client attempted to write unauthorized attribute"),
            ("ConfirmSignUp", "User cannot be confirmed. Current status is …"),
            ("ForgotPassword", "User password cannot be reset in the current state."),
            (
                "GetId",
                "Unauthenticated access is not supported for this identity pool.",
            ),
            ("GetId", "Token is not from a supported provider of this identity pool."),
            (
                "GetId",
                "Identity pool - … does not have identity providers configured.",
            ),
            ("GetCredentialsForIdentity", "Invalid login token. Token expired: …"),
        ],
        "OperationNotEnabledException": [
            ("ListUserSessions", "User session tracking is not enabled for this user pool."),
        ],
        "PasswordResetRequiredException": [
            ("InitiateAuth", "Password reset required for the user"),
        ],
        "RefreshTokenReuseException": [(_REFRESH, "Refresh token reuse detected")],
        "ResourceNotFoundException": [
            ("InitiateAuth", "User pool client … does not exist."),
            ("InitiateAuth", "User pool … does not exist."),
            ("GetId", "IdentityPool '…' not found."),
            ("ForgetDevice", "Device does not exist."),
        ],
        "SoftwareTokenMFANotFoundException": [
            ("AssociateSoftwareToken", "Software Token MFA not enabled by userpool"),
        ],
        "TooManyRequestsException": [("InitiateAuth", "Rate exceeded")],
        "UnauthorizedException": [("RevokeToken", "Invalid client or secret")],
        "UnexpectedLambdaException": [("InitiateAuth", "PreTokenGeneration invocation failed …")],
        "UnsupportedOperationException": [
            (_REFRESH, "This API does not support refresh token rotation"),
            ("RevokeToken", "This feature is not enabled for this client"),
        ],
        "UserLambdaValidationException": [("SignUp", "PreSignUp failed with error ….")],
        "UserNotConfirmedException": [("InitiateAuth", "User is not confirmed.")],
        "UserNotFoundException": [
            ("InitiateAuth", "User does not exist."),
            ("ForgotPassword", "Username/client id combination not found."),
        ],
        "UsernameExistsException": [
            ("SignUp", "User already exists"),
            ("SignUp", "An account with the given … already exists."),
        ],
        "WebAuthnNotEnabledException": [
            ("StartWebAuthnRegistration", "WebAuthn is not enabled for the user pool."),
        ],
        "WebAuthnChallengeNotFoundException": [
            ("CompleteWebAuthnRegistration", "No challenge is pending."),
        ],
        "WebAuthnClientMismatchException": [
            (
                "CompleteWebAuthnRegistration",
                "The registration was begun with another client.",
            ),
        ],
        "WebAuthnCredentialNotSupportedException": [
            ("CompleteWebAuthnRegistration", "The kind of key is not supported."),
        ],
        # What the token endpoint and the hosted UI say (RFC 6749, sections 4.1.2.1 and 5.2).
        "invalid_client": [("Token", "invalid_client")],
        "invalid_grant": [("Token", "invalid_grant")],
        "invalid_scope": [("Token", "invalid_scope")],
        "unauthorized_client": [("Token", "unauthorized_client")],
    }.items()
    for operation, text in refusals
)


def texts_of(code: str) -> list[Text]:
    """Return what Cognito says with a code."""
    return [each for each in TEXTS if each.code == code]


def error_for(refusal: Text) -> errors.ServiceError:
    """Return the error that the library raises for a refusal."""
    text = refusal.text.replace("…", "1example23456789abcdefghij")
    return errors.service_error(refusal.operation, refusal.code, text, service_status=400)
