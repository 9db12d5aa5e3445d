"""Verification of tokens: signature, issuer, app client, use, time, groups and scopes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack
from enum import Enum
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, Unpack

from attrs import define, frozen

from . import _base64url as base64url
from . import _clocks as clocks
from ._claims import ACCESS, ID, Claims, Requirements, kept, shown
from ._config import AuthConfig, check_config, split_scopes
from ._config_checks import check_number, check_url, is_word
from ._gateways.aws.retry import RetryPolicy
from ._gateways.clients import HttpClient
from ._gateways.http import Http
from ._gateways.jwks import Jwks
from ._jwt import hint, json_object
from ._public import public
from ._signatures import ALGORITHM, PublicKey
from .errors import (
    AuthConfigError,
    AuthUserPoolException,
    JwksUnavailableError,
    TokenAlgorithmError,
    TokenIssuerError,
    TokenKeyError,
    TokenMalformedError,
    TokenSignatureError,
)

__all__ = ["ANY", "Claims", "TokenVerifier", "VerifierOptions"]

# HTTP servers refuse headers far smaller than this.
MAX_TOKEN_LENGTH: Final = 100_000
MAX_HEADERS: Final = 64
# The number of attempts to fetch keys, without a configuration.
KEY_ATTEMPTS: Final = 3
# Claims are copied, compared and written by recursion: deeper ones would exhaust the stack.
MAX_DEPTH: Final = 64


@public("aiocognito")
class _Any(Enum):
    """Accepts all values. It must be passed explicitly, so that a code review sees it."""

    ANY = "ANY"

    def __repr__(self) -> str:
        return "ANY"

    def __reduce_ex__(self, protocol: object) -> Any:
        return "ANY"  # Pickled by its public name, so that the class can move.


ANY: Final = _Any.ANY


@define(repr=False)
class _Parsed:
    """A parsed token that is not verified yet."""

    header: bytes
    kid: str
    payload: dict[str, Any]
    signed: bytes
    signature: bytes


@frozen
class _Pool:
    """A user pool whose tokens are accepted, and the requirements for them."""

    issuers: tuple[str, ...]
    requirements: Requirements
    jwks: Jwks


@public("aiocognito")
class VerifierOptions(TypedDict, total=False):
    """The arguments of `TokenVerifier` that `TokenVerifier.from_config` accepts, too."""

    client_ids: str | Collection[str] | Literal[_Any.ANY]
    groups: str | Collection[str] | None
    scopes: str | Collection[str] | None
    leeway: float
    jwks: Mapping[str, Any] | None
    jwks_uri: str | None
    cache_size: int
    clock: Callable[[], float] | None
    http_client: HttpClient | None
    allow_insecure_http: bool
    replica_regions: str | Collection[str]


@public("aiocognito")
class TokenVerifier:
    """Verifies a user pool's tokens.

    Verified tokens are cached until they expire, so each signature is checked once. Make one verifier per
    service: a new one for each request would fetch the keys each time.

    Args:
        user_pool_id: The pool whose tokens are accepted. A token's issuer must be this pool, in either
            of Cognito's two forms.
        client_ids: The app clients whose tokens are accepted; ``ANY`` for all of the pool.
        token_use: ``"access"``, ``"id"``, or ``ANY``.
        groups: The token must have at least one of these groups.
        scopes: The token must have all of these scopes. ID tokens have no scopes. A string is split at
            commas and white space.
        leeway: Seconds that clocks may differ, 0 to 300.
        jwks: The pool's keys to begin with. Keys are fetched if one is missing.
        jwks_uri: The URL of the keys; by default, AWS's for the pool.
        cache_size: The number of verified tokens to cache.
        clock: Returns seconds since the epoch; by default the process's clock, ``time.time``.
        http_client: An httpx client, which is not closed; by default, the verifier makes its own.
        allow_insecure_http: Allow keys to be fetched over plain http from another machine, also with your
            own ``http_client``.
        replica_regions: Other regions that the pool is replicated to. The issuer of tokens from there names
            that region. Their keys are fetched from there when they are first needed, unless ``jwks_uri``
            is given.

    Raises:
        AuthConfigError: ``client_ids`` is empty or None, ``scopes`` are asked of id tokens, or a value is
            malformed. An unset variable must not accept every app.
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
        if token_use is not ANY and token_use not in (ACCESS, ID):
            raise AuthConfigError("must be 'access', 'id' or ANY", field="token_use")
        if scopes and token_use == ID:
            raise AuthConfigError("id tokens have none", field="scopes")
        check_number("leeway", leeway, 0, 300)
        if not isinstance(cache_size, int) or isinstance(cache_size, bool) or cache_size < 0:
            raise AuthConfigError("must be a whole number, 0 or more", field="cache_size")
        if jwks is not None and not (isinstance(jwks, Mapping) and isinstance(jwks.get("keys"), list)):
            raise AuthConfigError("must be a JSON Web Key Set, a mapping with a list of keys", field="jwks")
        requirements = Requirements(
            client_ids=_client_ids(client_ids),
            token_use=None if token_use is ANY else token_use,
            groups=_names(groups, "groups"),
            scopes=_names(split_scopes(scopes) if isinstance(scopes, str) else scopes, "scopes"),
            leeway=leeway,
        )
        if jwks_uri is not None:
            # Over plain http, an attacker on the network could replace the keys, and sign forged tokens. This
            # applies to the caller's own client, too.
            check_url("jwks_uri", jwks_uri, allow_http=allow_insecure_http, allow_query=True)
        clock = clocks.resolve(clock)
        # Keys are fetched about once a day, so connections are not kept.
        http = Http(http_client, keep_alive=False)
        made: dict[str, Jwks] = {}
        pools = []
        for issuers in _issuers(user_pool_id, replica_regions):
            uri = jwks_uri or f"{issuers[0]}/.well-known/jwks.json"
            if uri not in made:
                made[uri] = Jwks(uri, http, clock, jwks, retries=RetryPolicy(KEY_ATTEMPTS))
            pools.append(_Pool(issuers, requirements, made[uri]))
        self._open(pools, (http,), clock, cache_size)

    def _open(
        self,
        pools: Iterable[_Pool],
        https: Iterable[Http],
        clock: Callable[[], float],
        cache_size: int,
    ) -> None:
        self._pools, self._https = tuple(pools), tuple(https)
        self._by_issuer = {issuer: pool for pool in self._pools for issuer in pool.issuers}
        self._clock = clock
        self._cache_size = cache_size
        self._config: AuthConfig | None = None
        self._seen: dict[str, tuple[Claims, float]] = {}
        # A pool's tokens have one header per key. Only headers of valid tokens are cached.
        self._headers: dict[bytes, str] = {}

    @classmethod
    def from_config(
        cls,
        config: AuthConfig,
        *,
        token_use: Literal["access", "id"] | Literal[_Any.ANY],
        **options: Unpack[VerifierOptions],
    ) -> Self:
        """Return a verifier for a configuration's user pool and app client.

        Args:
            config: The configuration. Keys are fetched from its ``jwks_uri``, otherwise from its
                ``user_pool_endpoint``, otherwise from AWS, with its timeouts and ``max_attempts``. Its clock
                is the default.
            token_use: ``"access"``, ``"id"``, or ``ANY``.
            options: Further arguments of `TokenVerifier` (`VerifierOptions`).

        Raises:
            AuthUserPoolException: The configuration lacks the user pool or the app client.
            AuthConfigError: ``config`` is not an `AuthConfig`.
        """
        check_config(config)
        if config.user_pool_id is None or config.user_pool_client_id is None:
            raise AuthUserPoolException("no user pool is configured")
        options["clock"] = clocks.resolve(options.get("clock"), config)
        if options.get("jwks_uri") is None:
            options["jwks_uri"] = _configured_jwks_uri(config)
        options.setdefault("allow_insecure_http", config.allow_insecure_http)
        options.setdefault("client_ids", config.user_pool_client_id)
        verifier = cls(
            user_pool_id=config.user_pool_id,
            token_use=token_use,
            **options,
        )
        for http in verifier._https:
            http.set_timeouts(connect=config.connect_timeout, read=config.read_timeout)
        for pool in verifier._pools:
            pool.jwks.retries = RetryPolicy(config.max_attempts)
        verifier._config = config
        return verifier

    @classmethod
    def for_pools(cls, verifiers: Collection[TokenVerifier | Mapping[str, Any]]) -> Self:
        """Combine verifiers into one that accepts the tokens of several pools.

        The requirements and keys of each pool stay its own: if one pool cannot be reached, tokens of the
        others are still verified. The clock and cache size of the first verifier apply to all.

        Args:
            verifiers: Verifiers of different pools, or mappings of their arguments; at least one.

        Raises:
            AuthConfigError: The collection is empty, or two verifiers are of one pool.
        """
        made = [each if isinstance(each, TokenVerifier) else cls(**each) for each in verifiers]
        if not made:
            raise AuthConfigError("must hold at least one", field="verifiers")
        pools = [pool for verifier in made for pool in verifier._pools]
        if len({pool.issuers for pool in pools}) != len(pools):
            raise AuthConfigError("two are of one user pool", field="verifiers")
        combined = cls.__new__(cls)
        https = [http for verifier in made for http in verifier._https]
        combined._open(pools, https, made[0]._clock, made[0]._cache_size)
        return combined

    @property
    def config(self) -> AuthConfig | None:
        """The configuration that `from_config` was given; None for a verifier that was made otherwise."""
        return self._config

    @property
    def token_use(self) -> str | None:
        """``access`` or ``id``; None if tokens of both kinds are accepted."""
        uses = {pool.requirements.token_use for pool in self._pools}
        return uses.pop() if len(uses) == 1 else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the verifier's own HTTP client. Tokens whose keys are cached can still be verified."""
        async with AsyncExitStack() as stack:  # All of them, also if the caller is cancelled.
            for http in self._https:
                stack.push_async_callback(http.aclose)
            for pool in self._pools:
                stack.push_async_callback(pool.jwks.stop)

    async def warm_up(self) -> None:
        """Fetch every pool's keys now, so that the first token does not wait for them.

        Raises:
            JwksUnavailableError: The keys of all pools could not be fetched.
        """
        await self._for_each_pool(lambda jwks: jwks.warm_up())

    async def ready(self) -> None:
        """Fetch the keys that are missing or stale. Unlike `warm_up`, it does not fetch fresh keys again.

        Raises:
            JwksUnavailableError: The keys of all pools could not be fetched.
        """
        await self._for_each_pool(lambda jwks: jwks.ready())

    async def _for_each_pool(self, prepare: Callable[[Jwks], Awaitable[None]]) -> None:
        work = (prepare(pool.jwks) for pool in self._pools)
        outcomes = await asyncio.gather(*work, return_exceptions=True)
        failures = [outcome for outcome in outcomes if outcome is not None]
        for failure in failures:
            if len(failures) == len(outcomes) or not isinstance(failure, JwksUnavailableError):
                raise failure

    async def verify(self, token: str) -> Claims:
        """Verify a token.

        Args:
            token: The token in compact form.

        Returns:
            Its claims.

        Raises:
            TokenVerificationError: The token is not accepted. Each reason has a subclass; ``.claim``,
                ``.expected`` and ``.actual`` have the details.
            JwksUnavailableError: The pool's keys could not be fetched, so the token was not verified.
        """
        seen = self._look_up(token)
        if seen is not None:
            return seen
        parsed = self._parse(token)
        pool = self._pool_of(parsed)
        key = pool.jwks.fresh(parsed.kid) or await pool.jwks.get(parsed.kid)
        return self._check(token, parsed, pool, key)

    def verify_cached(self, token: str) -> Claims:
        """Verify a token without a request: its key must be cached (see `warm_up`).

        Raises:
            TokenVerificationError: The token is not accepted.
            JwksUnavailableError: Its key is not cached.
        """
        seen = self._look_up(token)
        if seen is not None:
            return seen
        parsed = self._parse(token)
        pool = self._pool_of(parsed)
        key = pool.jwks.known(parsed.kid)
        if key is None:
            raise JwksUnavailableError("the token's key is not cached; fetch the keys with warm_up or verify")
        return self._check(token, parsed, pool, key)

    def _look_up(self, token: str) -> Claims | None:
        try:
            found = self._seen.get(token)
        except TypeError:  # Not text, and not hashable.
            return None
        if found is None:
            return None
        claims, ends_at = found
        if self._clock() < ends_at:
            return claims
        self._seen.pop(token, None)
        return None  # It is verified again, and the error has the reason.

    def _pool_of(self, parsed: _Parsed) -> _Pool:
        issuer = parsed.payload.get("iss")
        pool = self._by_issuer.get(issuer) if isinstance(issuer, str) else None
        if pool is None:
            raise TokenIssuerError(
                f"issuer not allowed: {shown(issuer)}; expected {' or '.join(self._by_issuer)}",
                claim="iss",
                expected=list(self._by_issuer),
                actual=kept(issuer),
            )
        return pool

    def _check(self, token: str, parsed: _Parsed, pool: _Pool, key: PublicKey | None) -> Claims:
        if key is None:
            raise TokenKeyError("the user pool publishes no such key", claim="kid", actual=kept(parsed.kid))
        if not key.verify(parsed.signed, parsed.signature):
            raise TokenSignatureError("the signature does not belong to the token")
        ends_at = pool.requirements.check(parsed.payload, self._clock())
        claims = Claims(parsed.payload)
        if parsed.header not in self._headers:
            _add(self._headers, parsed.header, parsed.kid, MAX_HEADERS)
        _add(self._seen, token, (claims, ends_at), self._cache_size)
        return claims

    def _parse(self, token: str) -> _Parsed:
        """Parse a token. Its content is not trusted before the signature is verified."""
        parsed = self._split(token) if isinstance(token, str) else None
        if parsed is None:  # Raised outside of the except block: the context would quote the token.
            problem = hint(token)
            raise TokenMalformedError(
                f"not a JSON Web Token in compact form{f': {problem}' if problem else ''}"
            )
        return parsed

    def _split(self, token: str) -> _Parsed | None:
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        try:
            encoded = token.encode("ascii")
            header, body, signature = encoded.split(b".")
            kid = self._headers.get(header) or _kid(json_object(header, MAX_DEPTH))
            return _Parsed(
                header,
                kid,
                json_object(body, MAX_DEPTH),
                encoded[: -len(signature) - 1],
                base64url.decode(signature),
            )
        except ValueError:
            return None


def _add(cache: dict[Any, Any], key: object, value: object, size: int) -> None:
    """Add an entry to a cache of limited size; the oldest entries are removed."""
    if size > 0 and key not in cache:
        while len(cache) >= size:
            del cache[next(iter(cache))]
        cache[key] = value


def _kid(header: Mapping[str, Any]) -> str:
    if header.get("alg") != ALGORITHM:
        raise TokenAlgorithmError(
            f"algorithm not allowed: {shown(header.get('alg'))}; expected {ALGORITHM}",
            claim="alg",
            expected=ALGORITHM,
            actual=kept(header.get("alg")),
        )
    if "crit" in header:  # RFC 7515, 4.1.11: unknown extensions must be refused
        raise TokenMalformedError("the token requires extensions", claim="crit", actual=kept(header["crit"]))
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenMalformedError("the token names no key", claim="kid", actual=kept(kid))
    return kid


def _configured_jwks_uri(config: AuthConfig) -> str | None:
    if config.jwks_uri is not None or config.user_pool_endpoint is None:
        return config.jwks_uri
    return f"{config.user_pool_endpoint.rstrip('/')}/{config.user_pool_id}/.well-known/jwks.json"


def _issuers(user_pool_id: str, replica_regions: str | Collection[str]) -> list[tuple[str, str]]:
    """Return both forms of a pool's issuer for its own region, and for each that it is replicated to."""
    region = AuthConfig(user_pool_id=user_pool_id).user_pool_region
    if region is None:
        raise AuthConfigError("is missing", field="user_pool_id")
    # An empty collection is the default, and accepts no other region.
    replicas = _names(replica_regions, "replica_regions") if replica_regions else ()
    hosts = [_host(each) for each in (region, *sorted(set(replicas) - {region}))]
    return [(f"https://{host}/{user_pool_id}", f"https://issuer-{host}/{user_pool_id}") for host in hosts]


def _host(region: str) -> str:
    """Return the host of user pools in a region."""
    try:
        config = AuthConfig(user_pool_id=f"{region}_x")
    except ValueError:
        config = None
    if config is None or config.user_pool_region != region:
        raise AuthConfigError("must hold names of regions, such as 'us-west-2'", field="replica_regions")
    return config.service_url("cognito-idp").removeprefix("https://")


def _client_ids(client_ids: str | Collection[str] | Literal[_Any.ANY]) -> frozenset[str] | None:
    if client_ids is ANY:
        return None
    if client_ids is None:
        raise AuthConfigError("is None; name the app clients, or pass ANY", field="client_ids")
    names = _names(client_ids, "client_ids")
    if not all(is_word(name) and "," not in name for name in names):
        raise AuthConfigError(
            "must hold each id as a member of its own, without blanks and commas", field="client_ids"
        )
    return names


def _names(values: object, name: str) -> frozenset[str]:
    if values is None:
        return frozenset()
    names = [values] if isinstance(values, str) else values
    if not isinstance(names, Collection) or not names:
        raise AuthConfigError("must be text, or a collection of texts that is not empty", field=name)
    if not all(isinstance(item, str) and item for item in names):
        raise AuthConfigError("must hold texts that are not empty", field=name)
    return frozenset(names)
