"""What is remembered of one person between two calls: one frozen value, one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from attrs import evolve, field, fields_dict, frozen

from ..answers import Challenged
from ..errors import StorageError
from ..models import SignInDetails

VERSION: Final = 1
T = TypeVar("T")


@frozen(kw_only=True)
class StoredTokens:
    """A signed-in person's tokens.

    Attributes:
        clock_drift: Seconds that Cognito's clock is ahead of ours, as of the last tokens.
        username: The name that Cognito knows the person by.
        device_key: The device that the tokens were issued to, which must be named to renew them.
    """

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    clock_drift: float = 0.0
    username: str
    sign_in_details: SignInDetails | None = None
    device_key: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class PendingSignIn:
    """A sign-in between two steps.

    Attributes:
        challenge: What Cognito asks for.
        sign_in_details: How the sign-in was begun.
        expires_at: When Cognito will have forgotten it, in seconds since the epoch.
        claim: Who is answering right now: a random name, so that of two answers one is sent.
        claimed_until: When that claim is void, should whoever made it have died.
    """

    challenge: Challenged
    sign_in_details: SignInDetails
    expires_at: float
    claim: str | None = field(default=None, repr=False)
    claimed_until: float = 0.0


@frozen(kw_only=True)
class PendingAutoSignIn:
    """A sign-up whose sign-in is to follow by itself. It never holds a password.

    Attributes:
        username: As given at sign-up.
        auth_flow_type: Amplify's name of the flow to sign in with.
        preferred_challenge: The first factor to begin with, for USER_AUTH.
        client_metadata: For the user pool's triggers.
        expires_at: When it is too late, in seconds since the epoch.
        is_confirmed: Whether the account can sign in already; if not, a link is waited for.
        session: Cognito's handle of the sign-up, with which a sign-in may go on.
    """

    username: str
    auth_flow_type: str
    preferred_challenge: str | None = None
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)
    expires_at: float
    is_confirmed: bool = False
    session: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class SessionRecord:
    """Everything remembered of one session.

    Attributes:
        tokens: Who is signed in.
        pending: A sign-in that waits for its next step.
        auto_sign_in: A sign-up whose sign-in is to follow.
        created_at: When the session began, in seconds since the epoch.
        renewed_at: When its lifetime was last counted anew.
        unknown: Members that a newer version wrote; kept as they are.
    """

    tokens: StoredTokens | None = None
    pending: PendingSignIn | None = None
    auto_sign_in: PendingAutoSignIn | None = None
    created_at: float = 0.0
    renewed_at: float = 0.0
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remember."""
        return self.tokens is None and self.pending is None and self.auto_sign_in is None

    def signed_out(self) -> SessionRecord:
        """The same session, with nobody signed in."""
        return evolve(self, tokens=None)


def dump(record: SessionRecord) -> bytes:
    """Write a record as one JSON document."""
    document = dict(record.unknown)
    document["version"] = VERSION
    document |= _object(record)
    del document["unknown"]
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def load(data: bytes) -> SessionRecord | None:
    """Read a record; None if the bytes are none, which counts as signed out.

    Raises:
        StorageError: A version wrote it that this one does not know. Nobody is signed out by that.
    """
    try:
        document = json.loads(data)
        version = document.pop("version")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if version != VERSION:
        raise StorageError(f"the session was stored by another version of this library (form {version!r})")
    try:
        return _record(document)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _object(value: Any) -> dict[str, Any]:
    """Turn an attrs value into a JSON object, leaving out what is None."""
    result: dict[str, Any] = {}
    for name in fields_dict(type(value)):
        member = getattr(value, name)
        if hasattr(member, "__attrs_attrs__"):
            member = _object(member)
        if member is not None:
            result[name] = member
    return result


def _record(document: dict[str, Any]) -> SessionRecord:
    tokens, pending = document.pop("tokens", None), document.pop("pending", None)
    auto_sign_in = document.pop("auto_sign_in", None)
    created_at, renewed_at = document.pop("created_at"), document.pop("renewed_at")
    return SessionRecord(
        tokens=None if tokens is None else _tokens(tokens),
        pending=None if pending is None else _pending(pending),
        auto_sign_in=None if auto_sign_in is None else _known(PendingAutoSignIn, auto_sign_in),
        created_at=float(created_at),
        renewed_at=float(renewed_at),
        unknown=document,
    )


def _tokens(document: dict[str, Any]) -> StoredTokens:
    details = document.pop("sign_in_details", None)
    return _known(StoredTokens, document, sign_in_details=details and _known(SignInDetails, details))


def _pending(document: dict[str, Any]) -> PendingSignIn:
    challenge, details = document.pop("challenge"), document.pop("sign_in_details")
    available = tuple(challenge.pop("available_challenges", ()))
    return _known(
        PendingSignIn,
        document,
        challenge=_known(Challenged, challenge, available_challenges=available),
        sign_in_details=_known(SignInDetails, details),
    )


def _known(cls: type[T], document: Mapping[str, Any], **members: Any) -> T:
    """Make a value of the members that its class knows."""
    known = fields_dict(cls)  # type: ignore[arg-type]  # every class here is an attrs class
    return cls(**{key: value for key, value in document.items() if key in known}, **members)
