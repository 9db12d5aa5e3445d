"""The steps by the names of Cognito: flows begin a sign-in, challenges are answered on the way to tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from .outcomes import Step

_flows: dict[str, Step] = {}
_challenges: dict[str, Step] = {}
FLOWS: Final[Mapping[str, Step]] = MappingProxyType(_flows)
"""The steps that begin a sign-in, by ``AuthFlow``."""
CHALLENGES: Final[Mapping[str, Step]] = MappingProxyType(_challenges)
"""The steps that judge answers, by ``ChallengeName``."""


def flow(*names: str) -> Callable[[Step], Step]:
    """Register a step that begins a sign-in.

    Args:
        names: The values of ``AuthFlow`` that it serves.
    """
    return _into(_flows, names)


def challenge(*names: str) -> Callable[[Step], Step]:
    """Register a step that judges the answer to a challenge.

    Args:
        names: The values of ``ChallengeName`` that it serves.
    """
    return _into(_challenges, names)


def _into(table: dict[str, Step], names: tuple[str, ...]) -> Callable[[Step], Step]:
    def register(step: Step) -> Step:
        table.update(dict.fromkeys(names, step))
        return step

    return register
