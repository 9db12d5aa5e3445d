"""What one pool's hosted UI remembers."""

from __future__ import annotations

from attrs import define, field

from .codes import CodeBook


@define
class HostedUi:
    """What one pool's hosted UI remembers.

    Args:
        codes: The authorization codes that are out.
    """

    codes: CodeBook = field(factory=CodeBook, repr=False)
