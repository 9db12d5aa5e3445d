"""The form of a JSON request body: a strict check of it, and its JSON Schema for OpenAPI.

A message names the member that does not fit, by the name that the route expects. It never repeats a name or a
value that was sent: a password in the wrong place would be logged with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, Mapping
from typing import Any, Final, Protocol

from attrs import field, frozen

from ..errors import AuthValidationError, AuthValidationErrorCode

Code = AuthValidationErrorCode
Schema = dict[str, Any]

# A passkey's credential is a few thousand characters long, and all attributes of a user fit as well.
MAX_BYTES: Final = 256_000
# A credential has four levels. Deeper values would exhaust the stack when they are sent on.
MAX_DEPTH: Final = 32
_JSON_TYPE: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
# Half of a surrogate pair cannot be encoded in UTF-8 (RFC 3629, section 3).
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Shape(Protocol):
    """The form of a JSON value."""

    def problem(self, value: object, name: str) -> str | None:
        """Return a sentence that says what is wrong with a value, or None if it fits."""
        ...

    def schema(self) -> Schema:
        """Return the JSON Schema of the form."""
        ...


@frozen
class Text:
    """Text; ``secret`` text is hidden by the forms of API documentation."""

    secret: bool = False

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        return None if isinstance(value, str) else f"{name}: must be text"

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        return {"type": "string", "format": "password"} if self.secret else {"type": "string"}


@frozen
class Choice:
    """One of a few texts."""

    options: tuple[str, ...]

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        fits = isinstance(value, str) and value in self.options
        return None if fits else f"{name}: must be one of {', '.join(self.options)}"

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        return {"type": "string", "enum": list(self.options)}


@frozen
class Flag:
    """True or false."""

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        return None if isinstance(value, bool) else f"{name}: must be true or false"

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        return {"type": "boolean"}


@frozen
class TextMap:
    """An object whose members are all text."""

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        fits = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        return None if fits else f"{name}: must be an object whose members are text"

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        return {"type": "object", "additionalProperties": {"type": "string"}}


@frozen
class AnyObject:
    """An object with members of any kind."""

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        return None if isinstance(value, dict) and value else f"{name}: must be an object with members"

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        return {"type": "object", "minProperties": 1}


@frozen
class Either:
    """One of two forms; ``expected`` says which, for messages."""

    first: Shape
    second: Shape
    expected: str

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        if self.first.problem(value, name) is None:
            return None
        # An object is meant to be the second form: say which member of it is wrong.
        found = self.second.problem(value, name)
        if found is not None and not isinstance(value, dict):
            return f"{name}: must be {self.expected}"
        return found

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        return {"anyOf": [self.first.schema(), self.second.schema()]}


@frozen
class Member:
    """A member of an object.

    Attributes:
        shape: Its form.
        required: Whether it must be there.
        if_missing: The error's code if it is not.
    """

    shape: Shape
    required: bool = False
    if_missing: Code = Code.InvalidArgument


@frozen
class Members:
    """An object with these members and no others."""

    members: Mapping[str, Member] = field(factory=dict)

    def problem(self, value: object, name: str) -> str | None:
        """Return what is wrong with a value."""
        if not isinstance(value, dict):
            return f"{name}: must be an object"
        if value.keys() - self.members.keys():
            return f"{name}: {self.takes()}"
        prefix = "" if name == BODY else f"{name}."
        for key, member in self.members.items():
            if key in value and (found := member.shape.problem(value[key], f"{prefix}{key}")):
                return found
        return None

    def missing(self, value: Mapping[str, Any]) -> tuple[str, Member] | None:
        """Return the first required member that is not there."""
        absent = ((key, each) for key, each in self.members.items() if each.required and key not in value)
        return next(absent, None)

    def takes(self) -> str:
        """Return a sentence with the names of the members."""
        return f"takes only {', '.join(self.members)}" if self.members else "takes no members"

    def schema(self) -> Schema:
        """Return the JSON Schema."""
        schema: Schema = {
            "type": "object",
            "properties": {key: member.shape.schema() for key, member in self.members.items()},
            "additionalProperties": False,
        }
        required = [key for key, member in self.members.items() if member.required]
        return {**schema, "required": required} if required else schema


BODY: Final = "the body"


async def read_body(chunks: AsyncIterable[bytes]) -> bytes:
    """Read a body of at most `MAX_BYTES`.

    Raises:
        AuthValidationError: It is longer.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        _check_length(body)
    return bytes(body)


def _check_length(body: bytes | bytearray) -> None:
    if len(body) > MAX_BYTES:
        raise AuthValidationError(Code.InvalidArgument, f"{BODY}: is longer than {MAX_BYTES} bytes")


def parse_body(raw: bytes, content_type: str | None, form: Members) -> dict[str, Any]:
    """Return the members of a request's body. An empty body has none.

    Args:
        raw: The bytes of the body.
        content_type: The header ``Content-Type``.
        form: The members that the route takes.

    Raises:
        AuthValidationError: The body is longer than `MAX_BYTES`, is not JSON, or does not have that form.
    """
    _check_length(raw)
    value = _parse(raw, content_type) if raw.strip() else {}
    problem = form.problem(value, BODY)
    if problem is not None:
        raise AuthValidationError(Code.InvalidArgument, problem, recovery_suggestion=_suggestion(form))
    absent = form.missing(value)
    if absent is not None:
        name, member = absent
        message = f"{name}: is missing" if member.if_missing is Code.InvalidArgument else None
        raise AuthValidationError(member.if_missing, message, recovery_suggestion=_suggestion(form))
    return dict(value)


def _suggestion(form: Members) -> str:
    return f"Send a JSON object; this route {form.takes()}."


def _parse(raw: bytes, content_type: str | None) -> Any:
    if content_type is None or not _JSON_TYPE.fullmatch(content_type.strip()):
        raise AuthValidationError(
            Code.InvalidArgument,
            f"{BODY}: must be JSON",
            recovery_suggestion="Send the header Content-Type: application/json.",
        )
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant)
        if _is_sendable(value):
            return value
    except (ValueError, RecursionError):
        pass
    # Raised out here: the cause would quote the body.
    raise AuthValidationError(
        Code.InvalidArgument,
        f"{BODY}: is not well-formed JSON",
        recovery_suggestion="Send one JSON object in UTF-8, each name once, nested at most"
        f" {MAX_DEPTH} levels deep.",
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's members; two of one name would mean one thing here and another elsewhere."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("two members of one name")
    return members


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)  # JSON has neither NaN nor infinities (RFC 8259, section 6).


def _is_sendable(value: object) -> bool:
    """Return whether all text can be encoded and the value is not nested too deeply."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if any(isinstance(each, str) and _SURROGATE.search(each) for each in level):
            return False
        level = [child for each in level for child in _children(each)]
        if not level:
            return True
    return False


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []
