"""What is wrong with a set-up, in one sentence that says where."""

from __future__ import annotations


class SetupError(ValueError):
    """A set-up is refused; the message names the file and the member, or the option."""
