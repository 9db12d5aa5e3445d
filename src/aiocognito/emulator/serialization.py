"""The emulator's state as JSON, and back.

Attrs classes of this package become objects that name their class; what JSON lacks is tagged. A value that
several others refer to stays one value. A field with the metadata ``{"kept": False}`` is left out, and made
anew by its default.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from typing import Any, Final

import attrs

_PACKAGE: Final = __package__ or ""
_PLAIN: Final = (str, int, float, bool, type(None))


def encode(value: object) -> Any:
    """Write a value as what JSON can hold.

    Raises:
        TypeError: It holds something that cannot be kept; the message says where.
    """
    return _Writer().write(value, "")


def decode(document: Any) -> Any:
    """Read what :func:`encode` wrote.

    Raises:
        ValueError: It names a class that is not this package's.
    """
    return _Reader().read(document)


@attrs.define
class _Writer:
    _numbers: dict[int, int] = attrs.field(factory=dict)

    def write(self, value: Any, where: str) -> Any:
        if type(value) in _PLAIN:
            return value
        if attrs.has(type(value)):
            return self._object(value)
        if isinstance(value, list):
            return [self.write(item, where) for item in value]
        if isinstance(value, bytes):
            return {"bytes": base64.b64encode(value).decode()}
        if isinstance(value, tuple):
            return {"tuple": [self.write(item, where) for item in value]}
        if isinstance(value, set | frozenset):
            return {type(value).__name__: sorted(self.write(item, where) for item in value)}
        if isinstance(value, dict):
            return {
                "dict": [[self.write(key, where), self.write(item, where)] for key, item in value.items()]
            }
        raise TypeError(f"{where} holds a {type(value).__name__}, which cannot be kept")

    def _object(self, value: Any) -> Any:
        if id(value) in self._numbers:
            return {"same": self._numbers[id(value)]}
        number = self._numbers[id(value)] = len(self._numbers)
        kind = type(value)
        name = f"{kind.__module__.removeprefix(_PACKAGE)}:{kind.__qualname__}"
        fields = {
            field.name: self.write(getattr(value, field.name), f"{kind.__qualname__}.{field.name}")
            for field in attrs.fields(kind)
            if field.metadata.get("kept", True)
        }
        return {"object": name, "number": number, "fields": fields}


@attrs.define
class _Reader:
    _found: dict[int, Any] = attrs.field(factory=dict)

    def read(self, document: Any) -> Any:
        if isinstance(document, list):
            return [self.read(item) for item in document]
        if not isinstance(document, dict):
            return document
        if "object" in document:
            return self._object(document)
        ((tag, content),) = document.items()
        return self._tagged()[tag](content)

    def _tagged(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "same": self._found.__getitem__,
            "bytes": base64.b64decode,
            "tuple": lambda items: tuple(self.read(items)),
            "set": lambda items: set(self.read(items)),
            "frozenset": lambda items: frozenset(self.read(items)),
            "dict": lambda items: {self.read(key): self.read(value) for key, value in items},
        }

    def _object(self, document: Any) -> Any:
        kind = _class(document["object"])
        value = kind.__new__(kind)
        self._found[document["number"]] = value
        for field in attrs.fields(kind):
            if field.name in document["fields"]:
                content = self.read(document["fields"][field.name])
            else:
                content = _default(field)
            object.__setattr__(value, field.name, content)
        return value


def _class(name: str) -> Any:
    module, _, qualified = name.partition(":")
    # A class of another package is nobody's state here: reading must not be able to import it.
    if not module.startswith(".") or not qualified.isidentifier():
        raise ValueError(f"{name} is no class of the emulator's")
    kind = getattr(importlib.import_module(f"{_PACKAGE}{module}"), qualified)
    if not attrs.has(kind):
        raise ValueError(f"{name} is no class of the emulator's")
    return kind


def _default(field: attrs.Attribute[Any]) -> Any:
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]  # a class, though typed as a function
        return field.default.factory()  # type: ignore[union-attr]  # the line before has asked
    return field.default
