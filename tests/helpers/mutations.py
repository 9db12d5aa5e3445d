"""JSON documents with one member replaced or missing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

REPLACEMENTS: dict[str, Any] = {
    "null": None,
    "number": 7,
    "huge": 10**400,
    "fraction": 1e300,
    "text": "text",
    "surrogate": "\ud800",
    "empty text": "",
    "truth": True,
    "list": [1, None, "x", {}],
    "empty list": [],
    "object": {"a": 1, "Name": None},
    "empty object": {},
}


def mutations(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield each document with one member replaced or missing, the document itself included."""
    for path in _paths(document):
        name = ".".join(map(str, path)) or "whole"
        for kind, replacement in REPLACEMENTS.items():
            yield f"{name} {kind}", _with(document, path, replacement)
        if path:
            yield f"{name} missing", _with(document, path, _MISSING)


_MISSING = object()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield from _paths(member, (*path, name))


def _with(document: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    changed = copy.deepcopy(document)
    parent = changed
    for name in path[:-1]:
        parent = parent[name]
    if replacement is _MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = replacement
    return changed
