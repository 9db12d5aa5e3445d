"""The settings of a user pool: their defaults, which of them an update resets, and what excludes what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from . import tiers
from .errors import ApiError, invalid_parameter
from .password_policy import DEFAULTS
from .pool import MULTI_FACTOR, UserPool

# Recorded (UpdateUserPool): these are reset by an update that does not name them, and all others stay.
# AdminCreateUserConfig was not measured; AWS documents that it is reset.
RESET: Final = frozenset(
    {
        "AdminCreateUserConfig",
        "AutoVerifiedAttributes",
        "DeviceConfiguration",
        "LambdaConfig",
        "UserPoolAddOns",
    }
)
OPTIONAL: Final = (
    "AccountRecoverySetting",
    "AcrConfiguration",
    "AutoVerifiedAttributes",
    "DeviceConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "IssuerConfiguration",
    "KeyConfiguration",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
)
"""The members that a pool has only if they are sent."""
_MEMBERS: Final = (
    *OPTIONAL,
    "AdminCreateUserConfig",
    "DeletionProtection",
    "EmailConfiguration",
    "LambdaConfig",
    "MfaConfiguration",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
_CODES: Final = frozenset({"EMAIL_OTP", "SMS_OTP"})
_WITHOUT_SMS: Final = (
    "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
)
_MIRRORED: Final = {
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
    "SmsVerificationMessage": "SmsMessage",
}


def created(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a new user pool.

    Args:
        given: CreateUserPool's members.

    Raises:
        ApiError: Two settings exclude each other.
    """
    policies = given.get("Policies", {})
    settings = _with_defaults(given)
    settings["Policies"] = {
        "PasswordPolicy": _password_policy(policies.get("PasswordPolicy")),
        "SignInPolicy": policies.get("SignInPolicy") or {"AllowedFirstAuthFactors": ["PASSWORD"]},
    }
    _mirror(given, settings)
    _check(given, settings)
    return settings


def updated(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a user pool after UpdateUserPool.

    Args:
        before: The settings before.
        given: UpdateUserPool's members.

    Raises:
        ApiError: Two settings exclude each other.
    """
    stay = {name: before[name] for name in _MEMBERS if name in before and name not in RESET}
    settings = _with_defaults({"PoolName": before["Name"], **stay, **given})
    policies = given.get("Policies", {})
    settings["Policies"] = dict(before["Policies"])
    # Each policy stays if it is not sent, also beside the other one.
    if "PasswordPolicy" in policies:
        settings["Policies"]["PasswordPolicy"] = _password_policy(policies["PasswordPolicy"])
    if policies.get("SignInPolicy"):
        settings["Policies"]["SignInPolicy"] = policies["SignInPolicy"]
    _mirror(given, settings)
    _check(given, settings)
    return settings


def _with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "Name": given["PoolName"],
        "DeletionProtection": given.get("DeletionProtection", "INACTIVE"),
        "LambdaConfig": given.get("LambdaConfig", {}),
        "VerificationMessageTemplate": {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            **given.get("VerificationMessageTemplate", {}),
        },
        "MfaConfiguration": given.get("MfaConfiguration", "OFF"),
        "EmailConfiguration": {
            "EmailSendingAccount": "COGNITO_DEFAULT",
            **given.get("EmailConfiguration", {}),
        },
        "UserPoolTags": dict(given.get("UserPoolTags", {})),
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": False,
            "UnusedAccountValidityDays": 7,
            **given.get("AdminCreateUserConfig", {}),
        },
        "UserPoolTier": given.get("UserPoolTier", "ESSENTIALS"),
    }
    settings.update({name: given[name] for name in OPTIONAL if name in given})
    return settings


# Documented (A pool's own messages): three members have a twin in VerificationMessageTemplate.
def _mirror(given: Mapping[str, Any], settings: dict[str, Any]) -> None:
    """Give both members of a pair the value that was sent for one of them; a new template replaces all."""
    template = settings["VerificationMessageTemplate"]
    for member, twin in _MIRRORED.items():
        if member in given:
            template[twin] = given[member]
        elif twin in template:
            settings[member] = template[twin]
        else:
            settings.pop(member, None)


def _password_policy(given: Mapping[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return dict(DEFAULTS)
    # A policy that is given says everything: a rule that it leaves out is off.
    rules = {rule: False for rule in DEFAULTS if rule.startswith("Require")}
    # The model says of 0 days that the default replaces them.
    days = given.get("TemporaryPasswordValidityDays") or 7
    return {"MinimumLength": 8, **rules, **given, "TemporaryPasswordValidityDays": days}


def described(pool: UserPool) -> dict[str, Any]:
    """Return a user pool's settings as DescribeUserPool has them, with the defaults that it adds."""
    added = {
        # Recorded (User pools): what comes back of a user pool that was created with its name alone.
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [
                {"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"},
            ]
        },
        "IssuerConfiguration": {"Type": "ORIGINAL"},
        "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    }
    return {**added, **pool.settings}


# Recorded (User pools): the texts of settings that exclude each other.
def _check(given: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    factors = settings["Policies"]["SignInPolicy"].get("AllowedFirstAuthFactors")
    if factors and "PASSWORD" not in factors:
        raise invalid_parameter("Password should be configured as one of the allowed first auth factors.")
    if "SMS_OTP" in (factors or ()) and "SmsConfiguration" not in settings:
        text = "SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration"
        raise invalid_parameter(text)
    _check_password_lifetimes(given)
    _check_token_triggers(settings["LambdaConfig"])
    _check_mechanisms(settings)
    _check_classes(settings.get("AcrConfiguration") or {})
    update = (settings.get("UserAttributeUpdateSettings") or {}).get(
        "AttributesRequireVerificationBeforeUpdate", ()
    )
    if not set(update) <= set(settings.get("AutoVerifiedAttributes") or ()):
        raise invalid_parameter(
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"
        )


def _check_password_lifetimes(given: Mapping[str, Any]) -> None:
    policy = given.get("Policies", {}).get("PasswordPolicy", {})
    unused = given.get("AdminCreateUserConfig", {})
    if "TemporaryPasswordValidityDays" in policy and "UnusedAccountValidityDays" in unused:
        raise invalid_parameter(
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )


def _check_token_triggers(triggers: Mapping[str, Any]) -> None:
    config = triggers.get("PreTokenGenerationConfig") or {}
    arns = {triggers.get("PreTokenGeneration"), config.get("LambdaArn")} - {None}
    if len(arns) > 1:
        raise invalid_parameter(
            "Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's"
        )


# Documented (Authentication context classes): unique values.
def _check_classes(levels: Mapping[str, Any]) -> None:
    values = {level["AcrValue"] for level in levels.values()}
    if len(values) < len(levels):
        raise invalid_parameter("The AcrValues of AcrConfiguration must be unique.")


def _check_mechanisms(settings: Mapping[str, Any]) -> None:
    ways = (settings.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or ()
    names, priorities = {way["Name"] for way in ways}, {way["Priority"] for way in ways}
    if min(len(names), len(priorities)) < len(ways):
        raise _invalid_recovery("have duplicate priorities or recovery mechanisms.")
    if "admin_only" in names and len(names) > 1:
        raise _invalid_recovery("use admin_only setting with any other recovery mechanisms.")


def _invalid_recovery(text: str) -> ApiError:
    prefix = "Invalid account recovery setting parameter. Account Recovery Setting cannot"
    return invalid_parameter(f"{prefix} {text}")


# Recorded (Required MFA and first factors): what excludes a required second factor.
def check_required_mfa(mode: str, first_factors: tuple[str, ...], passkeys: Mapping[str, Any]) -> None:
    """Refuse required MFA beside first factors that it cannot follow.

    Args:
        mode: ``MfaConfiguration``.
        first_factors: ``AllowedFirstAuthFactors``.
        passkeys: ``WebAuthnConfiguration``.

    Raises:
        ApiError: MFA is required, and codes or single-factor passkeys are first factors.
    """
    if mode != "ON":
        return
    if _CODES.intersection(first_factors):
        raise invalid_parameter(
            "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
        )
    if "WEB_AUTHN" in first_factors and passkeys.get("FactorConfiguration") != MULTI_FACTOR:
        raise invalid_parameter(
            "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an "
            "allowed first auth factor"
        )


# Documented (Passkeys as two factors in the plans): not in Lite.
def check_passkeys(tier: str, passkeys: Mapping[str, Any]) -> None:
    """Refuse passkeys that count as two factors in the tier LITE.

    Args:
        tier: ``UserPoolTier``.
        passkeys: ``WebAuthnConfiguration``.

    Raises:
        ApiError: The tier does not have them.
    """
    if passkeys.get("FactorConfiguration") == MULTI_FACTOR:
        tiers.require_disabled(tier, [tiers.PASSKEY_MFA])


# Recorded (MFA of a new user pool): it begins with SMS, or without MFA.
def check_new_mfa(mode: str, settings: Mapping[str, Any]) -> None:
    """Refuse MFA that a new user pool has no factor for.

    Raises:
        ApiError: MFA is on, and SMS is not set up.
    """
    if mode != "OFF" and "SmsConfiguration" not in settings:
        raise invalid_parameter(_WITHOUT_SMS)


# Recorded (MFA of an existing user pool): UpdateUserPool cannot require it.
def check_updated_mfa(pool: UserPool, settings: Mapping[str, Any]) -> None:
    """Refuse MFA that UpdateUserPool cannot turn on.

    Raises:
        ApiError: It would be required from now on, or the pool offers no factor.
    """
    mode = settings["MfaConfiguration"]
    first_factors = settings["Policies"]["SignInPolicy"].get("AllowedFirstAuthFactors") or ()
    if mode == pool.mfa_mode == "ON" and "WEB_AUTHN" in first_factors and not pool.passkeys_are_mfa:
        raise invalid_parameter(
            "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA."
        )
    if mode == "ON" and pool.mfa_mode != "ON":
        raise invalid_parameter("Cannot turn MFA functionality ON, once the user pool has been created.")
    if not pool.factors:
        check_new_mfa(mode, settings)


# Recorded (Account recovery beside MFA): the phone cannot be both; and of e-mail, this is documented.
_RECOVERED_BY: Final = {
    "SMS_MFA": ("verified_phone_number", "SMS MFA"),
    "EMAIL_OTP": ("verified_email", "Email MFA"),
}


def check_recovery(mode: str, offered: Collection[str], settings: Mapping[str, Any]) -> None:
    """Refuse codes as a second factor if their address is the only way to recover accounts.

    Args:
        mode: ``MfaConfiguration``.
        offered: The second factors.
        settings: The user pool's settings.

    Raises:
        ApiError: It is.
    """
    ways = (settings.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or ()
    names = {way["Name"] for way in ways}
    for factor, (way, noun) in _RECOVERED_BY.items():
        if mode != "OFF" and factor in offered and names == {way}:
            raise _invalid_recovery(f"use {way} as a recovery mechanism when {noun} is configured.")


# Recorded (SetUserPoolMfaConfig): it replaces everything, and has a text for each refusal.
def check_mfa(
    mode: str, factors: Mapping[str, Any], offered: tuple[str, ...], settings: Mapping[str, Any]
) -> None:
    """Refuse a configuration of second factors.

    Args:
        mode: ``MfaConfiguration``.
        factors: SetUserPoolMfaConfig's members that configure factors.
        offered: The second factors that these turn on.
        settings: The user pool's settings.

    Raises:
        ApiError: MFA is off beside factors, or on without, or its codes could not be sent.
    """
    second = [name for name in factors if name != "WebAuthnConfiguration"]
    if mode == "OFF" and second:
        text = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
        raise invalid_parameter(text)
    if mode != "OFF" and not second:
        raise invalid_parameter(
            "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
        )
    if mode != "OFF" and not offered:
        raise invalid_parameter(
            "Invalid MFA configuration given, can't disable all MFAs with a required or optional "
            "configuration."
        )
    check_sender(factors, settings)
    # Assumed (MFA without SMS): refused as it is at the creation of a user pool.
    by_sms = {**settings, **factors.get("SmsMfaConfiguration", {})}
    if "SmsMfaConfiguration" in factors and "SmsConfiguration" not in by_sms:
        raise invalid_parameter(_WITHOUT_SMS)


def check_sender(factors: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Refuse codes by e-mail as a second factor if Cognito's default sender sends messages.

    Args:
        factors: SetUserPoolMfaConfig's members that configure factors.
        settings: The user pool's settings.

    Raises:
        ApiError: It does.
    """
    sender = settings.get("EmailConfiguration") or {}
    if "EmailMfaConfiguration" in factors and sender.get("EmailSendingAccount") != "DEVELOPER":
        raise invalid_parameter(
            "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an "
            "EmailSendingAccount of COGNITO_DEFAULT"
        )
