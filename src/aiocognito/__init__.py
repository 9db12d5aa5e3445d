"""Amplify Auth for asyncio services: sign people up and in with Amazon Cognito.

`AuthClient` is one person's sign-in; `SessionManager` keeps those of everybody who uses a service.
"""

from . import errors, steps
from .client import AuthClient
from .client_credentials import ClientCredentials
from .config import AuthConfig, OAuthConfig
from .errors import AuthError
from .hub import AuthEvent, Hub
from .jwt import decode_jwt
from .models import AutoSignInOptions, UserContext
from .session.provider import TokenProvider
from .sessions import SessionManager
from .storage import EncryptedStorage, FileStorage, MemoryStorage, Storage
from .verifier import ANY, TokenVerifier

__all__ = [
    "ANY",
    "AuthClient",
    "AuthConfig",
    "AuthError",
    "AuthEvent",
    "AutoSignInOptions",
    "ClientCredentials",
    "EncryptedStorage",
    "FileStorage",
    "Hub",
    "MemoryStorage",
    "OAuthConfig",
    "SessionManager",
    "Storage",
    "TokenProvider",
    "TokenVerifier",
    "UserContext",
    "decode_jwt",
    "errors",
    "steps",
]
