"""An emulator of Amazon Cognito, for development and tests: strict where Cognito is strict.

It verifies SRP proofs, secret hashes, codes, session handles and tokens, has a clock that is set instead
of slept on, an outbox instead of e-mail and SMS, and a plan of faults. Needs the extra ``emulator``.
"""

from .calls import Call
from .clock import Clock
from .emulated_pool import EmulatedUserPool
from .faults import Faults
from .identity_pools.emulated import EmulatedIdentityPool
from .identity_pools.issued import IssuedCredentials
from .outbox import Message, Outbox
from .server import CognitoEmulator
from .unsettled import Unsettled

__all__ = [
    "Call",
    "Clock",
    "CognitoEmulator",
    "EmulatedIdentityPool",
    "EmulatedUserPool",
    "Faults",
    "IssuedCredentials",
    "Message",
    "Outbox",
    "Unsettled",
]
