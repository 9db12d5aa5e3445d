"""Dictionaries whose entries are persisted one by one, so that a change costs as much as what it changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_IMMUTABLE: Final = (str, bytes, int, float, bool, type(None))
_MISSING: Final = object()


class Shelf(dict[_Key, _Value]):
    """A dictionary that remembers which entries may have changed since they were last written.

    An entry may have changed if it was looked up since, or if other code still holds its value: the value
    may be mutable, and code that looked it up may change it later.
    """

    def __init__(self, entries: Mapping[_Key, _Value] | Iterable[tuple[_Key, _Value]] = ()) -> None:
        super().__init__(entries)
        self._touched: set[_Key] = set(self)
        self._texts: dict[_Key, str] = {}
        self._objects: dict[_Key, tuple[int, ...]] = {}
        self._written = 0
        self.numbers: dict[int, int | str] = {}
        """The numbers of the objects in the entries' texts, by the objects' ids."""

    def __getitem__(self, key: _Key) -> _Value:
        self._touched.add(key)
        return super().__getitem__(key)

    def __setitem__(self, key: _Key, value: _Value) -> None:
        self._touched.add(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: _Key) -> None:
        self._touched.add(key)
        super().__delitem__(key)

    def get(self, key: _Key, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        self._touched.add(key)
        return super().get(key, default)

    def pop(self, key: _Key, *default: Any) -> Any:
        """Remove a key, and return its value or the default."""
        self._touched.add(key)
        return super().pop(key, *default)

    def setdefault(self, key: _Key, default: Any = None) -> Any:
        """Return the value of a key; one that is missing gets the default."""
        self._touched.add(key)
        return super().setdefault(key, default)

    def values(self) -> dict_values[_Key, _Value]:
        """Return the values, which may all change."""
        self._touched.update(self)
        return super().values()

    def items(self) -> dict_items[_Key, _Value]:
        """Return the entries, whose values may all change."""
        self._touched.update(self)
        return super().items()

    def texts(
        self, write: Callable[[int, _Key, _Value], tuple[str, Mapping[int, int | str]]]
    ) -> Iterable[str]:
        """Return the text of every entry, in order.

        Args:
            write: Writes an entry, and is called for those that may have changed. It takes a number that
                it is called with once, and returns the text and the numbers of the objects in it, by id.
        """
        held = set()
        for key in self._touched:
            for found in self._objects.pop(key, ()):
                self.numbers.pop(found, None)
        for key in self._touched:
            value: Any = super().get(key, _MISSING)
            if value is _MISSING:
                self._texts.pop(key, None)
                continue
            self._written += 1
            self._texts[key], numbers = write(self._written, key, value)
            self._objects[key] = tuple(numbers)
            self.numbers.update(numbers)
            if type(value) not in _IMMUTABLE and _references(value) > _ALONE:
                held.add(key)
        self._touched = held
        if list(self._texts) != list(self):
            self._texts = {key: self._texts[key] for key in self}
        return self._texts.values()


def _references(value: object) -> int:
    return sys.getrefcount(value)


def _alone() -> int:
    """Return the number of references to a value that only its dictionary holds."""
    entries: dict[int, object] = {0: set()}
    value: Any = entries.get(0, _MISSING)
    return _references(value)


_ALONE: Final = _alone()
