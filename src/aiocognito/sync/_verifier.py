"""The token verifier for synchronous code: `aiocognito.TokenVerifier` as plain calls."""

from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from .. import _verifier as verifier
from .._claims import Claims
from .._config import AuthConfig
from .._gateways.clients import HttpClient
from .._public import public
from .._verifier import VerifierOptions, _Any
from ._portal import Portal, Remote


@public("aiocognito.sync")
class TokenVerifier:
    """Verifies a user pool's tokens: `aiocognito.TokenVerifier` as plain calls.

    Make one per service, for all threads. In a thread where an event loop runs, its methods raise
    ``RuntimeError``.

    Args:
        user_pool_id: The pool whose tokens are accepted.
        client_ids: The app clients whose tokens are accepted; ``ANY`` for all of the pool.
        token_use: ``"access"``, ``"id"``, or ``ANY``.
        groups: The token must have at least one of these groups.
        scopes: The token must have all of these scopes.
        leeway: Seconds that clocks may differ, 0 to 300.
        jwks: The pool's keys to begin with. Keys are fetched if one is missing.
        jwks_uri: The URL of the keys; by default, AWS's for the pool.
        cache_size: The number of verified tokens to cache.
        clock: Returns seconds since the epoch; by default the process's clock, ``time.time``.
        http_client: An httpx client (``AsyncClient``), which is not closed; by default, the verifier makes
            its own.
        allow_insecure_http: Allow keys to be fetched over plain http from another machine.
        replica_regions: Other regions that the pool is replicated to.

    Raises:
        AuthConfigError: ``client_ids`` is empty or None, ``scopes`` are asked of id tokens, or a value is
            malformed.
    """

    def __init__(
        self,
        *,
        user_pool_id: str,
        client_ids: str | Collection[str] | Literal[_Any.ANY],
        token_use: Literal["access", "id"] | Literal[_Any.ANY],
        groups: str | Collection[str] | None = None,
        scopes: str | Collection[str] | None = None,
        leeway: float = 0.0,
        jwks: Mapping[str, Any] | None = None,
        jwks_uri: str | None = None,
        cache_size: int = 10_000,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
        allow_insecure_http: bool = False,
        replica_regions: str | Collection[str] = (),
    ) -> None:
        def make(_: Portal | None) -> verifier.TokenVerifier:
            return verifier.TokenVerifier(
                user_pool_id=user_pool_id,
                client_ids=client_ids,
                token_use=token_use,
                groups=groups,
                scopes=scopes,
                leeway=leeway,
                jwks=jwks,
                jwks_uri=jwks_uri,
                cache_size=cache_size,
                clock=clock,
                http_client=http_client,
                allow_insecure_http=allow_insecure_http,
                replica_regions=replica_regions,
            )

        self._remote = Remote(make, "TokenVerifier")

    @classmethod
    def _of(cls, make: Callable[[Portal | None], verifier.TokenVerifier]) -> Self:
        facade = cls.__new__(cls)
        facade._remote = Remote(make, "TokenVerifier")
        return facade

    @classmethod
    def from_config(
        cls,
        config: AuthConfig,
        *,
        token_use: Literal["access", "id"] | Literal[_Any.ANY],
        **options: Unpack[VerifierOptions],
    ) -> Self:
        """Return a verifier for a configuration's user pool and app client.

        See :meth:`aiocognito.TokenVerifier.from_config`.
        """
        return cls._of(lambda _: verifier.TokenVerifier.from_config(config, token_use=token_use, **options))

    @classmethod
    def for_pools(cls, verifiers: "Collection[TokenVerifier | Mapping[str, Any]]") -> Self:
        """Combine verifiers into one that accepts the tokens of several pools.

        See :meth:`aiocognito.TokenVerifier.for_pools`.
        """
        given = tuple(verifiers)
        facade = cls._of(
            lambda portal: verifier.TokenVerifier.for_pools(
                [each._remote.on(portal) if isinstance(each, TokenVerifier) else each for each in given]
            )
        )
        # It shares the keys and connections of those that were given.
        portals = (each._remote.portal for each in given if isinstance(each, TokenVerifier))
        facade._remote.portal = next(filter(None, portals), None)
        return facade

    @property
    def config(self) -> AuthConfig | None:
        """The configuration that `from_config` was given; None for a verifier that was made otherwise."""
        return self._remote.made.config

    @property
    def token_use(self) -> str | None:
        """``access`` or ``id``; None if tokens of both kinds are accepted."""
        return self._remote.made.token_use

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the verifier's own HTTP client. Tokens whose keys are cached can still be verified."""
        self._remote.call(lambda verifier: verifier.aclose())

    def warm_up(self) -> None:
        """Fetch every pool's keys now, so that the first token does not wait for them.

        See :meth:`aiocognito.TokenVerifier.warm_up`.
        """
        self._remote.call(lambda verifier: verifier.warm_up())

    def ready(self) -> None:
        """Fetch the keys that are missing or stale. Unlike `warm_up`, it does not fetch fresh keys again.

        See :meth:`aiocognito.TokenVerifier.ready`.
        """
        self._remote.call(lambda verifier: verifier.ready())

    def verify(self, token: str) -> Claims:
        """Verify a token.

        See :meth:`aiocognito.TokenVerifier.verify`.
        """
        return self._remote.call(lambda verifier: verifier.verify(token))

    def verify_cached(self, token: str) -> Claims:
        """Verify a token without a request: its key must be cached (see `warm_up`).

        See :meth:`aiocognito.TokenVerifier.verify_cached`.
        """
        return self._remote.read(lambda verifier: verifier.verify_cached(token))
