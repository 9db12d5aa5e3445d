"""Account management: passwords, attributes and second factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .._gateways.authenticated_user import AuthenticatedUser
from .._gateways.user_pool import UserPool
from .._mfa import TO_COGNITO, MfaPreference, MfaSetting, from_cognito, listed
from .._models import Metadata, TotpSetupDetails
from .._results import ResetPasswordResult, UpdateAttributeResult
from ..errors import SetUpTOTPException
from ..steps import ConfirmAttributeWithCode, ConfirmResetPasswordWithCode, Done

_SETTINGS: Final[Mapping[str, Mapping[str, bool]]] = {
    "ENABLED": {"Enabled": True},
    "DISABLED": {"Enabled": False},
    "PREFERRED": {"Enabled": True, "PreferredMfa": True},
    "NOT_PREFERRED": {"Enabled": True, "PreferredMfa": False},
}
_SETTINGS_MEMBERS: Final = {
    "sms": "SMSMfaSettings",
    "totp": "SoftwareTokenMfaSettings",
    "email": "EmailMfaSettings",
    "webauthn": "WebAuthnMfaSettings",
}


async def reset_password(pool: UserPool, username: str, *, client_metadata: Metadata) -> ResetPasswordResult:
    """Send a code to reset a forgotten password (ForgotPassword)."""
    details = await pool.forgot_password(username, client_metadata=client_metadata)
    return ResetPasswordResult(is_password_reset=False, next_step=ConfirmResetPasswordWithCode(details))


async def update_user_attributes(
    user: AuthenticatedUser, attributes: Mapping[str, str], *, client_metadata: Metadata
) -> dict[str, UpdateAttributeResult]:
    """Update attributes (UpdateUserAttributes), and return which ones wait for a code."""
    details = await user.update_user_attributes(attributes, client_metadata=client_metadata)
    results = {name: UpdateAttributeResult(is_updated=True, next_step=Done()) for name in attributes}
    for detail in details:
        if detail.attribute_name is not None:
            results[detail.attribute_name] = UpdateAttributeResult(
                is_updated=False, next_step=ConfirmAttributeWithCode(detail)
            )
    return results


async def fetch_mfa_preference(user: AuthenticatedUser) -> MfaPreference:
    """Return the second factors that are on, in Amplify's names (GetUser)."""
    response = await user.get_user()
    preferred = from_cognito([response.get("PreferredMfaSetting")])
    return MfaPreference(
        preferred=preferred[0] if preferred else None,
        enabled=listed(response.get("UserMFASettingList") or []),
    )


async def update_mfa_preference(user: AuthenticatedUser, **settings: MfaSetting | None) -> None:
    """Turn second factors on and off (SetUserMFAPreference). A setting of None stays as it is."""
    members = {
        _SETTINGS_MEMBERS[name]: _SETTINGS[setting]
        for name, setting in settings.items()
        if setting is not None
    }
    if settings.get("webauthn") == "ENABLED":
        members = {**await _others_that_are_on(user), **members}
    await user.set_user_mfa_preference(members)


async def _others_that_are_on(user: AuthenticatedUser) -> dict[str, Mapping[str, bool]]:
    """Return the settings of the second factors that are on.

    Cognito lets passkeys count as two factors only if the same request turns on another second factor, also
    if one is on already.
    """
    response = await user.get_user()
    on, preferred = response.get("UserMFASettingList") or (), response.get("PreferredMfaSetting")
    return {
        _SETTINGS_MEMBERS[ours.lower()]: _SETTINGS["PREFERRED" if theirs == preferred else "ENABLED"]
        for ours, theirs in TO_COGNITO.items()
        if theirs in on
    }


async def set_up_totp(user: AuthenticatedUser, username: str) -> TotpSetupDetails:
    """Fetch a secret for an authenticator app (AssociateSoftwareToken).

    Raises:
        SetUpTOTPException: Cognito returned no secret.
    """
    secret = await user.associate_software_token()
    if not secret:
        raise SetUpTOTPException("Cognito returned no secret for the authenticator app")
    return TotpSetupDetails(secret, username)
