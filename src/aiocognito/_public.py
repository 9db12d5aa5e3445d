"""The module that a public class or function names as its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def public(module: str) -> Callable[[T], T]:
    """Return a decorator that sets ``__module__`` to the module from which users import a definition.

    Pickles, reprs and tracebacks name that module, so a definition can move between private modules.
    A module of decorated classes evaluates its annotations when the classes are made (it does not import
    ``annotations`` from ``__future__``): ``typing.get_type_hints`` looks names up in ``__module__``.

    Args:
        module: The public module, such as ``aiocognito``.
    """

    def decorate(definition: T) -> T:
        definition.__module__ = module
        return definition

    return decorate
