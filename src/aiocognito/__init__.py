"""Amplify Auth for asyncio services: sign people up and in with Amazon Cognito.

`AuthClient` is one person's sign-in; `SessionManager` keeps those of everybody who uses a service.

A name is loaded, with the modules behind it, when it is first asked for (PEP 562):
``from aiocognito import AuthClient`` at the top of a module does so when the service starts, before
there is an event loop to stand still.
"""

# Not typing's: importing that would cost more than all of this. Type checkers take the name for true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import errors, steps
    from ._client import AuthClient
    from ._client_credentials import ClientCredentials
    from ._config import AuthConfig, OAuthConfig
    from ._hub import AuthEvent, Hub
    from ._jwt import decode_jwt
    from ._models import AutoSignInOptions, UserContext
    from ._session.tokens import TokenProvider
    from ._sessions import SessionManager
    from ._verifier import ANY, TokenVerifier
    from .errors import AuthError
    from .storage import EncryptedStorage, FileStorage, MemoryStorage, Storage
else:
    # Hidden from type checkers, to which it would say that there is every name.

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for, and keep it."""
        # A module that has public names is an attribute, too, as type checkers take it to be.
        home = name if name in _HOMES else _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(f".{home}", __name__)
        value = globals()[name] = module if name == home else getattr(module, name)
        return value

    def __dir__() -> list[str]:
        """Name what is there, loaded or not."""
        return sorted({*globals(), *__all__})


del TYPE_CHECKING

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

# Which module has which name; a module has itself.
_HOMES = {
    "_client": ("AuthClient",),
    "_client_credentials": ("ClientCredentials",),
    "_config": ("AuthConfig", "OAuthConfig"),
    "errors": ("errors", "AuthError"),
    "_hub": ("AuthEvent", "Hub"),
    "_jwt": ("decode_jwt",),
    "_models": ("AutoSignInOptions", "UserContext"),
    "_session.tokens": ("TokenProvider",),
    "_sessions": ("SessionManager",),
    "steps": ("steps",),
    "storage": ("EncryptedStorage", "FileStorage", "MemoryStorage", "Storage"),
    "_verifier": ("ANY", "TokenVerifier"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
