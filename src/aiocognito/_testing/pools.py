"""The user pool of one test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..emulator import ThreadedEmulator, ThreadedUserPool


@contextmanager
def user_pool_of_test(emulator: ThreadedEmulator, settings: Mapping[str, Any]) -> Iterator[ThreadedUserPool]:
    """Create a user pool; at the end, leave the emulator as it was.

    Args:
        emulator: The emulator.
        settings: Arguments of `CognitoEmulator.create_user_pool`.
    """
    offset = emulator.clock.offset
    pool = emulator.create_user_pool(**settings)
    try:
        yield pool
    finally:
        emulator.faults.clear()
        emulator.clock.advance(offset - emulator.clock.offset)
        pool.delete()
