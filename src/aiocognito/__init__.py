"""Amplify Auth for asyncio services: sign users up and in with Amazon Cognito.

`AuthClient` is one user's session; `SessionManager` stores the sessions of all users of a service.

A name is loaded, with the modules behind it, when it is first used (PEP 562):
``from aiocognito import AuthClient`` at the top of a module does so when the service starts, before
the event loop runs.
"""

# Not typing's: importing typing costs more than this module. Type checkers treat the name as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import errors, steps
    from ._attributes import AttributeKey, StandardAttributeKey, VerifiableAttributeKey
    from ._claims import Claims
    from ._client import AuthClient
    from ._client_credentials import ClientCredentials
    from ._config import AuthConfig, OAuthConfig, PasswordlessConfig, WebAuthnConfig
    from ._gateways.clients import AwsSession, HttpClient, HttpResponse
    from ._hub import AuthEvent, AuthEventName, Hub, Listener
    from ._jwt import JWT, decode_jwt
    from ._mfa import MfaPreference, MfaSetting, PasskeySetting
    from ._models import (
        AuthFlowType,
        AuthSession,
        AuthTokens,
        AuthUser,
        AutoSignInOptions,
        CodeDeliveryDetails,
        Credentials,
        Device,
        RedirectRequest,
        SessionInfo,
        SignInDetails,
        TotpSetupDetails,
        UserContext,
        UserSession,
        WebAuthnCredential,
    )
    from ._results import (
        ResetPasswordResult,
        SignInResult,
        SignOutResult,
        SignUpResult,
        UpdateAttributeResult,
    )
    from ._session.tokens import TokenProvider
    from ._sessions import SessionManager
    from ._verifier import ANY, TokenVerifier, VerifierOptions
    from .errors import AuthError
    from .storage import EncryptedStorage, FileStorage, MemoryStorage, Storage
else:
    # Hidden from type checkers: they would accept every name.

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used, and cache it."""
        # A module with public names is an attribute too, as type checkers assume.
        home = name if name in _HOMES else _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(f".{home}", __name__)
        value = globals()[name] = module if name == home else getattr(module, name)
        return value

    def __dir__() -> list[str]:
        """List the public names, loaded or not."""
        return sorted({*globals(), *__all__})


del TYPE_CHECKING

__all__ = [
    "ANY",
    "JWT",
    "AttributeKey",
    "AuthClient",
    "AuthConfig",
    "AuthError",
    "AuthEvent",
    "AuthEventName",
    "AuthFlowType",
    "AuthSession",
    "AuthTokens",
    "AuthUser",
    "AutoSignInOptions",
    "AwsSession",
    "Claims",
    "ClientCredentials",
    "CodeDeliveryDetails",
    "Credentials",
    "Device",
    "EncryptedStorage",
    "FileStorage",
    "HttpClient",
    "HttpResponse",
    "Hub",
    "Listener",
    "MemoryStorage",
    "MfaPreference",
    "MfaSetting",
    "OAuthConfig",
    "PasskeySetting",
    "PasswordlessConfig",
    "RedirectRequest",
    "ResetPasswordResult",
    "SessionInfo",
    "SessionManager",
    "SignInDetails",
    "SignInResult",
    "SignOutResult",
    "SignUpResult",
    "StandardAttributeKey",
    "Storage",
    "TokenProvider",
    "TokenVerifier",
    "TotpSetupDetails",
    "UpdateAttributeResult",
    "UserContext",
    "UserSession",
    "VerifiableAttributeKey",
    "VerifierOptions",
    "WebAuthnConfig",
    "WebAuthnCredential",
    "decode_jwt",
    "errors",
    "steps",
]

# The module that defines each name; a module defines itself.
_HOMES = {
    "_attributes": ("AttributeKey", "StandardAttributeKey", "VerifiableAttributeKey"),
    "_claims": ("Claims",),
    "_client": ("AuthClient",),
    "_client_credentials": ("ClientCredentials",),
    "_config": ("AuthConfig", "OAuthConfig", "PasswordlessConfig", "WebAuthnConfig"),
    "_gateways.clients": ("AwsSession", "HttpClient", "HttpResponse"),
    "_hub": ("AuthEvent", "AuthEventName", "Hub", "Listener"),
    "_jwt": ("JWT", "decode_jwt"),
    "_mfa": ("MfaPreference", "MfaSetting", "PasskeySetting"),
    "_models": (
        "AuthFlowType",
        "AuthSession",
        "AuthTokens",
        "AuthUser",
        "AutoSignInOptions",
        "CodeDeliveryDetails",
        "Credentials",
        "Device",
        "RedirectRequest",
        "SessionInfo",
        "SignInDetails",
        "TotpSetupDetails",
        "UserContext",
        "UserSession",
        "WebAuthnCredential",
    ),
    "_results": (
        "ResetPasswordResult",
        "SignInResult",
        "SignOutResult",
        "SignUpResult",
        "UpdateAttributeResult",
    ),
    "_session.tokens": ("TokenProvider",),
    "_sessions": ("SessionManager",),
    "_verifier": ("ANY", "TokenVerifier", "VerifierOptions"),
    "errors": ("errors", "AuthError"),
    "steps": ("steps",),
    "storage": ("EncryptedStorage", "FileStorage", "MemoryStorage", "Storage"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
