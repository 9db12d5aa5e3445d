"""Checks the members of a response against botocore's model of it: once, where the response is read.

Everything behind a gateway can then rely on the types of what is there; all of it may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

Reader: TypeAlias = Callable[[Any], Any]

_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})


class ShapeError(ValueError):
    """A member is of another type than the model says."""


def reader_of(shape: Any) -> Reader:
    """Return a function that checks a value and returns it in Python's types.

    Null counts as absent: it becomes None in a structure, and is left out of lists and maps. Timestamps
    become datetimes in UTC. A map of texts, such as a challenge's parameters, may hold other JSON: it is
    kept as JSON text, so that no sign-in depends on how a server writes it. Members that the model does
    not know are kept as they are.

    Args:
        shape: A botocore shape.

    Returns:
        The function. It raises `ShapeError`.
    """
    match shape.type_name:
        case "structure" if not getattr(shape, "is_document_type", False):
            return _structure({name: reader_of(member) for name, member in shape.members.items()})
        case "list":
            return _list(reader_of(shape.member))
        case "map":
            return _texts
        case "timestamp":
            return _moment
        case "string":
            return _text
        case "boolean":
            return _truth
        case name if name in _NUMBERS:
            return _number
    return _anything


def _structure(declared: Mapping[str, Reader]) -> Reader:
    readers = {**_NEWER, **declared}

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ShapeError
        return {
            name: None if member is None else readers.get(name, _anything)(member)
            for name, member in value.items()
        }

    return read


def _list(read_item: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ShapeError
        return [read_item(item) for item in value if item is not None]

    return read


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ShapeError
    return {_text(name): _as_text(member) for name, member in value.items() if member is not None}


def _as_text(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ShapeError
    if not value.isascii():
        value.encode()  # a lone surrogate is a UnicodeEncodeError, and so a ValueError
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ShapeError
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ShapeError
    return value


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(_number(value), UTC)
    except (ArithmeticError, OSError):
        pass
    raise ShapeError


def _anything(value: Any) -> Any:
    return value


# Members of the response to RespondToAuthChallenge that the model of the lowest botocore lacks.
_NEWER: Final[Mapping[str, Reader]] = {"AvailableChallenges": _list(_text)}
