"""JSON Schemas of what ``to_dict()`` returns, for OpenAPI. The tests compare both.

`CLASSES` names a class by its ``__name__``, so that this module imports none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
TEXT_MAP: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
ANY_OBJECT: Final[Schema] = {"type": "object", "additionalProperties": True}
DATE_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
MFA_TYPES: Final[Schema] = {"type": "array", "items": {"type": "string", "enum": ["SMS", "TOTP", "EMAIL"]}}


def array_of(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(
    title: str, required: Mapping[str, Schema] | None = None, optional: Mapping[str, Schema] | None = None
) -> Schema:
    """Return the schema of an object with these members and no others."""
    needed = dict(required or {})
    schema: Schema = {
        "title": title,
        "type": "object",
        "properties": {**needed, **(optional or {})},
        "additionalProperties": False,
    }
    return {**schema, "required": list(needed)} if needed else schema


CODE_DELIVERY_DETAILS: Final = object_of(
    "CodeDeliveryDetails",
    optional={"destination": TEXT, "deliveryMedium": TEXT, "attributeName": TEXT},
)
SIGN_IN_DETAILS: Final = object_of("SignInDetails", optional={"loginId": TEXT, "authFlowType": TEXT})
TOTP_SETUP_DETAILS: Final = object_of("TotpSetupDetails", {"sharedSecret": TEXT}, {"setupUri": TEXT})

_DELIVERED: Final[Mapping[str, Schema]] = {"codeDeliveryDetails": CODE_DELIVERY_DETAILS}


def _step(
    title: str,
    name: str,
    required: Mapping[str, Schema] | None = None,
    optional: Mapping[str, Schema] | None = None,
    *,
    key: str = "signInStep",
) -> Schema:
    return object_of(title, {key: {"type": "string", "const": name}, **(required or {})}, optional)


_SIGN_IN_STEPS: Final = {
    "Done": _step("Done", "DONE"),
    "ConfirmSignInWithCustomChallenge": _step(
        "ConfirmSignInWithCustomChallenge",
        "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE",
        {"additionalInfo": TEXT_MAP},
    ),
    "ContinueSignInWithMfaSetupSelection": _step(
        "ContinueSignInWithMfaSetupSelection",
        "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION",
        {"allowedMFATypes": MFA_TYPES},
    ),
    "ContinueSignInWithEmailSetup": _step(
        "ContinueSignInWithEmailSetup", "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
    ),
    "ContinueSignInWithTotpSetup": _step(
        "ContinueSignInWithTotpSetup",
        "CONTINUE_SIGN_IN_WITH_TOTP_SETUP",
        optional={"totpSetupDetails": TOTP_SETUP_DETAILS},
    ),
    "ConfirmSignInWithNewPasswordRequired": _step(
        "ConfirmSignInWithNewPasswordRequired",
        "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        {"missingAttributes": TEXTS},
    ),
    "ContinueSignInWithMfaSelection": _step(
        "ContinueSignInWithMfaSelection",
        "CONTINUE_SIGN_IN_WITH_MFA_SELECTION",
        {"allowedMFATypes": MFA_TYPES},
    ),
    "ConfirmSignInWithSmsCode": _step(
        "ConfirmSignInWithSmsCode", "CONFIRM_SIGN_IN_WITH_SMS_CODE", optional=_DELIVERED
    ),
    "ConfirmSignInWithEmailCode": _step(
        "ConfirmSignInWithEmailCode", "CONFIRM_SIGN_IN_WITH_EMAIL_CODE", optional=_DELIVERED
    ),
    "ConfirmSignInWithTotpCode": _step("ConfirmSignInWithTotpCode", "CONFIRM_SIGN_IN_WITH_TOTP_CODE"),
    "ConfirmSignInWithPassword": _step("ConfirmSignInWithPassword", "CONFIRM_SIGN_IN_WITH_PASSWORD"),
    "ContinueSignInWithFirstFactorSelection": _step(
        "ContinueSignInWithFirstFactorSelection",
        "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
        {"availableChallenges": TEXTS},
    ),
    "ConfirmSignInWithWebAuthn": _step(
        "ConfirmSignInWithWebAuthn",
        "CONFIRM_SIGN_IN_WITH_WEB_AUTHN",
        {"credentialRequestOptions": ANY_OBJECT},
    ),
    "ResetPassword": _step("ResetPassword", "RESET_PASSWORD"),
    "ConfirmSignUp": _step("ConfirmSignUp", "CONFIRM_SIGN_UP", optional=_DELIVERED),
    "UnsupportedChallenge": _step(
        "UnsupportedChallenge",
        "UNSUPPORTED_CHALLENGE",
        {"challengeName": TEXT, "parameters": TEXT_MAP},
    ),
}
_COMPLETE_AUTO_SIGN_IN: Final = _step(
    "CompleteAutoSignIn", "COMPLETE_AUTO_SIGN_IN", optional=_DELIVERED, key="signUpStep"
)
_CONFIRM_RESET_PASSWORD: Final = _step(
    "ConfirmResetPasswordWithCode",
    "CONFIRM_RESET_PASSWORD_WITH_CODE",
    optional=_DELIVERED,
    key="resetPasswordStep",
)
_CONFIRM_ATTRIBUTE: Final = _step(
    "ConfirmAttributeWithCode",
    "CONFIRM_ATTRIBUTE_WITH_CODE",
    optional=_DELIVERED,
    key="updateAttributeStep",
)

SIGN_IN_STEP: Final[Schema] = {"title": "SignInStep", "anyOf": list(_SIGN_IN_STEPS.values())}
_SIGN_UP_STEP: Final[Schema] = {
    "anyOf": [
        _step("Done", "DONE", key="signUpStep"),
        _step("ConfirmSignUp", "CONFIRM_SIGN_UP", optional=_DELIVERED, key="signUpStep"),
        _COMPLETE_AUTO_SIGN_IN,
    ]
}
_RESET_PASSWORD_STEP: Final[Schema] = {
    "anyOf": [_CONFIRM_RESET_PASSWORD, _step("Done", "DONE", key="resetPasswordStep")]
}
_UPDATE_ATTRIBUTE_STEP: Final[Schema] = {
    "anyOf": [_CONFIRM_ATTRIBUTE, _step("Done", "DONE", key="updateAttributeStep")]
}

CLASSES: Final[Mapping[str, Schema]] = {
    **_SIGN_IN_STEPS,
    "CompleteAutoSignIn": _COMPLETE_AUTO_SIGN_IN,
    "ConfirmResetPasswordWithCode": _CONFIRM_RESET_PASSWORD,
    "ConfirmAttributeWithCode": _CONFIRM_ATTRIBUTE,
    "CodeDeliveryDetails": CODE_DELIVERY_DETAILS,
    "SignInDetails": SIGN_IN_DETAILS,
    "TotpSetupDetails": TOTP_SETUP_DETAILS,
    "AuthUser": object_of("AuthUser", {"username": TEXT, "userId": TEXT}, {"signInDetails": SIGN_IN_DETAILS}),
    "RedirectRequest": object_of("RedirectRequest", {"url": TEXT, "state": TEXT}),
    "MfaPreference": object_of("MfaPreference", optional={"preferred": TEXT, "enabled": MFA_TYPES}),
    "Device": object_of(
        "Device",
        {"id": TEXT, "attributes": TEXT_MAP},
        {
            "name": TEXT,
            "createDate": DATE_TIME,
            "lastModifiedDate": DATE_TIME,
            "lastAuthenticatedDate": DATE_TIME,
        },
    ),
    "SessionInfo": object_of(
        "SessionInfo",
        {
            "sessionId": TEXT,
            "createdAt": NUMBER,
            "lastUsedAt": NUMBER,
            "username": TEXT,
            "current": FLAG,
        },
    ),
    "UserSession": object_of(
        "UserSession",
        {"id": TEXT, "current": FLAG},
        {
            "sessionType": TEXT,
            "clientId": TEXT,
            "createDate": DATE_TIME,
            "lastActiveDate": DATE_TIME,
            "deviceType": TEXT,
            "lastIpAddress": TEXT,
            "city": TEXT,
            "country": TEXT,
            "originSessionId": TEXT,
        },
    ),
    "WebAuthnCredential": object_of(
        "WebAuthnCredential",
        {"credentialId": TEXT, "authenticatorTransports": TEXTS},
        {
            "friendlyCredentialName": TEXT,
            "relyingPartyId": TEXT,
            "authenticatorAttachment": TEXT,
            "createdAt": DATE_TIME,
        },
    ),
    "SignUpResult": object_of(
        "SignUpResult", {"isSignUpComplete": FLAG, "nextStep": _SIGN_UP_STEP}, {"userId": TEXT}
    ),
    "SignInResult": object_of(
        "SignInResult", {"isSignedIn": FLAG, "nextStep": SIGN_IN_STEP}, {"customState": TEXT}
    ),
    "SignOutResult": object_of(
        "SignOutResult", {"revoked": FLAG, "error": or_null(TEXT), "logoutUrl": or_null(TEXT)}
    ),
    "ResetPasswordResult": object_of(
        "ResetPasswordResult", {"isPasswordReset": FLAG, "nextStep": _RESET_PASSWORD_STEP}
    ),
    "UpdateAttributeResult": object_of(
        "UpdateAttributeResult", {"isUpdated": FLAG, "nextStep": _UPDATE_ATTRIBUTE_STEP}
    ),
    "Claims": {"title": "Claims", "type": "object", "additionalProperties": True},
}
