"""The plans of user pools (``UserPoolTier``), and the features that some of them lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .errors import ApiError

LITE: Final = "LITE"
ROTATION: Final = "Refresh Token Rotation"
PASSKEY_MFA: Final = "Passkey MFA"
MANAGED_LOGIN: Final = "Managed Login Version 2"
LOG_STREAMING: Final = "Log Streaming"
SESSION_TRACKING: Final = "User Session Tracking"
_PASSWORDLESS: Final = "Passwordless Sign-In"
_UNAVAILABLE: Final = "FeatureUnavailableInTierException"


# Recorded (Plans): a feature is refused in a Lite user pool, and the plan Lite where a feature is in use.
def require_disabled(tier: str, features: Iterable[str], *, changes: bool = False) -> None:
    """Refuse features that Lite lacks.

    Args:
        tier: ``UserPoolTier``.
        features: The names of the features in use that Lite lacks.
        changes: Whether the request changes the plan.

    Raises:
        ApiError: The plan is Lite, and there are such features.
    """
    names = ", ".join(features)
    if tier == LITE and names:
        raise ApiError(
            "TierChangeNotAllowedException" if changes else _UNAVAILABLE,
            f"The following features need to be disabled for the LITE pricing tier configured: {names}",
        )


def unavailable(tier: str, feature: str) -> ApiError:
    """Return the refusal of a setting outside of the user pool, which its plan lacks."""
    return ApiError(
        _UNAVAILABLE,
        f"The following feature is not available for the {tier} pricing tier configured: {feature}",
    )


def of_settings(settings: Mapping[str, Any]) -> list[str]:
    """Return the features in a user pool's settings that Lite lacks."""
    factors = settings["Policies"]["SignInPolicy"].get("AllowedFirstAuthFactors") or ()
    found = [_PASSWORDLESS] if set(factors) - {"PASSWORD"} else []
    # Documented (Authentication context classes): not in Lite; the feature's name is the emulator's own.
    if settings.get("AcrConfiguration"):
        found.append("Authentication Context Classes")
    trigger = settings["LambdaConfig"].get("PreTokenGenerationConfig") or {}
    version = trigger.get("LambdaVersion", "V1_0")
    return found if version == "V1_0" else [*found, _token_customization(version)]


def _token_customization(version: str) -> str:
    return f"Token Customization with Pre-Token Generation Lambda {version}"
