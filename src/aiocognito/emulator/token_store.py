"""The tokens that a pool has issued."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from .hashing import digest
from .serialization import persisted
from .shelf import Shelf

KNOWN: Final = 20_000


def _generation(event_id: str, origin_jti: str) -> str:
    return f"{event_id} {origin_jti}"


@persisted("grant")
@define
class Grant:
    """One sign-in of one user, with which all its tokens are revoked.

    Args:
        event_id: The claim ``event_id`` of its tokens.
        origin_jti: The claim ``origin_jti`` of its tokens, if the client can revoke tokens.
        sub: The subject of the user.
        client_id: The app client.
        auth_time: The time of the sign-in, in seconds since 1970.
        scopes: The scopes of its access tokens.
        hosted: Whether it was made on the hosted UI; its tokens have the claims of OAuth and OpenID Connect.
        revoked: Whether all its tokens are revoked.
        refreshable: Whether its refresh tokens are valid.
        device_key: The device of the sign-in, if the user pool tracks devices.
        is_tracked: Whether it is one of the user's sessions, in user pools that track them.
        last_active: When its tokens were last renewed, in seconds since 1970.
        current: The hash of its newest refresh token, once it was rotated.
        generation: The key of what the tokens belong to that the newest refresh token gets since rotation was
            turned off.
    """

    event_id: str
    origin_jti: str
    sub: str
    client_id: str
    auth_time: float
    scopes: tuple[str, ...] = ("aws.cognito.signin.user.admin",)
    revoked: bool = False
    refreshable: bool = True
    device_key: str | None = None
    hosted: bool = False
    is_tracked: bool = False
    last_active: float | None = None
    current: bytes | None = None
    generation: str | None = None

    @property
    def session_id(self) -> str:
        """The id of the user's session, in the form of those of Cognito."""
        drawn = base64.b32encode(hashlib.sha256(self.event_id.encode()).digest()).decode().lower()
        return f"tkn{drawn[:25]}"


@persisted("refresh-token")
@define
class RefreshToken:
    """A refresh token: its sign-in, its expiry, the time of its rotation, and the hash of its parent."""

    event_id: str
    expires: float
    rotated: float | None = None
    parent: bytes | None = None


@define
class _Index:
    """What a user's sign-ins are found by, without a look at those of others.

    Args:
        grants: The keys of a user's grants, by subject.
        expires: When the last refresh token of a sign-in expires, by ``event_id``.
    """

    grants: dict[str, dict[str, None]] = field(factory=dict)
    expires: dict[str, float] = field(factory=dict)

    def add(self, key: str, grant: Grant) -> None:
        self.grants.setdefault(grant.sub, {})[key] = None

    def add_refresh(self, token: RefreshToken) -> None:
        self.expires[token.event_id] = max(token.expires, self.expires.get(token.event_id, 0.0))


@persisted("token-store")
@define
class TokenStore:
    """Grants, refresh tokens, and access tokens whose signature was verified."""

    grants: Shelf[str, Grant] = field(factory=Shelf, repr=False)
    _refresh: Shelf[bytes, RefreshToken] = field(factory=Shelf, repr=False)
    _genuine: dict[bytes, None] = field(factory=dict, repr=False, metadata={"persisted": False})
    _index: _Index | None = field(default=None, repr=False, metadata={"persisted": False})

    def open(self, grant: Grant) -> None:
        """Store a sign-in."""
        self._add(grant.event_id, grant)

    def _add(self, key: str, grant: Grant) -> None:
        self._indexed().add(key, grant)
        self.grants[key] = grant

    def _indexed(self) -> _Index:
        """Return the index; after a restart, the first call builds it."""
        if self._index is None:
            self._index = _Index()
            for key, grant in self.grants.items():
                self._index.add(key, grant)
            for token in self._refresh.values():
                self._index.add_refresh(token)
        return self._index

    def of_user(self, sub: str) -> list[Grant]:
        """Return the sign-ins of a user."""
        return [self.grants[key] for key in self._indexed().grants.get(sub, ())]

    def tracked(self, sub: str, *, now: float) -> list[Grant]:
        """Return the sessions of a user that are active, the one used last first."""
        expires = self._indexed().expires
        active = [
            grant
            for grant in self.of_user(sub)
            if grant.is_tracked
            and not grant.revoked
            and grant.refreshable
            and now < expires.get(grant.event_id, 0.0)
        ]
        return sorted(active, key=lambda grant: grant.last_active or grant.auth_time, reverse=True)

    def add_refresh(self, text: str, token: RefreshToken) -> None:
        """Store a refresh token under its hash."""
        self._indexed().add_refresh(token)
        self._refresh[digest(text)] = token

    def open_generation(self, grant: Grant) -> str:
        """Store what the tokens of one refresh token belong to, and return its key."""
        key = _generation(grant.event_id, grant.origin_jti)
        self._add(key, grant)
        return key

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the tokens with these claims were revoked, or never issued."""
        event_id, origin_jti = claims.get("event_id", ""), claims.get("origin_jti", "")
        grant = self.grants.get(_generation(event_id, origin_jti)) or self.grants.get(event_id)
        return grant is None or grant.revoked

    # Documented (Revocation): all tokens of one sign-in.
    def revoke(self, event_id: str, *, spares_generation: bool = False) -> None:
        """Revoke one sign-in; RevokeToken spares the tokens of a generation since rotation was turned off."""
        grant = self.grants[event_id]
        grant.revoked = True
        if grant.generation is not None and not spares_generation:
            self.grants[grant.generation].revoked = True

    def refresh(self, text: str) -> RefreshToken | None:
        """Return the state of a refresh token."""
        found: RefreshToken | None = self._refresh.get(digest(text))
        return found

    def is_current(self, text: str) -> bool:
        """Return whether a stored refresh token is the newest one of its sign-in."""
        key = digest(text)
        token = self._refresh[key]
        current = self.grants[token.event_id].current
        return token.rotated is None if current is None else current == key

    def is_parent(self, text: str) -> bool:
        """Return whether the newest refresh token of the sign-in came from this one."""
        key = digest(text)
        current = self.grants[self._refresh[key].event_id].current
        return current is not None and self._refresh[current].parent == key

    def add_genuine(self, text: str) -> None:
        """Record that a JWT's signature was verified, so that it is verified once."""
        self._genuine[digest(text)] = None
        if len(self._genuine) > KNOWN:
            del self._genuine[next(iter(self._genuine))]

    def genuine(self, text: str) -> bool:
        """Whether a JWT's signature was verified before."""
        return digest(text) in self._genuine

    def revoke_user(self, sub: str, *, access: bool = True) -> None:
        """Revoke all sign-ins of a user.

        Args:
            sub: The subject of the user.
            access: Whether the user's access tokens are revoked, too.
        """
        for grant in self.of_user(sub):
            grant.refreshable = False
            grant.revoked = grant.revoked or access
