"""Refresh tokens that were sent without a response, for storages in the memory of this process."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from . import keys
from .record import LONGEST_GRACE_SECONDS

# How many tokens are held; the oldest is dropped.
MAX_UNANSWERED: Final = 10_000


class UnansweredTokens:
    """When refresh tokens were first sent without a response, by their hash.

    A session in a storage that outlives the process has an intent in its record instead.

    Args:
        clock: Returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: dict[str, float] = {}

    def add(self, digest: str) -> None:
        """Add a token by its hash, unless it was added before."""
        while len(self._sent) >= MAX_UNANSWERED:
            del self._sent[next(iter(self._sent))]
        self._sent.setdefault(digest, self._clock())

    def since(self, refresh_token: str) -> float:
        """Return when a token was first sent, if its grace period may still run; infinity otherwise."""
        sent_at = self._sent.get(keys.digest(refresh_token), math.inf) if self._sent else math.inf
        return sent_at if self._clock() < sent_at + LONGEST_GRACE_SECONDS else math.inf
