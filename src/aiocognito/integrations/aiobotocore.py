"""AWS clients whose credentials come from the identity pool, for signed-in users and guests."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Generator
from functools import cache
from typing import Any, Final, Self

from aiobotocore.credentials import AioCredentialResolver, AioCredentials
from aiobotocore.session import AioSession, ClientCreatorContext
from attrs import frozen
from botocore.credentials import ReadOnlyCredentials

from .._client import AuthClient
from .._threads import run_in_thread
from ..errors import InvalidIdentityPoolIdException, UserUnAuthenticatedException

__all__ = ["aws_session"]

METHOD: Final = "cognito-identity"

# Shared by the sessions of all users: event handlers, which take longest to register, and what is read
# from files. It holds no user's data.
_template: Final = AioSession()
# botocore's components are not made for several threads at once.
_making: Final = threading.Lock()


def aws_session(auth: AuthClient) -> AioSession:
    """Return an aiobotocore session for the signed-in user, or for a guest.

    ``async with aws_session(auth).create_client("s3") as s3: ...``

    Each request is signed with the credentials of the user who is signed in at that moment; they are renewed
    before they expire, and requests fail after a sign-out. Other credentials of this machine are never used.
    Region, CA bundle and other settings are AWS's; the default region is the identity pool's. Clients are
    made in a thread, so reading AWS's models does not block the event loop.

    Args:
        auth: The client whose credentials are used. It must stay open while AWS clients are used.

    Returns:
        A session of its own. It may be awaited, which reads in a thread what its first client needs.

    Raises:
        TypeError: ``auth`` is not an `AuthClient`.
        InvalidIdentityPoolIdException: No identity pool is configured.
    """
    if not isinstance(auth, AuthClient):
        raise TypeError(
            "auth: must be an AuthClient; a SessionManager has one for each session (`.client(key)`)"
        )
    if auth.config.identity_pool_id is None:
        raise InvalidIdentityPoolIdException("no identity pool is configured")
    return _PersonalSession(auth)


class _PersonalSession(AioSession):  # type: ignore[misc]  # aiobotocore has no types
    """A session with one user's credentials and shared models and endpoints."""

    def __init__(self, auth: AuthClient) -> None:
        events = copy.copy(_template._original_handler)
        super().__init__(event_hooks=events, include_builtin_handlers=False)
        self.register_component("credential_provider", AioCredentialResolver([_Provider(auth)]))
        self._pool_region = auth.config.identity_pool_region

    def __await__(self) -> Generator[Any, Any, Self]:
        return self._prepared().__await__()

    def create_client(self, *args: Any, **kwargs: Any) -> ClientCreatorContext:
        """Return a context manager that makes a client, in a thread."""
        return ClientCreatorContext(self._create_off_loop(args, kwargs))

    async def _prepared(self) -> Self:
        await run_in_thread(self._share)
        return self

    async def _create_off_loop(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def create() -> Any:
            self._share()
            with _making:
                # A loop of its own, for the case that AWS's settings ask the network for something.
                return asyncio.run(self._create_client(*args, **kwargs))

        return await run_in_thread(create)

    def _share(self) -> None:
        """Register the shared models and endpoints. Blocks: call it in a thread."""
        with _making:
            shared = _shared()
            self.register_component("data_loader", shared.loader)
            self._internal_components.register_component("endpoint_resolver", shared.resolver)
            if self.get_config_variable("region") is None:
                self.set_config_variable("region", self._pool_region)


@frozen
class _Shared:
    """Reads AWS's models, and knows its endpoints."""

    loader: Any
    resolver: Any


@cache
def _shared() -> _Shared:
    loader = _template.get_component("data_loader")
    loader.load_data_with_path("partitions")
    return _Shared(loader, _template._get_internal_component("endpoint_resolver"))


class _Provider:
    """The only credential provider of botocore in these sessions."""

    METHOD = METHOD
    CANONICAL_NAME = None

    def __init__(self, auth: AuthClient) -> None:
        self._auth = auth

    async def load(self) -> AioCredentials:
        """Return the credentials; they are fetched when a request is signed."""
        return _PoolCredentials(self._auth)


class _PoolCredentials(AioCredentials):  # type: ignore[misc]  # aiobotocore has no types
    """Credentials that are fetched for each request."""

    def __init__(self, auth: AuthClient) -> None:
        # Not the base's: it holds credentials, and these are in the session's record.
        self._auth = auth
        self.method = METHOD
        self.account_id = None

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials to sign one request with.

        Raises:
            UserUnAuthenticatedException: No user is signed in, and guests get no credentials.
        """
        found = (await self._auth.fetch_auth_session()).credentials
        if found is None:
            raise UserUnAuthenticatedException("no user is signed in, and guests get no AWS credentials")
        return ReadOnlyCredentials(
            found.access_key_id, found.secret_access_key, found.session_token, self.account_id
        )

    # As of all credentials of aiobotocore's that renew themselves, single members are awaited.

    async def get_access_key(self) -> str:
        """Return the access key; see `get_frozen_credentials`, which returns a consistent set."""
        return str((await self.get_frozen_credentials()).access_key)

    async def get_secret_key(self) -> str:
        """Return the secret key."""
        return str((await self.get_frozen_credentials()).secret_key)

    async def get_token(self) -> str:
        """Return the session token."""
        return str((await self.get_frozen_credentials()).token)

    async def get_account_id(self) -> None:
        """Return None: an identity pool does not return the account."""

    def __getattr__(self, name: str) -> str:
        if name in ("access_key", "secret_key", "token"):
            raise NotImplementedError(f"{name} may have to be renewed: await get_frozen_credentials()")
        raise AttributeError(name)
