"""Token providers of synchronous code."""

from inspect import isawaitable, iscoroutinefunction
from typing import Any, Protocol, runtime_checkable

from .._config_checks import check_object
from .._models import AuthTokens, Metadata
from .._public import public
from .._session import tokens
from ._portal import Remote, in_thread


@public("aiocognito.sync")
@runtime_checkable
class TokenProvider(Protocol):
    """Provides a client with the tokens of the signed-in user: `aiocognito.TokenProvider` as a plain call."""

    def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Metadata = None
    ) -> AuthTokens | None:
        """Return tokens that have not expired, or None if no user is signed in.

        Args:
            force_refresh: Whether to renew tokens that have not expired.
            client_metadata: For the user pool's triggers, if the tokens are renewed.
        """
        ...


class RemoteTokenProvider:
    """The provider of a client that runs on the portal's loop, as plain calls."""

    def __init__(self, remote: "Remote[Any]") -> None:
        self._remote = remote

    def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Metadata = None
    ) -> AuthTokens | None:
        """Return tokens that have not expired, or None if no user is signed in."""
        found: AuthTokens | None = self._remote.call(
            lambda auth: auth.token_provider.get_tokens(
                force_refresh=force_refresh, client_metadata=client_metadata
            )
        )
        return found


class AwaitableTokenProvider:
    """A caller's provider, plain or async, for a client on the portal's loop."""

    def __init__(self, provider: TokenProvider | tokens.TokenProvider) -> None:
        check_object("token_provider", provider, ("get_tokens",), "another client's token_provider")
        self._provider = provider

    async def get_tokens(
        self, *, force_refresh: bool = False, client_metadata: Metadata = None
    ) -> AuthTokens | None:
        """Await an async provider; call a plain one in a worker thread."""
        get: Any = self._provider.get_tokens
        if iscoroutinefunction(get):
            found = get(force_refresh=force_refresh, client_metadata=client_metadata)
        else:
            found = await in_thread(get, force_refresh=force_refresh, client_metadata=client_metadata)
        result: AuthTokens | None = await found if isawaitable(found) else found
        return result
