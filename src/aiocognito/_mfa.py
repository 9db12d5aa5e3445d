"""Second factors: Amplify's names for them and Cognito's."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from ._public import public
from ._pydantic import for_pydantic

MfaSetting: TypeAlias = Literal["ENABLED", "DISABLED", "PREFERRED", "NOT_PREFERRED"]
PasskeySetting: TypeAlias = Literal["ENABLED", "DISABLED"]

PASSKEY_SETTINGS: Final[frozenset[str]] = frozenset(get_args(PasskeySetting))
MFA_SETTINGS: Final[frozenset[str]] = frozenset(get_args(MfaSetting))
TO_COGNITO: Final[Mapping[str, str]] = {
    "SMS": "SMS_MFA",
    "TOTP": "SOFTWARE_TOKEN_MFA",
    "EMAIL": "EMAIL_OTP",
}
FROM_COGNITO: Final[Mapping[str, str]] = {theirs: ours for ours, theirs in TO_COGNITO.items()}
_LISTED: Final[Mapping[str, str]] = {**FROM_COGNITO, "WEB_AUTHN_MFA": "WEBAUTHN"}


@public("aiocognito")
@for_pydantic
@frozen
class MfaPreference:
    """The second factors that a user has enabled, and the preferred one.

    Attributes:
        preferred: ``SMS``, ``TOTP`` or ``EMAIL``; None without a preference.
        enabled: These, and ``WEBAUTHN`` if a passkey counts as two factors.
    """

    preferred: str | None = None
    enabled: list[str] = field(factory=list)

    def to_dict(self) -> dict[str, object]:
        """Return Amplify's form, where what is absent is left out."""
        result: dict[str, object] = {}
        if self.preferred is not None:
            result["preferred"] = self.preferred
        if self.enabled:
            result["enabled"] = list(self.enabled)
        return result


def from_cognito(names: Iterable[str | None]) -> list[str]:
    """Return Amplify's names for Cognito's, in order; unknown names are left out."""
    return [FROM_COGNITO[name] for name in names if name is not None and name in FROM_COGNITO]


def listed(names: Iterable[str]) -> list[str]:
    """Return our names for those of ``UserMFASettingList``, in order; unknown names are left out."""
    return [_LISTED[name] for name in names if name in _LISTED]
