"""Verifies the tokens that others bring: signature, issuer, client, use, time, groups and scopes."""

from __future__ import annotations

import binascii
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum
from types import TracebackType
from typing import Any, Final, Literal, Self

from attrs import frozen

from .config import AuthConfig
from .errors import (
    AuthConfigError,
    AuthUserPoolException,
    InvalidJWTError,
    JwksUnavailableError,
    TokenAlgorithmError,
    TokenClientError,
    TokenExpiredError,
    TokenGroupError,
    TokenIssuerError,
    TokenKeyError,
    TokenMalformedError,
    TokenNotYetValidError,
    TokenScopeError,
    TokenSignatureError,
    TokenUseError,
)
from .jwt import decode_jwt
from .services.http import Http
from .services.jwks import Jwks
from .signatures import ALGORITHM, PublicKey


class Any_(Enum):  # noqa: N801 - its one member is what users see
    """The type of `ANY`."""

    ANY = "ANY"

    def __repr__(self) -> str:
        return "ANY"


ANY: Final = Any_.ANY
"""Says in so many words that anything goes, so that a review sees it."""


ACCESS: Final = "access"
ID: Final = "id"


class Claims(Mapping[str, Any]):
    """The claims of a token that was verified: a mapping, with names for what is asked most."""

    __slots__ = ("_payload",)

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = dict(payload)

    def __getitem__(self, claim: str) -> Any:
        return self._payload[claim]

    def __iter__(self) -> Iterator[str]:
        return iter(self._payload)

    def __len__(self) -> int:
        return len(self._payload)

    def __repr__(self) -> str:
        return f"<Claims sub={self.get('sub')!r} token_use={self.get('token_use')!r}>"

    @property
    def sub(self) -> str:
        """The subject: the user's id, or the app client's of a machine."""
        return str(self._payload.get("sub", ""))

    @property
    def username(self) -> str | None:
        """The name that Cognito knows the user by; None for a machine."""
        name = self._payload.get("username", self._payload.get("cognito:username"))
        return None if name is None else str(name)

    @property
    def token_use(self) -> str:
        """``access`` or ``id``."""
        return str(self._payload.get("token_use", ""))

    @property
    def client_id(self) -> str:
        """The app client that the token was issued to."""
        return str(self._payload.get("client_id" if self.token_use == ACCESS else "aud", ""))

    @property
    def groups(self) -> tuple[str, ...]:
        """The user's groups."""
        groups = self._payload.get("cognito:groups")
        return tuple(map(str, groups)) if isinstance(groups, list) else ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of an access token."""
        scope = self._payload.get("scope")
        return tuple(scope.split()) if isinstance(scope, str) else ()

    @property
    def expires_at(self) -> float:
        """When the token ends, in seconds since the epoch."""
        return float(self._payload.get("exp", 0))


@frozen
class _Parsed:
    """A token, taken apart and not believed yet."""

    kid: str
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


@frozen
class _Pool:
    """One user pool whose tokens are accepted, and what is asked of them."""

    issuers: tuple[str, ...]
    client_ids: frozenset[str] | None
    token_use: str | None
    groups: frozenset[str]
    scopes: frozenset[str]
    leeway: float
    jwks: Jwks


class TokenVerifier:
    """Verifies a user pool's tokens.

    A token that was seen before is remembered until it ends, so that its signature is checked once.

    Args:
        user_pool_id: The pool whose tokens are accepted. A token's own word for its issuer counts only
            if it names this pool, in either of Cognito's two forms.
        client_ids: The app clients whose tokens are accepted; ``ANY`` for all of the pool.
        token_use: ``"access"``, ``"id"``, or ``ANY``.
        groups: At least one of these is needed, if any are named.
        scopes: All of these are needed; only access tokens have any.
        leeway: Seconds that clocks may differ.
        jwks: The pool's keys, if they are known already. They are fetched if one is missing.
        jwks_uri: Where they are published, if not where AWS has them.
        cache_size: How many tokens are remembered.
        clock: Seconds since the epoch.
        http_client: An httpx client; one is made by default. Left open.

    Raises:
        ValueError: ``client_ids`` is empty or None, ``scopes`` are asked of id tokens, or a value is
            malformed. An unset variable must not accept every app.
    """

    def __init__(
        self,
        *,
        user_pool_id: str,
        client_ids: str | Collection[str] | Literal[Any_.ANY],
        token_use: Literal["access", "id"] | Literal[Any_.ANY],
        groups: str | Collection[str] | None = None,
        scopes: str | Collection[str] | None = None,
        leeway: float = 0.0,
        jwks: Mapping[str, Any] | None = None,
        jwks_uri: str | None = None,
        cache_size: int = 10_000,
        clock: Callable[[], float] = time.time,
        http_client: Any = None,
    ) -> None:
        issuers = _issuers(user_pool_id)
        self._http = Http(http_client)
        self._clock = clock
        self._cache_size = cache_size
        self._seen: dict[str, tuple[Claims, float]] = {}
        if token_use is not ANY and token_use not in (ACCESS, ID):
            raise ValueError("token_use: must be 'access', 'id' or ANY")
        if scopes and token_use == ID:
            raise ValueError("scopes: id tokens have none")
        if not 0 <= leeway <= 300:
            raise ValueError("leeway: must be a number of seconds from 0 to 300")
        uri = jwks_uri or f"{issuers[0]}/.well-known/jwks.json"
        pool = _Pool(
            issuers=issuers,
            client_ids=_client_ids(client_ids),
            token_use=None if token_use is ANY else token_use,
            groups=_names(groups, "groups"),
            scopes=_names(scopes, "scopes"),
            leeway=leeway,
            jwks=Jwks(uri, self._http, clock, jwks),
        )
        self._pools: tuple[_Pool, ...] = (pool,)

    @classmethod
    def from_config(
        cls,
        config: AuthConfig,
        *,
        token_use: Literal["access", "id"] | Literal[Any_.ANY],
        **options: Any,
    ) -> Self:
        """Make the verifier of a configuration's user pool and app client.

        Args:
            config: Names the user pool and the app client. An endpoint of its own publishes the keys.
            token_use: ``"access"``, ``"id"``, or ``ANY``.
            options: More arguments of `TokenVerifier`.

        Raises:
            AuthUserPoolException: The configuration names no user pool or no app client.
        """
        if config.user_pool_id is None or config.user_pool_client_id is None:
            raise AuthUserPoolException("no user pool is configured")
        if config.user_pool_endpoint is not None:
            base = config.user_pool_endpoint.rstrip("/")
            options.setdefault("jwks_uri", f"{base}/{config.user_pool_id}/.well-known/jwks.json")
        return cls(
            user_pool_id=config.user_pool_id,
            client_ids=config.user_pool_client_id,
            token_use=token_use,
            **options,
        )

    @classmethod
    def for_pools(cls, verifiers: Sequence[TokenVerifier]) -> TokenVerifier:
        """Make one verifier of several, for the tokens of several pools.

        Each keeps what it asks of its pool's tokens; the first one's clock and cache size serve all.

        Args:
            verifiers: At least one, each of another pool.

        Raises:
            ValueError: There is none, or two are of one pool.
        """
        if not verifiers:
            raise ValueError("verifiers: must hold at least one")
        pools = tuple(pool for verifier in verifiers for pool in verifier._pools)
        if len({pool.issuers for pool in pools}) != len(pools):
            raise ValueError("verifiers: two are of one user pool")
        combined = cls.__new__(cls)
        combined._http = verifiers[0]._http
        combined._clock = verifiers[0]._clock
        combined._cache_size = verifiers[0]._cache_size
        combined._seen = {}
        combined._pools = pools
        return combined

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the HTTP client, if it is our own."""
        await self._http.aclose()

    async def warm_up(self) -> None:
        """Fetch every pool's keys now, so that the first token need not wait.

        Raises:
            JwksUnavailableError: No pool's keys could be fetched.
        """
        for pool in self._pools:
            await pool.jwks.fetch()
        failures = 0
        for pool in self._pools:
            try:
                pool.jwks.raise_failure()
            except JwksUnavailableError:
                failures += 1
                if failures == len(self._pools):
                    raise

    async def verify(self, token: str) -> Claims:
        """Verify a token.

        Args:
            token: The token in compact form.

        Returns:
            Its claims.

        Raises:
            TokenVerificationError: It is not acceptable: ``.claim``, ``.expected`` and ``.actual`` say
                why, and there is one subclass per reason.
            JwksUnavailableError: The pool's keys could not be fetched: nobody can say.
        """
        seen = self._look_up(token)
        if seen is not None:
            return seen
        parsed = _parse(token)
        pool = self._pool_of(parsed)
        key = pool.jwks.known(parsed.kid) or await pool.jwks.get(parsed.kid)
        return self._check(token, parsed, pool, key)

    def verify_cached(self, token: str) -> Claims:
        """Verify a token without asking anybody: its key must be there (see `warm_up`).

        Raises:
            TokenVerificationError: It is not acceptable.
            JwksUnavailableError: Its key is not there.
        """
        seen = self._look_up(token)
        if seen is not None:
            return seen
        parsed = _parse(token)
        pool = self._pool_of(parsed)
        key = pool.jwks.known(parsed.kid)
        if key is None:
            raise JwksUnavailableError("the token's key is not there; fetch the keys with warm_up or verify")
        return self._check(token, parsed, pool, key)

    def _look_up(self, token: str) -> Claims | None:
        seen = self._seen.get(token)
        if seen is None:
            return None
        claims, ends_at = seen
        if self._clock() >= ends_at:
            del self._seen[token]
            return None  # It is judged anew, and refused with its reason.
        return claims

    def _pool_of(self, parsed: _Parsed) -> _Pool:
        issuer = parsed.payload.get("iss")
        for pool in self._pools:
            if issuer in pool.issuers:
                return pool
        expected = [issuer for pool in self._pools for issuer in pool.issuers]
        raise TokenIssuerError(
            f"issuer not allowed: {issuer!r}; expected one of {', '.join(expected)}",
            claim="iss",
            expected=expected,
            actual=issuer,
        )

    def _check(self, token: str, parsed: _Parsed, pool: _Pool, key: PublicKey | None) -> Claims:
        if key is None:
            raise TokenKeyError("the user pool publishes no such key", claim="kid", actual=parsed.kid)
        if not key.verify(parsed.signed, parsed.signature):
            raise TokenSignatureError("the signature does not belong to the token")
        claims = Claims(parsed.payload)
        ends_at = self._check_time(claims, pool.leeway)
        _check_use(claims, pool.token_use)
        _check_client(claims, pool.client_ids)
        _check_groups(claims, pool.groups)
        _check_scopes(claims, pool.scopes)
        if self._cache_size > 0:
            while len(self._seen) >= self._cache_size:
                del self._seen[next(iter(self._seen))]
            self._seen[token] = (claims, ends_at)
        return claims

    def _check_time(self, claims: Claims, leeway: float) -> float:
        now = self._clock()
        ends_at = _seconds(claims, "exp")
        if now >= ends_at + leeway:
            raise TokenExpiredError(
                f"token expired at {ends_at:g}; it is {now:g}", claim="exp", expected=now, actual=ends_at
            )
        if "nbf" in claims and now + leeway < (begins_at := _seconds(claims, "nbf")):
            raise TokenNotYetValidError(
                f"token not valid before {begins_at:g}; it is {now:g}",
                claim="nbf",
                expected=now,
                actual=begins_at,
            )
        return ends_at + leeway


def _check_use(claims: Claims, token_use: str | None) -> None:
    actual = claims.get("token_use")
    expected = [token_use] if token_use is not None else [ACCESS, ID]
    if actual not in expected:
        raise TokenUseError(
            f"token use not allowed: {actual!r}; expected {' or '.join(expected)}",
            claim="token_use",
            expected=token_use or expected,
            actual=actual,
        )


def _check_client(claims: Claims, client_ids: frozenset[str] | None) -> None:
    claim = "client_id" if claims.token_use == ACCESS else "aud"
    actual = claims.get(claim)
    if client_ids is None:
        return
    if not isinstance(actual, str) or actual not in client_ids:
        raise TokenClientError(
            f"{claim} not allowed: {actual!r}; expected one of {', '.join(sorted(client_ids))}",
            claim=claim,
            expected=sorted(client_ids),
            actual=actual,
        )


def _check_groups(claims: Claims, groups: frozenset[str]) -> None:
    if groups and groups.isdisjoint(claims.groups):
        raise TokenGroupError(
            f"in none of the groups {', '.join(sorted(groups))}",
            claim="cognito:groups",
            expected=sorted(groups),
            actual=list(claims.groups),
        )


def _check_scopes(claims: Claims, scopes: frozenset[str]) -> None:
    missing = scopes - set(claims.scopes)
    if missing:
        raise TokenScopeError(
            f"lacks the scopes {', '.join(sorted(missing))}",
            claim="scope",
            expected=sorted(scopes),
            actual=list(claims.scopes),
        )


def _parse(token: str) -> _Parsed:
    try:
        payload = decode_jwt(token).payload
        head, _, signature = token.split(".")
        header = json.loads(_decode(head))
        signature_bytes = _decode(signature)
    except (InvalidJWTError, ValueError, binascii.Error, RecursionError):
        raise TokenMalformedError("not a JSON Web Token in compact form") from None
    if not isinstance(header, dict) or "crit" in header:
        raise TokenMalformedError("the token's header is not one that is understood here")
    if header.get("alg") != ALGORITHM:
        raise TokenAlgorithmError(
            f"algorithm not allowed: {header.get('alg')!r}; expected {ALGORITHM}",
            claim="alg",
            expected=ALGORITHM,
            actual=header.get("alg"),
        )
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenMalformedError("the token's header names no key", claim="kid", actual=kid)
    return _Parsed(kid, payload, token.rpartition(".")[0].encode(), signature_bytes)


def _decode(part: str) -> bytes:
    if not part or not part.isascii() or not part.replace("-", "").replace("_", "").isalnum():
        raise ValueError("not base64url")
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _seconds(claims: Claims, claim: str) -> float:
    value = claims.get(claim)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise TokenMalformedError(f"{claim} is no time", claim=claim, expected="seconds", actual=value)
    return float(value)


def _issuers(user_pool_id: str) -> tuple[str, ...]:
    try:
        config = AuthConfig(user_pool_id=user_pool_id)
    except AuthConfigError as error:
        raise ValueError(str(error)) from None
    if config.user_pool_region is None:
        raise ValueError("user_pool_id: is missing")
    host = config.service_url("cognito-idp").removeprefix("https://")
    return (f"https://{host}/{user_pool_id}", f"https://issuer-{host}/{user_pool_id}")


def _client_ids(client_ids: str | Collection[str] | Literal[Any_.ANY]) -> frozenset[str] | None:
    if client_ids is ANY:
        return None
    names = _names(client_ids, "client_ids")
    if not names:
        raise ValueError("client_ids: is empty; name the app clients, or say ANY")
    return names


def _names(values: object, name: str) -> frozenset[str]:
    if values is None:
        return frozenset()
    names = [values] if isinstance(values, str) else values
    if not isinstance(names, Collection) or not all(isinstance(item, str) and item for item in names):
        raise ValueError(f"{name}: must be text, or a collection of texts that are not empty")
    return frozenset(names)
