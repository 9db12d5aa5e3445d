r"""Java's ``\p{L}`` and its like, for Python's ``re``.

The service model's patterns use the classes L, M, S, N, P, always together, and Z. Together the five are
everything but separators (Z) and control, format, surrogate and private characters (C); characters
that Unicode has not assigned yet are let through.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_SEPARATORS: Final = (
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)
_OTHERS: Final = (
    (0x00, 0x1F),
    (0x7F, 0x9F),
    (0xAD, 0xAD),
    (0x600, 0x605),
    (0x61C, 0x61C),
    (0x6DD, 0x6DD),
    (0x70F, 0x70F),
    (0x890, 0x891),
    (0x8E2, 0x8E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xD800, 0xF8FF),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE007F),
    (0xF0000, 0x10FFFF),
)
_WRITTEN: Final = r"\p{L}\p{M}\p{S}\p{N}\p{P}"
_SEPARATOR: Final = r"\p{Z}"


def translate(pattern: str) -> str:
    """Translate a pattern of the service model for Python's ``re``."""
    return pattern.replace(_WRITTEN, _written()).replace(_SEPARATOR, _class(_SEPARATORS))


@cache
def _written() -> str:
    kept, start = [], 0
    for low, high in sorted(_SEPARATORS + _OTHERS):
        if low > start:
            kept.append((start, low - 1))
        start = high + 1
    return _class(kept)


def _class(ranges: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> str:
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
