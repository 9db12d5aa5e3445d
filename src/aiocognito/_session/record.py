"""What is remembered of one person between two calls: one frozen value, one JSON document."""

from __future__ import annotations

import json
import math
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from attrs import evolve, field, fields_dict, frozen

from .._models import SignInDetails
from .._responses import Challenged
from ..errors import StorageError

VERSION: Final = 1
T = TypeVar("T")
# The longest grace period that Cognito offers for a rotated refresh token.
LONGEST_GRACE_SECONDS: Final = 60.0
# A failed ConfirmDevice is sent again at most this often by calls that use tokens.
CONFIRMATION_RETRY_SECONDS: Final = 30.0


@frozen(kw_only=True)
class StoredTokens:
    """A signed-in person's tokens.

    Attributes:
        clock_drift: Seconds that Cognito's clock is ahead of ours, as of the last tokens.
        username: The name that Cognito knows the person by.
        device_key: The confirmed device that the tokens were issued to, which must be named to renew
            them.
        rotates: Whether the last refresh returned a new refresh token; None before the first one.
        spent_by: The name of the refusal after which the refresh token is not sent again, although the
            access token serves until it expires.
        unknown: Members that a newer version wrote; kept as they are.
    """

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    clock_drift: float = 0.0
    username: str
    sign_in_details: SignInDetails | None = None
    device_key: str | None = field(default=None, repr=False)
    rotates: bool | None = None
    spent_by: str | None = None
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class RefreshIntent:
    """A refresh token that is about to be sent, or was sent with an unknown outcome.

    It is written before a refresh token that may rotate is sent, so that another process does not send
    the same token while the answer may still come.

    Attributes:
        nonce: Tells this intent from all others.
        owner: Names the process that wrote it.
        token: The hash of the refresh token.
        ends_at: When its owner has stopped waiting for the answer, in seconds since the epoch.
        others_end: When the intent of another owner ended whose outcome was never stored, if this one
            replaced it: that owner may be suspended, and may still store what it received.
        sent_at: When the token was first sent whose outcome is not known, in seconds since the epoch.
        unknown: Members that a newer version wrote; kept as they are.
    """

    nonce: str = field(repr=False)
    owner: str = field(repr=False)
    token: str = field(repr=False)
    ends_at: float
    others_end: float | None = None
    sent_at: float | None = None
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    def may_be_repeated(self, now: float) -> bool:
        """Return whether the token, if it was spent, may still be within its grace period."""
        return self.sent_at is not None and now < self.sent_at + LONGEST_GRACE_SECONDS


@frozen(kw_only=True)
class PendingSignIn:
    """A sign-in between two steps.

    Attributes:
        challenge: What Cognito asks for.
        sign_in_details: How the sign-in was begun.
        expires_at: When Cognito will have forgotten it, in seconds since the epoch.
        claim: Who is answering right now: a random name, so that of two answers one is sent.
        claimed_until: When that claim ends unless it is renewed: its process has died.
        answer_until: When the answer under that claim must have come.
        unknown: Members that a newer version wrote; kept as they are.
    """

    challenge: Challenged
    sign_in_details: SignInDetails
    expires_at: float
    claim: str | None = field(default=None, repr=False)
    claimed_until: float = 0.0
    answer_until: float = 0.0
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def kept_until(self) -> float:
        """When it is of no use any more: an answer that was sent in time may come later."""
        return max(self.expires_at, self.answer_until)

    def is_open(self, now: float) -> bool:
        """Return whether it can be answered, or is being answered."""
        return now < max(self.expires_at, self.claimed_until)


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
        aliases: What else Cognito knows the user by: ``sub``, ``email`` and ``phone_number``.
        unknown: Members that a newer version wrote; kept as they are.
    """

    username: str
    auth_flow_type: str
    preferred_challenge: str | None = None
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)
    expires_at: float
    is_confirmed: bool = False
    session: str | None = field(default=None, repr=False)
    aliases: Mapping[str, str] | None = field(default=None, repr=False)
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    def is_of(self, name: str) -> bool:
        """Return whether a name is the user's, in any spelling: the username, the id or an address."""
        names = (self.username, *(self.aliases or {}).values())
        return _folded(name) in map(_folded, names)


@frozen(kw_only=True)
class PendingRedirect:
    """A browser that was sent to the hosted UI and has not come back.

    Attributes:
        redirect_uri: Where it comes back to.
        expires_at: When it is too late, in seconds since the epoch.
        state: What it comes back with; None once it has, so that it counts once.
        code_verifier: Proves, when the code is exchanged, who asked for it.
        nonce: What the id token must hold, if one was asked for.
        claim: Who is exchanging the code right now: a random name.
        unknown: Members that a newer version wrote; kept as they are.
    """

    redirect_uri: str
    expires_at: float
    state: str | None = field(default=None, repr=False)
    code_verifier: str = field(default="", repr=False)
    nonce: str | None = field(default=None, repr=False)
    claim: str | None = field(default=None, repr=False)
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class StoredCredentials:
    """AWS credentials, and what they were issued for.

    Attributes:
        expires_at: When they end by AWS's clock, in seconds since the epoch.
        issued_at: When they were fetched, by ours.
        clock_drift: Seconds that AWS's clock was ahead of ours then.
        login: The hash of the id token that they were issued for; None for a guest.
        role_arn: The role that was asked for.
        unknown: Members that a newer version wrote; kept as they are.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: float
    issued_at: float = 0.0
    clock_drift: float = 0.0
    login: str | None = field(default=None, repr=False)
    role_arn: str | None = None
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def ends_at(self) -> float:
        """When they end by our clock, in seconds since the epoch."""
        return self.expires_at - self.clock_drift


@frozen(kw_only=True)
class StoredIdentity:
    """Who the person, or the guest, is to an identity pool.

    Attributes:
        identity_id: The pool's name for them.
        is_guest: Whether nobody was signed in. A guest's identity becomes that of whoever signs in.
        credentials: The last ones issued.
        unknown: Members that a newer version wrote; kept as they are.
    """

    identity_id: str
    is_guest: bool = False
    credentials: StoredCredentials | None = None
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class StoredDevice:
    """The device that Cognito named at this session's sign-in.

    It is stored until the browser's entry has its secret, and to the session's end if it is confirmed
    for the session alone.

    Attributes:
        device_key: Cognito's name of it.
        device_group_key: What its proofs are computed with, beside its name.
        access_token: The sign-in's; ConfirmDevice takes no other. None once the device is confirmed.
        salt: What ConfirmDevice is sent with, the first time and again. None once it is confirmed.
        verifier: The same.
        random_password: The secret behind the verifier; None for the session alone, or once the
            browser's entry has it.
        browser: The storage key of the browser's entry; None for the session alone.
        confirmed: Whether Cognito confirmed it.
        not_remembered: Whether Cognito knows that it stands in for no second factor.
        refused: Whether Cognito refused it in a way that trying again seldom changes.
        tried_at: When ConfirmDevice was last sent, in seconds since the epoch.
        unknown: Members that a newer version wrote; kept as they are.
    """

    device_key: str = field(repr=False)
    device_group_key: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    salt: str | None = field(default=None, repr=False)
    verifier: str | None = field(default=None, repr=False)
    random_password: str | None = field(default=None, repr=False)
    browser: str | None = field(default=None, repr=False)
    confirmed: bool = False
    not_remembered: bool = False
    refused: bool = False
    tried_at: float = 0.0
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to send."""
        return self.confirmed and self.not_remembered


@frozen(kw_only=True)
class SessionRecord:
    """Everything remembered of one session.

    Attributes:
        tokens: Who is signed in.
        pending: A sign-in that waits for its next step.
        auto_sign_in: A sign-up whose sign-in is to follow.
        redirects: Browsers that are on the hosted UI, the oldest first.
        identity: Who this is to the identity pool.
        device: The device that the tokens were issued to, unless the browser is remembered as it.
        intent: A refresh that is under way, or whose outcome is unknown.
        by_redirect: Whether whoever is signed in came by the hosted UI, which then remembers them.
        created_at: When the session began, in seconds since the epoch.
        renewed_at: When its lifetime was last counted anew.
        unknown: Members that a newer version wrote; kept as they are.
    """

    tokens: StoredTokens | None = None
    pending: PendingSignIn | None = None
    auto_sign_in: PendingAutoSignIn | None = None
    redirects: tuple[PendingRedirect, ...] = ()
    identity: StoredIdentity | None = None
    device: StoredDevice | None = field(default=None, repr=False)
    intent: RefreshIntent | None = None
    by_redirect: bool = False
    created_at: float = 0.0
    renewed_at: float = 0.0
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remember."""
        things = (self.tokens, self.pending, self.auto_sign_in, self.identity)
        return not self.redirects and all(thing is None for thing in things)

    @property
    def next_confirmation_at(self) -> float:
        """When to send ConfirmDevice again, in seconds since the epoch; infinity for never."""
        device = self.device
        if self.tokens is None or device is None or device.is_settled or device.refused:
            return math.inf
        return device.tried_at + CONFIRMATION_RETRY_SECONDS

    @property
    def waits_for_confirmation(self) -> bool:
        """Whether Cognito would refuse to renew the tokens, because their device is not confirmed."""
        tokens, device = self.tokens, self.device
        return (
            tokens is not None
            and device is not None
            and not device.confirmed
            # Renewed tokens prove that Cognito does not ask for the device.
            and device.access_token == tokens.access_token
        )

    def signed_out(self) -> SessionRecord:
        """The same session, with nobody signed in, and nobody in particular to the identity pool."""
        return evolve(self, tokens=None, identity=None, device=None, intent=None, by_redirect=False)

    def signed_in(
        self,
        tokens: StoredTokens,
        *,
        at: float,
        device: StoredDevice | None = None,
        by_redirect: bool = False,
    ) -> SessionRecord:
        """A new session, of whoever signed in.

        All that was pending ends, redirects included: whoever planted one before the sign-in could
        have this session taken over by another account. A guest's identity is carried over, so that
        what the guest did is the person's; that of somebody who was signed in before is not.
        """
        guest = self.identity if self.identity is not None and self.identity.is_guest else None
        return SessionRecord(
            tokens=tokens,
            identity=None if guest is None else evolve(guest, credentials=None),
            device=device,
            by_redirect=by_redirect,
            created_at=at,
            unknown=self.unknown,
        )


def _folded(name: str) -> str:
    """Return a name without what people spell differently: capitals, compatibility forms, outer blanks."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


_MARK: Final = b'{"moved":'
# A mark stays for as long as procedures that began before it may still run.
MARK_SECONDS: Final = 60.0


def new_mark() -> bytes:
    """Make what stands for a minute where a record lay that moved under another key.

    It opens nothing and names no key. A procedure that began before the record moved sees by it that
    the session has changed hands.
    """
    return _MARK + json.dumps(secrets.token_hex(16)).encode() + b"}"


def is_mark(data: bytes | None) -> bool:
    """Return whether bytes are a mark. A mark counts as an absent record."""
    return data is not None and data.startswith(_MARK)


def dump(record: SessionRecord) -> bytes:
    """Write a record as one JSON document."""
    document = _object(record)
    document["version"] = VERSION
    return json.dumps(document, separators=(",", ":")).encode()


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
    result: dict[str, Any] = dict(getattr(value, "unknown", {}))
    for name in fields_dict(type(value)):
        member = getattr(value, name)
        if hasattr(member, "__attrs_attrs__"):
            member = _object(member)
        elif name == "redirects":
            member = [_object(each) for each in member] or None
        if member is not None and name != "unknown":
            result[name] = member
    return result


def _record(document: dict[str, Any]) -> SessionRecord:
    tokens, pending = document.pop("tokens", None), document.pop("pending", None)
    auto_sign_in, identity = document.pop("auto_sign_in", None), document.pop("identity", None)
    device = document.pop("device", None)
    redirects, intent = document.pop("redirects", ()), document.pop("intent", None)
    return _known(
        SessionRecord,
        document,
        tokens=None if tokens is None else _tokens(tokens),
        pending=None if pending is None else _pending(pending),
        auto_sign_in=None if auto_sign_in is None else _known(PendingAutoSignIn, auto_sign_in),
        redirects=tuple(_known(PendingRedirect, each) for each in redirects),
        identity=None if identity is None else _identity(identity),
        device=None if device is None else _known(StoredDevice, device),
        intent=None if intent is None else _known(RefreshIntent, intent),
    )


def _tokens(document: dict[str, Any]) -> StoredTokens:
    details = document.pop("sign_in_details", None)
    return _known(
        StoredTokens,
        document,
        sign_in_details=None if details is None else _known(SignInDetails, details),
    )


def _identity(document: dict[str, Any]) -> StoredIdentity:
    credentials = document.pop("credentials", None)
    return _known(
        StoredIdentity,
        document,
        credentials=None if credentials is None else _known(StoredCredentials, credentials),
    )


def _pending(document: dict[str, Any]) -> PendingSignIn:
    challenge, details = document.pop("challenge"), document.pop("sign_in_details")
    available = challenge.pop("available_challenges", ())
    return _known(
        PendingSignIn,
        document,
        challenge=_known(Challenged, challenge, available_challenges=tuple(map(_check_text, available))),
        sign_in_details=_known(SignInDetails, details),
    )


def _known(cls: type[T], document: Mapping[str, Any], **members: Any) -> T:
    """Make a value of the members that its class knows, and let it keep the others if it can.

    Raises:
        TypeError: A member is missing, or is not of its type.
    """
    checks = _checks(cls)  # type: ignore[arg-type]  # every class can be hashed
    unknown = {}
    for name, value in document.items():
        check = checks.get(name)
        if check is None:
            unknown[name] = value
        else:
            check(value)
            members[name] = value
    if unknown and hasattr(cls, "unknown"):
        members["unknown"] = unknown
    return cls(**members)


@cache
def _checks(cls: type[Any]) -> Mapping[str, Callable[[object], object]]:
    """What the members of a class are checked by; what is missing here is made by whoever reads it."""
    return {name: _CHECKS[member.type] for name, member in fields_dict(cls).items() if member.type in _CHECKS}


def _check_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _check_number(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FAR:
        raise TypeError


def _check_bool(value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError


def _check_texts(value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise TypeError


def _or_none(check: Callable[[object], object]) -> Callable[[object], object]:
    return lambda value: None if value is None else check(value)


# No moment of ours is further away, and what is, is no number that arithmetic can be done with.
_FAR: Final = 1e15
# By the annotations of the values above. A record with a member of another type cannot be parsed.
_CHECKS: Final[Mapping[Any, Callable[[object], object]]] = {
    "str": _check_text,
    "str | None": _or_none(_check_text),
    "float": _check_number,
    "float | None": _or_none(_check_number),
    "bool": _check_bool,
    "bool | None": _or_none(_check_bool),
    "Mapping[str, str]": _check_texts,
    "Mapping[str, str] | None": _or_none(_check_texts),
}
