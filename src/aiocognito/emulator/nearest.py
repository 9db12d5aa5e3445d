"""The nearest known name for an unknown one, for messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return what a message about an unknown name ends with: the nearest name, or all of them.

    Args:
        name: The unknown name.
        known: The known names.
    """
    names = sorted(known)
    by_lower = {each.lower().replace("_", ""): each for each in names}
    found = get_close_matches(name.lower().replace("_", ""), by_lower, n=1, cutoff=0.6)
    if found:
        return f"did you mean {by_lower[found[0]]!r}?"
    return f"known are {', '.join(names)}"
