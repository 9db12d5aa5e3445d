"""Requests, checked against the service model that botocore ships.

An older botocore lacks newer members, so the emulator has a copy of its own (``models/``). It uses the newer
of the two: what it can do does not depend on the botocore that is installed.

The texts are those of the framework behind Cognito: ``1 validation error detected: Value 'x' at 'y'
failed to satisfy constraint: …``; sensitive members do not show their value.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from attrs import define, field, frozen

from .errors import ApiError
from .unicode_classes import translate

# InternalErrorException is the framework's own; the rest is declared operation by operation.
_ALWAYS: Final = frozenset(
    {"InternalErrorException", "InvalidParameterException", "TooManyRequestsException"}
)
_COPIES: Final = Path(__file__).parent / "models"
_DEEPEST: Final = 100
"""The levels that a document can have. Those of Cognito's own have ten; code that stores one is recursive."""
_JSON_NAMES: Final = {str: "STRING_VALUE", bool: "BOOLEAN_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}


@frozen
class Service:
    """One of the two services, and the path of its model in botocore.

    Args:
        name: Its name, as AWS's clients know it.
        version: The version of its API.
        prefix: The first half of ``X-Amz-Target``.
        invalid: The code for a value that breaks a constraint of the model.
    """

    name: str
    version: str
    prefix: str
    invalid: str


USER_POOLS: Final = Service(
    "cognito-idp", "2016-04-18", "AWSCognitoIdentityProviderService", "InvalidParameterException"
)
# Recorded (Malformed requests to identity pools): ValidationException, which no operation declares.
IDENTITY_POOLS: Final = Service(
    "cognito-identity", "2014-06-30", "AWSCognitoIdentityService", "ValidationException"
)


_LABEL: Final = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
# The model's own pattern has no dot, without which there would be no custom domain.
_CORRECTED: Final[Mapping[str, Mapping[str, Any]]] = {
    "DomainType": {"type": "string", "min": 1, "max": 253, "pattern": rf"{_LABEL}(?:\.{_LABEL})*"}
}


@frozen
class OperationModel:
    """The model of one operation."""

    name: str
    input: str
    output: str | None
    errors: frozenset[str]
    signed: bool

    def declares(self, code: str) -> bool:
        """Whether the operation may answer with an error code."""
        return code in self.errors or code in _ALWAYS


@define
class ServiceModel:
    """The operations and shapes of one API."""

    shapes: Mapping[str, Mapping[str, Any]] = field(repr=False)
    operations: Mapping[str, OperationModel] = field(repr=False)
    service: Service = USER_POOLS
    _patterns: dict[str, re.Pattern[str]] = field(factory=dict, repr=False)

    @classmethod
    def load(cls, service: Service = USER_POOLS) -> ServiceModel:
        """Read the newer of botocore's model and the copy. It reads files: call it in a thread."""
        document = _newest(service)
        operations = {name: _operation(entry) for name, entry in document["operations"].items()}
        return cls({**document["shapes"], **_CORRECTED}, operations, service)

    def check(self, operation: OperationModel, body: object) -> dict[str, Any]:
        """Check a request and return its members: known ones only, nulls left out.

        Raises:
            ApiError: ``SerializationException`` for a JSON type that cannot be meant,
                ``InvalidParameterException``, or the service's own code, for a value that breaks a
                constraint.
        """
        given: dict[str, Any] = self._cast(operation.input, body)
        faults = list(self._faults(operation.input, given, ""))
        if faults:
            noun = "error" if len(faults) == 1 else "errors"
            text = f"{len(faults)} validation {noun} detected: {'; '.join(faults)}"
            raise ApiError(self.service.invalid, text)
        return given

    def _cast(self, name: str, value: Any) -> Any:
        shape = self.shapes[name]
        kind = shape["type"]
        if not _fits(kind, value):
            found = _JSON_NAMES.get(type(value), "START_OBJECT" if isinstance(value, dict) else "START_ARRAY")
            raise ApiError("SerializationException", f"{found} can not be converted to {_SPOKEN[kind]}")
        if kind == "blob" and not _is_base64(value):
            raise ApiError("SerializationException", "a Blob must be encoded in base64")
        if shape.get("document"):
            _check_depth(value)
        elif kind == "structure":
            members = shape["members"]
            present = ((key, value[key]) for key in members if value.get(key) is not None)
            return {key: self._cast(members[key]["shape"], item) for key, item in present}
        if kind == "list":
            return [self._cast(shape["member"]["shape"], item) for item in value]
        if kind == "map":
            cast = partial(self._cast, shape["value"]["shape"])
            return {key: cast(item) for key, item in value.items() if item is not None}
        return value

    def _faults(self, name: str, value: Any, path: str) -> Iterator[str]:
        shape = self.shapes[name]
        yield from (_fault(shape, value, path, text) for text in self._broken(shape, value))
        kind = shape["type"]
        if kind == "structure" and not shape.get("document"):
            yield from self._member_faults(shape, value, path)
        elif kind == "list":
            for number, item in enumerate(value, 1):
                yield from self._faults(shape["member"]["shape"], item, f"{path}.{number}.member")
        elif kind == "map":
            for key, item in value.items():
                yield from self._faults(shape["key"]["shape"], key, f"{path}.{key}.key")
                yield from self._faults(shape["value"]["shape"], item, f"{path}.{key}.member")

    def _member_faults(self, shape: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Iterator[str]:
        required = shape.get("required", ())
        for key, reference in shape["members"].items():
            at = f"{path}.{_camel(key)}" if path else _camel(key)
            if key in value:
                yield from self._faults(reference["shape"], value[key], at)
            elif key in required:
                yield _fault(self.shapes[reference["shape"]], None, at, "Member must not be null")

    def _broken(self, shape: Mapping[str, Any], value: Any) -> Iterator[str]:
        kind, low, high = shape["type"], shape.get("min"), shape.get("max")
        if kind in {"string", "list", "map"}:
            if low is not None and len(value) < low:
                yield f"Member must have length greater than or equal to {low}"
            if high is not None and len(value) > high:
                yield f"Member must have length less than or equal to {high}"
        if kind == "blob" and high is not None and len(base64.b64decode(value)) > high:
            yield f"Member must have length less than or equal to {high}"
        if kind in {"integer", "long"}:
            if low is not None and value < low:
                yield f"Member must have value greater than or equal to {low}"
            if high is not None and value > high:
                yield f"Member must have value less than or equal to {high}"
        if "pattern" in shape and not self._pattern(shape["pattern"]).fullmatch(value):
            yield f"Member must satisfy regular expression pattern: {shape['pattern']}"
        if "enum" in shape and value not in shape["enum"]:
            yield f"Member must satisfy enum value set: [{', '.join(_as_hash_set(shape['enum']))}]"

    def _pattern(self, pattern: str) -> re.Pattern[str]:
        if pattern not in self._patterns:
            self._patterns[pattern] = re.compile(translate(pattern), re.ASCII)
        return self._patterns[pattern]


# Recorded (Values in messages): [OPTIONAL, OFF, ON], as a HashSet of Java has them.
def _as_hash_set(values: Sequence[str]) -> list[str]:
    """Return strings in the order in which a HashSet of Java lists them."""
    size = 16
    while len(values) > size * 3 // 4:
        size *= 2

    def bucket(value: str) -> int:
        code = 0
        for character in value:
            code = (31 * code + ord(character)) & 0xFFFF_FFFF
        return (code ^ code >> 16) & (size - 1)

    return sorted(values, key=bucket)


_PYTHON: Final[Mapping[str, type | tuple[type, ...]]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "timestamp": (int, float),
}
_SPOKEN: Final[Mapping[str, str]] = {
    "structure": "an Object",
    "map": "a Map",
    "list": "a List",
    "string": "a String",
    "blob": "a Blob",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "timestamp": "a Timestamp",
}


def _newest(service: Service) -> dict[str, Any]:
    path = _path(service)
    copy: dict[str, Any] = json.loads((_COPIES / f"{service.name}.json").read_bytes())
    if _numbers(metadata.version("botocore")) <= _numbers(copy["botocore"]):
        return copy
    installed: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return installed


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def _path(service: Service) -> Path:
    # Found, not imported: botocore's modules take longer than the whole emulator does to start.
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the emulator needs botocore's service model: install aiocognito[emulator]")
    root = Path(spec.submodule_search_locations[0])
    return root / "data" / service.name / service.version / "service-2.json.gz"


def _operation(entry: Mapping[str, Any]) -> OperationModel:
    return OperationModel(
        name=entry["name"],
        input=entry["input"]["shape"],
        output=entry["output"]["shape"] if "output" in entry else None,
        errors=frozenset(error["shape"] for error in entry.get("errors", ())),
        signed=entry.get("authtype") != "none",
    )


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _fits(kind: str, value: Any) -> bool:
    # JSON's true is not a number, though Python's is an int.
    return isinstance(value, _PYTHON[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_depth(document: Any) -> None:
    """Refuse a document, whose shape the model leaves open, that is nested too deeply to be stored."""
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [each for items in inner for each in items if isinstance(each, dict | list)]
    if level:
        raise ApiError("SerializationException", f"a document must not have more than {_DEEPEST} levels")


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return True


def _fault(shape: Mapping[str, Any], value: Any, path: str, constraint: str) -> str:
    if shape.get("sensitive"):
        shown = "Value"
    else:
        shown = "Value null" if value is None else f"Value '{_spoken(value)}'"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _spoken(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_spoken, value))}]"
    return str(value)
