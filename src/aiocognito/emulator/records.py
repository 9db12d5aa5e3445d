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
