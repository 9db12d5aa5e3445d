"""Attempt limits, and the lock-out after wrong passwords."""

from __future__ import annotations

from attrs import define, field

from .serialization import persisted

HOUR = 3600.0
QUIET = 900.0
"""Seconds without an attempt after which failures are reset."""


@persisted("attempts")
@define
class Attempts:
    """The attempts of a user within the last hour, by kind."""

    _times: dict[str, list[float]] = field(factory=dict)

    def count(self, kind: str, now: float) -> int:
        """Return how many attempts of a kind were made within the last hour."""
        recent = [time for time in self._times.get(kind, ()) if now - time < HOUR]
        self._times[kind] = recent
        return len(recent)

    def add(self, kind: str, now: float) -> None:
        """Record an attempt."""
        self._times.setdefault(kind, []).append(now)


@persisted("lockout")
@define
class Lockout:
    """Failed password attempts: after the fifth a lock of one second, twice as long with each further one."""

    failures: int = 0
    last: float = 0.0
    until: float = 0.0

    def locked(self, now: float) -> bool:
        """Whether attempts are refused without looking at the password; asking does not extend the lock."""
        if self.failures and now - max(self.last, self.until) >= QUIET:
            self.clear()
        return now < self.until

    # Documented (Lock-out): one second after five failures, doubled by each further one.
    def fail(self, now: float, *, free: int, longest: float) -> None:
        """Record a failure.

        Args:
            now: The time.
            free: The failure that brings the first lock, which is the shortest.
            longest: The longest lock, in seconds.
        """
        self.failures += 1
        self.last = now
        if self.failures >= free:
            self.until = now + min(2.0 ** min(self.failures - free, 60), longest)

    def clear(self) -> None:
        """Reset the failures, after a sign-in or a quiet period."""
        self.failures, self.until = 0, 0.0
