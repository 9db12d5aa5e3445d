"""Values that a user's record holds: codes, devices, passkeys and the ceremonies that make them."""

from __future__ import annotations

import hmac
from typing import Any

from attrs import define, field, frozen

from .serialization import persisted
from .srp_server import Verifier


@persisted("code")
@define
class Code:
    """A code that was sent.

    Args:
        value: The digits.
        attribute: The attribute that holds the address it went to.
        address: That address.
        expires: When it expires, in seconds since 1970.
    """

    value: str = field(repr=False)
    attribute: str
    address: str = field(repr=False)
    expires: float

    def equals(self, given: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.value.encode(), given.encode())


@persisted("device")
@define
class Device:
    """A device of one user.

    Args:
        key: Its name, ``<region>_<uuid>``.
        group_key: The name that its proofs are hashed with, in place of the pool's.
        secret: Salt and verifier; ``None`` until it is confirmed.
        remembered: Whether it stands in for a second factor.
    """

    key: str
    group_key: str
    created: float
    modified: float
    authenticated: float
    secret: Verifier | None = field(default=None, repr=False)
    name: str | None = None
    remembered: bool = False


@persisted("auth-event")
@define
class AuthEvent:
    """An event of one user, such as a sign-in.

    Args:
        id: Its id; of a sign-in, the claim ``event_id`` of its tokens, too.
        kind: ``EventType``.
        created: When it began, in seconds since 1970.
        response: ``EventResponse``: ``Pass``, ``Fail`` or ``InProgress``.
        address: The user's IP address.
        challenges: What the user was asked for, and whether it was right.
        decision: ``RiskDecision``.
        feedback: EventFeedbackType's members; empty without feedback.
    """

    id: str
    kind: str
    created: float
    response: str
    address: str
    challenges: list[tuple[str, str]] = field(factory=list)
    decision: str = "NoRisk"
    feedback: dict[str, Any] = field(factory=dict)

    def block(self) -> None:
        """Note that it was blocked."""
        self.decision, self.response = "Block", "Fail"

    def to_dict(self) -> dict[str, Any]:
        """Write it as AdminListUserAuthEvents does."""
        risk: dict[str, Any] = {"RiskDecision": self.decision, "CompromisedCredentialsDetected": False}
        if self.decision == "Block":
            risk["RiskLevel"] = "High"
        described = {
            "EventId": self.id,
            "EventType": self.kind,
            "CreationDate": self.created,
            "EventResponse": self.response,
            "EventRisk": risk,
            "ChallengeResponses": [
                {"ChallengeName": name, "ChallengeResponse": result} for name, result in self.challenges
            ],
            "EventContextData": {"IpAddress": self.address},
        }
        return {**described, "EventFeedback": self.feedback} if self.feedback else described


@persisted("passkey")
@define
class Passkey:
    """A registered credential.

    Args:
        id: The credential's id, in base64url.
        data: The attested credential data (WebAuthn, 6.5.1), with the public key.
        count: The signature counter of its last use.
    """

    id: str
    data: bytes = field(repr=False)
    count: int
    rp_id: str
    created: float
    attachment: str | None = None
    transports: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """Write it as ListWebAuthnCredentials does."""
        entry = {
            "CredentialId": self.id,
            "FriendlyCredentialName": f"Passkey {self.id[:8]}",
            "RelyingPartyId": self.rp_id,
            "AuthenticatorTransports": list(self.transports),
            "CreatedAt": self.created,
        }
        return entry if self.attachment is None else {**entry, "AuthenticatorAttachment": self.attachment}


@persisted("passkey-ceremony")
@frozen
class Ceremony:
    """A ceremony that was begun: the challenge that the browser must answer, and the relying party."""

    challenge: str = field(repr=False)
    rp_id: str
    user_verification: str
    client_id: str
    expires: float
