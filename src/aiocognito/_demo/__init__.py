"""The demo: one user's path from sign-up to sign-out, on an emulator in this process, each step checked.

It never prints a password, a token or a session key. The code that it shows comes from the emulator's
outbox, in place of the user's inbox.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, TextIO

from ..errors import AuthError
from .stage import Stage, StepFailed, console
from .story import tell

TIMEOUT: Final = 60.0


def run(output: TextIO | None = None) -> int:
    """Run the demo and return an exit code: 0 if every step succeeded, 1 if one did not.

    Args:
        output: Where to print it; standard output by default.
    """
    stage = Stage(console(output))
    begun = time.perf_counter()
    stage.note("One user signs up, in and out, on an emulator of Amazon Cognito on this machine.")
    try:
        asyncio.run(_in_time(stage))
    except StepFailed as failure:
        stage.failed(str(failure))
        return 1
    except Exception as error:
        stage.failed(_describe(error))
        return 1
    seconds = time.perf_counter() - begun
    stage.note(f"\nAll {stage.steps} steps came out right: {stage.checks} checks in {seconds:.1f} s.")
    stage.say("Your own user pool, here: aiocognito emulator")
    return 0


async def _in_time(stage: Stage) -> None:
    async with asyncio.timeout(TIMEOUT):
        await tell(stage)


def _describe(error: Exception) -> str:
    """Say what was raised. Only this library's own messages are known to hold no secret."""
    return f"{error.name}: {error}" if isinstance(error, AuthError) else type(error).__name__
