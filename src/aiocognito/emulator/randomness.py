"""Random ids and codes, which a seed makes repeatable; and secrets, which are never seeded."""

from __future__ import annotations

import random
import secrets
import string
import uuid
from typing import Final

LOWER: Final = string.ascii_lowercase + string.digits
MIXED: Final = string.ascii_letters + string.digits
BASE32: Final = string.ascii_uppercase + "234567"


class Randomness:
    """The random generator of one emulator.

    Args:
        seed: Makes ids and codes repeatable. Keys, salts, tokens, client secrets and SRP values are
            always fresh from the operating system.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._seed = seed
        self._random: random.Random = secrets.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - a seed is for what may be guessed; secrets come from elsewhere

    def reseed(self, starts: int) -> None:
        """Draw other ids than the earlier starts of the same directory, which had the same seed.

        Args:
            starts: The number of earlier starts.
        """
        if self._seed is not None:
            self._random = random.Random(f"{self._seed}/{starts}")  # noqa: S311 - a seed is for what may be guessed; secrets come from elsewhere

    def uuid(self) -> str:
        """Return a random UUID (version 4)."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def text(self, length: int, alphabet: str = LOWER) -> str:
        """Return a random text of a length."""
        return "".join(self._random.choices(alphabet, k=length))

    def digits(self, length: int) -> str:
        """Return a random code of digits."""
        return self.text(length, string.digits)


def secret_text(length: int, alphabet: str) -> str:
    """Return a random secret; it is never seeded."""
    return "".join(secrets.choice(alphabet) for _ in range(length))
