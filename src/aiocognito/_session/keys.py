"""Session keys and device tokens. Storages, events and logs only contain their hashes."""

from __future__ import annotations

import hashlib
import re
import secrets
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from .. import _base64url as base64url
from .._config import AuthConfig
from ..errors import AuthValidationError, AuthValidationErrorCode

MAX_KEY_LENGTH: Final = 512
# The form of `new_secret`: 32 bytes in base64url.
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@frozen
class Address:
    """The keys of a session's record.

    Attributes:
        key: The secret that opens the session.
        session_id: The hash of the key, which events and logs contain.
        storage_key: The storage key of the record.
    """

    key: str = field(repr=False)
    session_id: str
    storage_key: str


def new_secret() -> str:
    """Return 256 random bits as text that is valid in a cookie."""
    return secrets.token_urlsafe(32)


def is_secret(text: object) -> bool:
    """Return whether a text has the form of `new_secret`."""
    return isinstance(text, str) and _SECRET.fullmatch(text) is not None


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret in base64url without padding."""
    return base64url.encode(hashlib.sha256(secret.encode()).digest())


def check_key(key: object, name: str) -> str:
    """Return a session key or device token after checking it.

    Raises:
        AuthValidationError: It is not text of 1 to 512 characters.
    """
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY_LENGTH or not _is_unicode(key):
        raise AuthValidationError(
            AuthValidationErrorCode.InvalidArgument,
            f"{name}: must be text of 1 to {MAX_KEY_LENGTH} characters",
            recovery_suggestion=f"Make one with SessionManager.new_{name}() if the browser has no cookie.",
        )
    return key


def _is_unicode(text: str) -> bool:
    """Return whether a text has no lone surrogates, which cannot be encoded and so not be hashed."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def namespace(config: AuthConfig) -> str:
    """Return the prefix of the storage keys of one app client."""
    return config.user_pool_client_id or config.identity_pool_id or "unconfigured"


def device_storage_key(config: AuthConfig, device_token: str) -> str:
    """Return the storage key of a browser's remembered devices."""
    return f"{namespace(config)}:device:{digest(device_token)}"


def session_storage_key(config: AuthConfig, session_id: str) -> str:
    """Return the storage key of a session's record."""
    return f"{namespace(config)}:session:{session_id}"


def address(config: AuthConfig, session_key: str) -> Address:
    """Return the address of a session key's record."""
    return _address(namespace(config), session_key)


@lru_cache(maxsize=2048)
def _address(prefix: str, session_key: str) -> Address:
    # Each request of a session needs it, and hashing takes longer than the rest of opening a session.
    session_id = digest(session_key)
    return Address(session_key, session_id, f"{prefix}:session:{session_id}")
