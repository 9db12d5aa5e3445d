"""The demo: one user's path from sign-up to sign-out, on an emulator in this process, each step checked.

It never prints a password, a token or a session key. The code that it shows comes from the emulator's
outbox, in place of the user's inbox.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, TextIO

from ..errors import AuthError
from .output import Output, StepFailed, console
from .steps import run_steps

TIMEOUT: Final = 60.0


def run(output: TextIO | None = None) -> int:
    """Run the demo and return an exit code: 0 if every step succeeded, 1 if one failed.

    Args:
        output: Where to print it; standard output by default.
    """
    out = Output(console(output))
    begun = time.perf_counter()
    out.note("A user signs up, signs in and signs out, with an emulator of Amazon Cognito on this machine.")
    try:
        asyncio.run(_in_time(out))
    except StepFailed as failure:
        out.failed(str(failure))
        return 1
    except Exception as error:
        out.failed(_describe(error))
        return 1
    seconds = time.perf_counter() - begun
    out.note(f"\nAll {out.steps} steps succeeded: {out.checks} checks in {seconds:.1f} s.")
    out.line("To run your own user pool on this machine: aiocognito emulator")
    return 0


async def _in_time(out: Output) -> None:
    async with asyncio.timeout(TIMEOUT):
        await run_steps(out)


def _describe(error: Exception) -> str:
    """Return the text for an exception. Only this library's own messages certainly have no secret."""
    return f"{error.name}: {error}" if isinstance(error, AuthError) else type(error).__name__
