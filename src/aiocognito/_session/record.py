"""The record of one session, as stored between two calls: one frozen value."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve, field, frozen

from .._models import SignInDetails
from .._responses import Challenged

# The longest grace period that Cognito allows for a rotated refresh token.
LONGEST_GRACE_SECONDS: Final = 60.0
# A failed ConfirmDevice is sent again at most this often by calls that use tokens.
CONFIRMATION_RETRY_SECONDS: Final = 30.0


@frozen(kw_only=True)
class StoredTokens:
    """The tokens of a signed-in user.

    Attributes:
        clock_drift: Seconds that Cognito's clock was ahead of ours when the tokens were issued.
        username: Cognito's username of the user.
        device_key: The key of the confirmed device that the tokens were issued to, which is sent to
            renew them.
        rotates: Whether the last refresh returned a new refresh token; None before the first one.
        spent_by: The name of the error after which the refresh token is not sent again. The access
            token is used until it expires.
        unknown: Members that a newer version wrote; they are preserved.
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

    It is stored before a refresh token that may rotate is sent, so that no other process sends the same
    token while the response may still come.

    Attributes:
        nonce: Identifies this intent.
        owner: Identifies the process that stored it.
        token: The hash of the refresh token.
        ends_at: When its owner stops waiting for the response, in seconds since the epoch.
        others_end: When another owner's intent ended that this one replaced and whose outcome was never
            stored. That owner may be suspended, and may still store the tokens that it received.
        sent_at: When the token was first sent without a known outcome, in seconds since the epoch.
        unknown: Members that a newer version wrote; they are preserved.
    """

    nonce: str = field(repr=False)
    owner: str = field(repr=False)
    token: str = field(repr=False)
    ends_at: float
    others_end: float | None = None
    sent_at: float | None = None
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    def may_be_repeated(self, now: float) -> bool:
        """Return whether the token, if it was used up, may still be within its grace period."""
        return self.sent_at is not None and now < self.sent_at + LONGEST_GRACE_SECONDS


@frozen(kw_only=True)
class PendingSignIn:
    """A sign-in between two steps.

    Attributes:
        challenge: Cognito's challenge.
        sign_in_details: How the sign-in was begun.
        expires_at: When Cognito's session has ended, in seconds since the epoch.
        claim: The random name of the caller that is answering, so that only one of two answers is sent.
        claimed_until: When the claim ends unless it is renewed, such as after its process has ended.
        answer_until: When the response to the claim's answer must have arrived.
        unknown: Members that a newer version wrote; they are preserved.
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
        """When to delete it, in seconds since the epoch: after the response to an answer sent in time."""
        return max(self.expires_at, self.answer_until)

    def is_open(self, now: float) -> bool:
        """Return whether it can be answered, or is being answered."""
        return now < max(self.expires_at, self.claimed_until)


@frozen(kw_only=True)
class PendingAutoSignIn:
    """The plan of an automatic sign-in after a sign-up. It never holds a password.

    Attributes:
        username: As given at sign-up.
        auth_flow_type: Amplify's name of the sign-in flow.
        preferred_challenge: The first factor to begin with, for USER_AUTH.
        client_metadata: For the user pool's triggers.
        expires_at: When the plan expires, in seconds since the epoch.
        is_confirmed: Whether the account is confirmed.
        session: The session that SignUp or ConfirmSignUp returned, which a sign-in may continue.
        aliases: The user's other names by kind: ``sub``, ``email`` and ``phone_number``.
        unknown: Members that a newer version wrote; they are preserved.
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
        """Return whether a name is the user's username, id, address or number, in any spelling."""
        names = (self.username, *(self.aliases or {}).values())
        return _folded(name) in map(_folded, names)


@frozen(kw_only=True)
class PendingRedirect:
    """An authorization request: a browser was sent to the hosted UI and has not come back.

    Attributes:
        redirect_uri: The URL that the browser comes back to.
        expires_at: When the request expires, in seconds since the epoch.
        state: The state parameter; None once it was used.
        code_verifier: The PKCE verifier.
        nonce: The nonce that the id token must contain; None if none was requested.
        claim: The random name of the caller that is exchanging the code.
        unknown: Members that a newer version wrote; they are preserved.
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
    """AWS credentials, and the request that they were issued for.

    Attributes:
        expires_at: When they end by AWS's clock, in seconds since the epoch.
        issued_at: When they were fetched, by our clock.
        clock_drift: Seconds that AWS's clock was ahead of ours then.
        login: The hash of the id token that they were issued for; None for a guest.
        role_arn: The role that was requested.
        unknown: Members that a newer version wrote; they are preserved.
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
    """The identity of a user, or a guest, in an identity pool.

    Attributes:
        identity_id: The identity id.
        is_guest: Whether the identity is a guest's. It becomes the identity of the user who signs in.
        credentials: The last credentials that were issued.
        unknown: Members that a newer version wrote; they are preserved.
    """

    identity_id: str
    is_guest: bool = False
    credentials: StoredCredentials | None = None
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class StoredDevice:
    """The device that Cognito named at this session's sign-in.

    It is stored until the browser's entry has its secret, or until the session ends if the device belongs
    to the session alone.

    Attributes:
        device_key: The device key.
        device_group_key: The device group key, which the device's proofs are computed with.
        access_token: The sign-in's access token, the only one that ConfirmDevice accepts. None once the
            device is confirmed.
        salt: The salt for ConfirmDevice. None once the device is confirmed.
        verifier: The verifier for ConfirmDevice. None once the device is confirmed.
        random_password: The device's secret. None if the device belongs to the session alone, or once
            the browser's entry has it.
        browser: The storage key of the browser's entry; None if the device belongs to the session alone.
        confirmed: Whether Cognito confirmed it.
        not_remembered: Whether it is marked as not remembered, so that it replaces no second factor.
        refused: Whether Cognito refused it with an error that a retry seldom changes.
        tried_at: When ConfirmDevice was last sent, in seconds since the epoch.
        unknown: Members that a newer version wrote; they are preserved.
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
        """Whether no request about the device is outstanding."""
        return self.confirmed and self.not_remembered


@frozen(kw_only=True)
class SessionRecord:
    """Everything that is stored of one session.

    Attributes:
        tokens: The user's tokens; None if the session is signed out.
        pending: A sign-in that waits for its next step.
        auto_sign_in: The plan of an automatic sign-in after a sign-up.
        redirects: The pending authorization requests, the oldest first.
        identity: The identity in the identity pool.
        device: The device that the tokens were issued to, unless the browser has an entry for it.
        intent: A refresh that is under way, or whose outcome is unknown.
        by_redirect: Whether the user signed in on the hosted UI, which then has a session of its own.
        created_at: When the session began, in seconds since the epoch.
        renewed_at: When its lifetime in the storage was last extended, in seconds since the epoch.
        cookie_at: When the browser was last sent the session's cookie, if that was after ``created_at``.
        indexed_at: When its entry in the index of its user was last renewed, in seconds since the epoch.
        unsettled: The epoch of the index when the entry was written, until the entry was looked at again:
            the session may have been ended meanwhile. None if that is settled.
        unknown: Members that a newer version wrote; they are preserved.
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
    cookie_at: float | None = None
    indexed_at: float = 0.0
    unsettled: str | None = field(default=None, repr=False)
    unknown: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def cookie_sent_at(self) -> float:
        """When the browser was last sent the session's cookie, in seconds since the epoch."""
        return max(self.created_at, self.cookie_at or 0.0)

    @property
    def is_empty(self) -> bool:
        """Whether nothing needs to be stored."""
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
        """Return the record without the user's tokens, identity and device."""
        return evolve(self, tokens=None, identity=None, device=None, intent=None, by_redirect=False)

    def signed_in(
        self,
        tokens: StoredTokens,
        *,
        at: float,
        device: StoredDevice | None = None,
        by_redirect: bool = False,
    ) -> SessionRecord:
        """Return the record of a new session of the user who signed in.

        Everything pending ends, including redirects: one that an attacker planted before the sign-in
        could replace the account of this session. A guest's identity is carried over, so that the user
        keeps the guest's data. The identity of a user who was signed in before is not.
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
    """Return a name without differences of case, compatibility forms and outer blanks."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
