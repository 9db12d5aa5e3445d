"""An emulator of Amazon Cognito, for development and tests: strict where Cognito is strict.

It verifies SRP proofs, secret hashes, codes, session handles and tokens, has a clock that is set instead
of slept on, an outbox instead of e-mail and SMS, and a plan of faults. Needs the extra ``emulator``.

A name is loaded, with the modules behind it, when it is first asked for (PEP 562). What takes longest to
import, aiohttp among it, is imported by the start of an emulator, in a thread.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .assumptions import Assumptions
    from .clock import Clock
    from .emulated_identity_pool import EmulatedIdentityPool
    from .emulated_pool import EmulatedUserPool
    from .environment import CognitoEnvironment
    from .faults import Faults
    from .identity_pool import IssuedCredentials
    from .outbox import Message, Outbox
    from .server import CognitoEmulator
    from .site import Call
    from .threaded import (
        ThreadedClock,
        ThreadedEmulator,
        ThreadedFaults,
        ThreadedIdentityPool,
        ThreadedOutbox,
        ThreadedUserPool,
        run_in_thread,
    )
    from .token_factory import TokenFactory
else:
    # Hidden from type checkers, to which it would say that there is every name.

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for."""
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
        return value

    def __dir__() -> list[str]:
        """Return all public names, loaded or not."""
        return sorted({*globals(), *__all__})


del TYPE_CHECKING

__all__ = [
    "Assumptions",
    "Call",
    "Clock",
    "CognitoEmulator",
    "CognitoEnvironment",
    "EmulatedIdentityPool",
    "EmulatedUserPool",
    "Faults",
    "IssuedCredentials",
    "Message",
    "Outbox",
    "ThreadedClock",
    "ThreadedEmulator",
    "ThreadedFaults",
    "ThreadedIdentityPool",
    "ThreadedOutbox",
    "ThreadedUserPool",
    "TokenFactory",
    "run_in_thread",
]

_HOME_OF = {
    "Call": "site",
    "Clock": "clock",
    "CognitoEmulator": "server",
    "EmulatedIdentityPool": "emulated_identity_pool",
    "EmulatedUserPool": "emulated_pool",
    "Faults": "faults",
    "IssuedCredentials": "identity_pool",
    "Message": "outbox",
    "Outbox": "outbox",
    "Assumptions": "assumptions",
    "ThreadedClock": "threaded",
    "ThreadedEmulator": "threaded",
    "ThreadedFaults": "threaded",
    "ThreadedIdentityPool": "threaded",
    "ThreadedOutbox": "threaded",
    "ThreadedUserPool": "threaded",
    "run_in_thread": "threaded",
    "CognitoEnvironment": "environment",
    "TokenFactory": "token_factory",
}
