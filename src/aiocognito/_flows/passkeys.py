"""Passkeys: a server hands the options to the browser and takes the credential back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .._gateways.authenticated_user import AuthenticatedUser
from ..errors import AuthValidationError, AuthValidationErrorCode, InvalidPasskeyRegistrationOptions

_NEEDED: Final = ("challenge", "user", "rp", "pubKeyCredParams")


async def start_registration(user: AuthenticatedUser) -> dict[str, Any]:
    """StartWebAuthnRegistration.

    Raises:
        InvalidPasskeyRegistrationOptions: A member that a browser needs is missing.
    """
    options = await user.start_web_authn_registration()
    missing = [name for name in _NEEDED if not options.get(name)]
    if missing:
        raise InvalidPasskeyRegistrationOptions(f"Cognito's options lack {', '.join(missing)}")
    return options


def check_credential(credential: object) -> dict[str, Any]:
    """Return the credential that a browser made, from a mapping or from JSON text.

    Raises:
        AuthValidationError: It is neither.
    """
    try:
        text = credential if isinstance(credential, str) else json.dumps(_dict(credential), allow_nan=False)
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not value:
        raise AuthValidationError(
            AuthValidationErrorCode.InvalidArgument, "credential: must be the browser's credential as JSON"
        )
    return value


def _dict(value: object) -> object:
    """Return a mapping as what JSON knows."""
    return dict(value) if isinstance(value, Mapping) else value
