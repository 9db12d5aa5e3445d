"""Passkeys: the options for the browser, and the credential that it returns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .._gateways.authenticated_user import AuthenticatedUser
from ..errors import AuthValidationError, AuthValidationErrorCode, InvalidPasskeyRegistrationOptions

_REQUIRED: Final = ("challenge", "user", "rp", "pubKeyCredParams")


async def start_registration(user: AuthenticatedUser) -> dict[str, Any]:
    """Return the options for the browser (StartWebAuthnRegistration).

    Raises:
        InvalidPasskeyRegistrationOptions: A member that a browser requires is missing.
    """
    options = await user.start_web_authn_registration()
    missing = [name for name in _REQUIRED if not options.get(name)]
    if missing:
        raise InvalidPasskeyRegistrationOptions(f"Cognito's options lack {', '.join(missing)}")
    return options


def check_credential(credential: object) -> dict[str, Any]:
    """Return a browser's credential, given as a mapping or as JSON text.

    Raises:
        AuthValidationError: It is not a JSON object with members.
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
    """Return a mapping as a dict, which ``json`` can serialize."""
    return dict(value) if isinstance(value, Mapping) else value
