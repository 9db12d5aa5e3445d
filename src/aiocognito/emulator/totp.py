"""Software tokens (RFC 6238): six digits, thirty seconds, one step of drift either way, each code once."""

from __future__ import annotations

import base64
import hmac
import struct
from enum import Enum
from typing import Final

from attrs import define, field

from .serialization import persisted

STEP: Final = 30
DRIFT: Final = 1
SECRET_LENGTH: Final = 52


class Verdict(Enum):
    """The result of the check of a code."""

    GOOD = "good"
    WRONG = "wrong"
    USED = "used"


@persisted("software-token")
@define
class SoftwareToken:
    """A shared secret, in base32, and the last step whose code was used."""

    secret: str = field(repr=False)
    friendly_name: str | None = None
    last_step: int = -1

    def code(self, step: int) -> str:
        """Return the code of a step (RFC 4226, section 5.3)."""
        key = base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))
        mac = hmac.digest(key, struct.pack(">Q", step), "sha1")
        offset = mac[-1] & 15
        number = struct.unpack_from(">I", mac, offset)[0] & 0x7FFF_FFFF
        return f"{number % 1_000_000:06d}"

    def check(self, given: str, now: float) -> Verdict:
        """Check a code, and mark it as used if it is right."""
        current = int(now // STEP)
        for step in range(current - DRIFT, current + DRIFT + 1):
            if hmac.compare_digest(self.code(step).encode(), given.encode()):
                if step <= self.last_step:
                    return Verdict.USED
                self.last_step = step
                return Verdict.GOOD
        return Verdict.WRONG

    def next_code(self, now: float) -> str:
        """Return the code of an authenticator app, or its next one if that was used."""
        return self.code(max(int(now // STEP), self.last_step + 1))
