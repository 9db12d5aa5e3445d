"""Session keys are secrets: storages, events and logs only ever see their hash."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

from ..config import AuthConfig
from ..errors import AuthValidationError, AuthValidationErrorCode

MAX_KEY_LENGTH: Final = 512


def new_secret() -> str:
    """Make 256 random bits, as text that fits a cookie."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Hash a secret key: SHA-256 in base64url, without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()


def check_key(key: object, name: str) -> str:
    """Return a session key or device token, if it is one.

    Raises:
        AuthValidationError: It is no text of 1 to 512 characters.
    """
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY_LENGTH or not _is_unicode(key):
        raise AuthValidationError(
            AuthValidationErrorCode.InvalidArgument,
            f"{name}: must be text of 1 to {MAX_KEY_LENGTH} characters",
        )
    return key


def _is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogates, as of bytes that were no UTF-8: it cannot be hashed."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def namespace(config: AuthConfig) -> str:
    """What the keys of one app client's records begin with."""
    return config.user_pool_client_id or config.identity_pool_id or "unconfigured"


def device_storage_key(config: AuthConfig, device_token: str) -> str:
    """Where a browser's remembered devices lie."""
    return f"{namespace(config)}:device:{digest(device_token)}"


def session_storage_key(config: AuthConfig, session_id: str) -> str:
    """Where a session's record lies."""
    return f"{namespace(config)}:session:{session_id}"
