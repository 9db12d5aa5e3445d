"""Tokens of a user pool for tests, without a sign-in: good ones, and those that must be refused."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from .._public import public
from . import base64url
from .emulated_pool import EmulatedUserPool
from .randomness import LOWER, MIXED, secret_text
from .signing_keys import SigningKey
from .threaded import ThreadedUserPool
from .token_store import Grant
from .tokens import issue
from .users import CONFIRMED, User

TokenUse: TypeAlias = Literal["access", "id"]
Claims: TypeAlias = dict[str, Any]

_HOUR: Final = 3600
_NAMESPACE: Final = uuid.UUID("0fbb7d8e-5b0c-4c1f-9a53-2f6d0d5a1c7e")
_POOL_NAME_LENGTH: Final = 9
_CLIENT_ID_LENGTH: Final = 26


@frozen
class _Order:
    """The arguments of a call."""

    username: str
    token_use: TokenUse = "access"  # noqa: S105 - Cognito's name of a kind of token
    groups: Sequence[str] = ()
    scopes: Sequence[str] = ()
    expires_in: float = _HOUR
    claims: Mapping[str, Any] = field(factory=dict)
    # Seconds since the token expired.
    ended: float = 0.0

    @property
    def is_access(self) -> bool:
        """Whether it is for an access token."""
        return self.token_use == "access"  # noqa: S105 - Cognito's name of a kind of token


@public("aiocognito.emulator")
class TokenFactory:
    """Makes tokens of a user pool, signed by its keys, without a sign-in. The users need not exist.

    A call returns a token that an application accepts. The other methods take the same arguments and return
    a token that it must refuse::

        token = factory("ana", groups=["admins"])
        expired = factory.expired("ana", groups=["admins"])

    A user of the pool has their own ``sub``, their attributes are in ID tokens, and their access tokens are
    accepted by the emulator. The ``sub`` of other users is made from the username: it is the same in each
    run.

    Args:
        pool: The user pool.
    """

    def __init__(self, pool: ThreadedUserPool) -> None:
        self._pool = pool

    def __call__(
        self,
        username: str,
        *,
        token_use: TokenUse = "access",  # noqa: S107 - Cognito's name of a kind of token
        groups: Sequence[str] = (),
        scopes: Sequence[str] = (),
        expires_in: float = _HOUR,
        **claims: Any,
    ) -> str:
        """Return a token that is accepted.

        Args:
            username: The username.
            token_use: ``access`` or ``id``.
            groups: The claim ``cognito:groups``.
            scopes: The claim ``scope`` of an access token; by default ``aws.cognito.signin.user.admin``, as
                after a sign-in without the hosted UI.
            expires_in: Seconds until it expires, by the emulator's clock.
            claims: Claims to add or to replace, such as ``email="ana@example.com"`` or
                ``**{"custom:tenant": "7"}``; ``None`` leaves one out.

        Raises:
            ValueError: ``username`` is empty, ``token_use`` is another text, or ``scopes`` are for an ID
                token.
            TypeError: ``groups`` or ``scopes`` is one text instead of a sequence.
        """
        order = _Order(username, token_use, groups, scopes, expires_in, claims)
        return self._make(_signed, order)

    def expired(self, username: str, **arguments: Any) -> str:
        """Return a token that expired an hour ago, after a life of ``expires_in`` seconds."""
        return self._make(_signed, _order(username, arguments, ended=_HOUR))

    def wrong_key(self, username: str, **arguments: Any) -> str:
        """Return a token with the id of the pool's key, but signed by another key."""
        return self._make(_signed_by_another_key, _order(username, arguments))

    def alg_none(self, username: str, **arguments: Any) -> str:
        """Return a token without a signature, whose header says so (RFC 7519, section 6)."""
        return self._make(_unsigned, _order(username, arguments))

    def other_pool(self, username: str, **arguments: Any) -> str:
        """Return a token of another user pool, with its issuer, signed by its key."""
        return self._make(_of_another_pool, _order(username, arguments))

    def other_client(self, username: str, **arguments: Any) -> str:
        """Return a token of the user pool for another app client."""
        return self._make(_of_another_client, _order(username, arguments))

    def malformed(self, username: str, **arguments: Any) -> str:
        """Return a token that was cut off: its signature is missing, so it is not a JWT."""
        return self._make(_cut_off, _order(username, arguments))

    def _make(self, make: Callable[[EmulatedUserPool, _Order], Awaitable[str]], order: _Order) -> str:
        _check(order)
        return self._pool._thread.call(partial(make, self._pool._pool, order))


def _order(username: str, arguments: Mapping[str, Any], *, ended: float = 0.0) -> _Order:
    named = {name: arguments[name] for name in _NAMES if name in arguments}
    claims = {name: value for name, value in arguments.items() if name not in _NAMES}
    return _Order(username, **named, claims=claims, ended=ended)


_NAMES: Final = ("token_use", "groups", "scopes", "expires_in")


def _check(order: _Order) -> None:
    if not isinstance(order.username, str) or not order.username:
        raise ValueError("username must be a text that is not empty")
    if order.token_use not in get_args(TokenUse):
        raise ValueError(f"token_use must be 'access' or 'id', not {order.token_use!r}")
    for name in ("groups", "scopes"):
        if isinstance(getattr(order, name), str):
            raise TypeError(f"{name} must be a sequence of names, such as [{getattr(order, name)!r}]")
    if order.scopes and not order.is_access:
        raise ValueError("scopes are of access tokens: an ID token has none")


async def _signed(pool: EmulatedUserPool, order: _Order) -> str:
    claims = _claims(pool, order)
    _admit(pool, order, claims)
    return issue.sign(await _key(pool, order), claims)


async def _signed_by_another_key(pool: EmulatedUserPool, order: _Order) -> str:
    foreign = await pool._emulator.state.keys.foreign()
    key = SigningKey((await _key(pool, order)).kid, foreign.access.private)
    return issue.sign(key, _claims(pool, order))


async def _unsigned(pool: EmulatedUserPool, order: _Order) -> str:
    header = {"kid": (await _key(pool, order)).kid, "alg": "none"}
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, _claims(pool, order)))
    return f"{'.'.join(map(base64url.encode, parts))}."


async def _of_another_pool(pool: EmulatedUserPool, order: _Order) -> str:
    foreign = await pool._emulator.state.keys.foreign()
    claims = _claims(pool, order)
    issuer = pool._emulator.state.issuer(pool.state).removesuffix(pool.id)
    claims["iss"] = f"{issuer}{pool.state.region}_{secret_text(_POOL_NAME_LENGTH, MIXED)}"
    return issue.sign(foreign.access if order.is_access else foreign.id, claims)


async def _of_another_client(pool: EmulatedUserPool, order: _Order) -> str:
    claims = _claims(pool, order)
    claims["client_id" if order.is_access else "aud"] = secret_text(_CLIENT_ID_LENGTH, LOWER)
    return issue.sign(await _key(pool, order), claims)


async def _cut_off(pool: EmulatedUserPool, order: _Order) -> str:
    return (await _signed(pool, order)).rpartition(".")[0]


async def _key(pool: EmulatedUserPool, order: _Order) -> SigningKey:
    pair = await pool._emulator.state.keys.of(pool.id)
    return pair.access if order.is_access else pair.id


def _claims(pool: EmulatedUserPool, order: _Order) -> Claims:
    """Return the claims as a sign-in's tokens have them."""
    emulator, state = pool._emulator.state, pool.state
    client = state.clients[pool.client_id]
    begun, ends = _life(order, emulator.clock())
    user = state.users.find(order.username) or _stranger(order.username, begun)
    grant = Grant(str(uuid.uuid4()), str(uuid.uuid4()), user.sub, client.id, begun)
    if order.scopes:
        grant.scopes = tuple(order.scopes)
    access, identity = issue.claims(emulator, state, client, user, grant)
    claims = access if order.is_access else identity
    for name in ("cognito:groups", "cognito:roles", "cognito:preferred_role"):
        claims.pop(name, None)
    if order.groups:
        claims["cognito:groups"] = list(order.groups)
    claims.update(iat=int(begun), exp=int(ends), **order.claims)
    return {name: value for name, value in claims.items() if value is not None}


def _life(order: _Order, now: float) -> tuple[float, float]:
    """Return the times of issue and expiry."""
    if order.ended:
        return now - order.ended - order.expires_in, now - order.ended
    ends = now + order.expires_in
    # A token that is to be expired already was issued before that.
    return (now if ends > now else ends - _HOUR), ends


def _stranger(username: str, created: float) -> User:
    return User(username, str(uuid.uuid5(_NAMESPACE, username)), created, created, status=CONFIRMED)


def _admit(pool: EmulatedUserPool, order: _Order, claims: Claims) -> None:
    """Have the emulator accept the access token of a user of the pool, as if they had signed in."""
    if order.is_access and pool.state.users.find(order.username) is not None and "event_id" in claims:
        grant = Grant(
            claims["event_id"],
            claims.get("origin_jti", ""),
            claims["sub"],
            pool.client_id,
            float(claims["auth_time"]),
            scopes=tuple(str(claims.get("scope", "")).split()),
        )
        pool.state.tokens.open(grant)
