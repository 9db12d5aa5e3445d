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
    wanted = name.lower().replace("_", "")
    # A part of a name stands for the name, such as `MfaConfig` for `MfaConfiguration`.
    longer = [each for each in by_lower if len(wanted) > 3 and each.startswith(wanted)]
    found = longer[:1] or get_close_matches(wanted, by_lower, n=1, cutoff=0.6)
    if found:
        return f"did you mean {by_lower[found[0]]!r}?"
    return f"known are {', '.join(names)}"
