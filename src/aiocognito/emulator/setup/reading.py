"""Read a set-up file, JSON or TOML. Each error says where: the path of the member, and its line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from attrs import Attribute, AttrsInstance, field, fields, frozen

from ..nearest import suggestion
from . import document
from .errors import SetupError

Value = TypeVar("Value", bound=AttrsInstance)
Path_ = tuple[str | int, ...]
_WHERE: Final = "where"


@frozen
class Source:
    """The text of a file, to find lines in.

    Args:
        name: The file's name, for messages.
        text: What it holds.
        content: The same, parsed.
    """

    name: str
    text: str = field(repr=False)
    content: Mapping[str, Any] = field(repr=False)

    def error(self, path: Path_, message: str) -> SetupError:
        """Return the error for a member.

        Args:
            path: The keys and positions that lead to the member.
            message: What is wrong with it.
        """
        return SetupError(f"{self.at(path)}: {message}")

    def at(self, path: Path_) -> str:
        """Return file, line and path of a member, such as ``setup.toml, line 3 (user_pools[0].name)``."""
        line = self._line(path)
        return f"{self.name}{'' if line is None else f', line {line}'} ({spelled(path) or 'the whole file'})"

    def _line(self, path: Path_) -> int | None:
        keys = [step for step in path if isinstance(step, str)]
        if not keys:
            return None
        # Parsers keep no positions. The keys of a name come in the order of the document, if the text has
        # as many places that look like such a key as the document has keys.
        name = keys[-1]
        last = len(path) - next(n for n, step in enumerate(reversed(path)) if step == name)
        paths = [found for found in _walk(self.content) if found[-1] == name]
        form = rf'(?:^|[\s{{,.])(?:"{re.escape(name)}"|{re.escape(name)})\s*[:=]'
        places = [match.end() for match in re.finditer(form, self.text, re.MULTILINE)]
        if len(places) != len(paths) or path[:last] not in paths:
            return None
        return self.text.count("\n", 0, places[paths.index(path[:last])]) + 1


def spelled(path: Path_) -> str:
    """Return a path as it is written in code: ``user_pools[0].name``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _walk(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    steps: Any = ()
    if isinstance(value, Mapping):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, item in steps:
        if isinstance(step, str):
            yield (*path, step)
        yield from _walk(item, (*path, step))


def read(path: str | Path) -> tuple[document.Setup, Source]:
    """Read a file. Blocks on the disk.

    Args:
        path: The file; its name ends in ``.json`` or ``.toml``.

    Raises:
        SetupError: It cannot be read or parsed, or a member is unknown or malformed.
    """
    source = _load(Path(path))
    return _build(document.Setup, source.content, (), source), source


def _load(path: Path) -> Source:
    if path.suffix not in {".json", ".toml"}:
        raise SetupError(f"{path}: a set-up file is JSON or TOML: its name must end in .json or .toml")
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SetupError(f"{path} is not text in UTF-8") from None
    problem = ""
    try:
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # A parser's error holds the document, which may hold passwords: only its text is passed on.
        problem = str(error)
    else:
        if isinstance(content, dict):
            return Source(str(path), text, content)
        problem = "it must be an object"
    raise SetupError(f"{path} is not {path.suffix[1:].upper()}: {problem}")


def _build(kind: type[Value], value: Any, path: Path_, source: Source) -> Value:
    if not isinstance(value, Mapping):
        raise source.error(path, f"must be {document.TABLE}, not {_named(value)}")
    members = {each.name: each for each in fields(kind) if each.name != _WHERE}
    for name in value:
        if name not in members:
            raise source.error((*path, name), f"unknown member {name!r}: {suggestion(name, members)}")
    for name, member in members.items():
        if member.metadata.get("required") and name not in value:
            raise source.error(path, f"{name} is missing")
    given = {name: _read(members[name], value[name], (*path, name), source) for name in value}
    make = cast("Callable[..., Value]", kind)
    return make(**given, where=source.at(path))


def _read(member: Attribute[Any], value: Any, path: Path_, source: Source) -> Any:
    kind: str = member.metadata["kind"]
    of: type[AttrsInstance] | None = member.metadata.get("of")
    if of is not None:
        if not isinstance(value, list):
            raise source.error(path, f"must be {document.TABLES}, not {_named(value)}")
        return tuple(_build(of, item, (*path, number), source) for number, item in enumerate(value))
    if not _FITS[kind](value):
        raise source.error(path, f"must be {kind}, not {_named(value)}")
    if kind == document.TEXT_OR_TEXTS and isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


_FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    document.TEXT: _is_text,
    document.FLAG: lambda value: isinstance(value, bool),
    document.NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    document.TEXTS: _is_list,
    document.TEXT_OR_TEXTS: lambda value: _is_text(value) or _is_list(value),
    document.STRINGS: lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    document.TABLE: lambda value: isinstance(value, dict),
}


def _named(value: Any) -> str:
    """Return the kind of a value, not the value itself: it may be a password."""
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    if value == "":
        return "an empty text"
    return names.get(type(value), "a table" if isinstance(value, dict) else "null")
