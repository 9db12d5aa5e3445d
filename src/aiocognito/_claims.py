"""The claims of a verified token, and the requirements for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from attrs import frozen

from ._public import public
from ._pydantic import for_pydantic
from .errors import (
    TokenClientError,
    TokenExpiredError,
    TokenGroupError,
    TokenMalformedError,
    TokenNotYetValidError,
    TokenScopeError,
    TokenUseError,
)

ACCESS: Final = "access"
ID: Final = "id"
MAX_SHOWN: Final = 200


@public("aiocognito")
@for_pydantic
class Claims(Mapping[str, Any]):
    """The claims of a verified token: a mapping, with properties for the most common ones."""

    __slots__ = ("_payload",)

    def __init__(self, payload: dict[str, Any]) -> None:
        self._payload = payload

    def __getitem__(self, claim: str) -> Any:
        value = self._payload[claim]
        # A caller must not be able to change the list of a cached token.
        return deepcopy(value) if isinstance(value, list | dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._payload)

    def __len__(self) -> int:
        return len(self._payload)

    def __repr__(self) -> str:
        return f"<Claims sub={self.sub!r} token_use={self.token_use!r}>"

    @property
    def sub(self) -> str:
        """The user's id (the subject), or the app client's of a machine."""
        return self._text("sub") or ""

    @property
    def username(self) -> str | None:
        """The name that Cognito knows the user by; None for a machine."""
        return self._text("username") or self._text("cognito:username")

    @property
    def token_use(self) -> str:
        """``access`` or ``id``."""
        return self._text("token_use") or ""

    @property
    def client_id(self) -> str:
        """The app client that the token was issued to."""
        return self._text("client_id" if self.token_use == ACCESS else "aud") or ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The user's groups."""
        groups = self._payload.get("cognito:groups")
        # Only text is a group's name: null must not be the group "None".
        return tuple(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of an access token."""
        # Only a space separates two (RFC 6749, section 3.3).
        return tuple(scope for scope in (self._text("scope") or "").split(" ") if scope)

    @property
    def expires_at(self) -> float:
        """When the token ends, in seconds since the epoch."""
        return float(self._payload.get("exp", 0))

    def _text(self, claim: str) -> str | None:
        value = self._payload.get(claim)
        return value if isinstance(value, str) else None


@frozen
class Requirements:
    """The requirements for a user pool's tokens. None, or an empty set, requires nothing.

    Attributes:
        client_ids: The app clients that they may be issued to.
        token_use: ``access`` or ``id``.
        groups: At least one of them.
        scopes: All of them.
        leeway: Seconds that clocks may differ.
    """

    client_ids: frozenset[str] | None
    token_use: str | None
    groups: frozenset[str]
    scopes: frozenset[str]
    leeway: float

    def check(self, payload: Mapping[str, Any], now: float) -> float:
        """Check the claims of a token whose signature is good; return when it must be checked again.

        Raises:
            TokenVerificationError: One does not hold.
        """
        ends_at = _check_time(payload, now, self.leeway)
        _check_types(payload)
        _check_use(payload, self.token_use)
        if self.client_ids is not None:
            _check_client(payload, self.client_ids)
        if self.groups:
            _check_groups(payload, self.groups)
        if self.scopes:
            _check_scopes(payload, self.scopes)
        return ends_at


def shown(value: object) -> str:
    """Return a claim's repr for a message, shortened: unverified claims may be of any length."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}… ({len(text)} characters)"


def kept(value: object) -> object:
    """Return a claim's value for ``actual`` of an error, or its shortened repr if it is long."""
    return value if len(repr(value)) <= MAX_SHOWN else shown(value)


def _check_types(payload: Mapping[str, Any]) -> None:
    """Check the types of claims whose values are not checked (RFC 7519, 4.1; OIDC Core, 2)."""
    for claim in ("iat", "auth_time"):
        if claim in payload:
            _seconds(payload, claim)
    for claim in ("sub", "username", "cognito:username", "jti"):
        if not isinstance(payload.get(claim, ""), str):
            raise TokenMalformedError(
                f"{claim} is not text", claim=claim, expected="text", actual=kept(payload[claim])
            )


def _check_time(payload: Mapping[str, Any], now: float, leeway: float) -> float:
    ends_at = _seconds(payload, "exp") + leeway
    if now >= ends_at:
        raise TokenExpiredError(
            f"token expired at {payload['exp']}; it is {now:.0f}",
            claim="exp",
            expected=now,
            actual=payload["exp"],
        )
    if "nbf" in payload and now + leeway < _seconds(payload, "nbf"):
        raise TokenNotYetValidError(
            f"token not valid before {payload['nbf']}; it is {now:.0f}",
            claim="nbf",
            expected=now,
            actual=payload["nbf"],
        )
    return ends_at


def _seconds(payload: Mapping[str, Any], claim: str) -> float:
    value = payload.get(claim)
    if type(value) is int and 0 <= value < 1_000_000_000_000:
        return value
    # Text, a boolean, nothing, or a number that no clock shows.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise TokenMalformedError(
            f"{claim} is not a time in seconds", claim=claim, expected="seconds", actual=kept(value)
        )
    return value


def _check_use(payload: Mapping[str, Any], token_use: str | None) -> None:
    actual = payload.get("token_use")
    if actual == token_use if token_use is not None else actual in (ACCESS, ID):
        return
    expected = token_use or f"{ACCESS} or {ID}"
    raise TokenUseError(
        f"token use not allowed: {shown(actual)}; expected {expected}",
        claim="token_use",
        expected=expected,
        actual=kept(actual),
    )


def _check_client(payload: Mapping[str, Any], client_ids: frozenset[str]) -> None:
    # Cognito's access tokens have no audience: they name their client by another claim.
    claim = "client_id" if payload["token_use"] == ACCESS else "aud"
    actual = payload.get(claim)
    if not isinstance(actual, str) or actual not in client_ids:
        raise TokenClientError(
            f"{claim} not allowed: {shown(actual)}; expected {' or '.join(sorted(client_ids))}",
            claim=claim,
            expected=sorted(client_ids),
            actual=kept(actual),
        )


def _check_groups(payload: Mapping[str, Any], groups: frozenset[str]) -> None:
    actual = Claims(dict(payload)).groups
    if groups.isdisjoint(actual):
        raise TokenGroupError(
            f"in none of the groups {', '.join(sorted(groups))}",
            claim="cognito:groups",
            expected=sorted(groups),
            actual=list(actual),
        )


def _check_scopes(payload: Mapping[str, Any], scopes: frozenset[str]) -> None:
    actual = Claims(dict(payload)).scopes
    missing = scopes.difference(actual)
    if missing:
        raise TokenScopeError(
            f"lacks the scopes {', '.join(sorted(missing))}",
            claim="scope",
            expected=sorted(scopes),
            actual=list(actual),
        )
