"""Refresh tokens that may be spent, since their answer was lost, where the storage ends with the process."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from . import keys
from .record import LONGEST_GRACE_SECONDS

# As many are remembered at most; the oldest leaves.
MAX_UNANSWERED: Final = 10_000


class UnansweredTokens:
    """When refresh tokens were first sent without an answer, by their hash.

    A storage that outlives the process has an intent in the session's record instead.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: dict[str, float] = {}

    def add(self, digest: str) -> None:
        """Remember a token by its hash; the first time counts."""
        while len(self._sent) >= MAX_UNANSWERED:
            del self._sent[next(iter(self._sent))]
        self._sent.setdefault(digest, self._clock())

    def since(self, refresh_token: str) -> float:
        """Return when a token was first sent, while its grace period may last; infinity if it was not."""
        sent_at = self._sent.get(keys.digest(refresh_token), math.inf) if self._sent else math.inf
        return sent_at if self._clock() < sent_at + LONGEST_GRACE_SECONDS else math.inf
