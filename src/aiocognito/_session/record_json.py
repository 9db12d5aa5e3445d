"""The form of a session's record in the storage: one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar, get_type_hints

from attrs import fields_dict

from .._models import SignInDetails
from .._responses import Challenged
from ..errors import StorageError
from .record import (
    PendingAutoSignIn,
    PendingRedirect,
    PendingSignIn,
    RefreshIntent,
    SessionRecord,
    StoredCredentials,
    StoredDevice,
    StoredIdentity,
    StoredTokens,
)

VERSION: Final = 1
T = TypeVar("T")


def dump(record: SessionRecord) -> bytes:
    """Serialize a record as one JSON document."""
    document = _object(record)
    document["version"] = VERSION
    return json.dumps(document, separators=(",", ":")).encode()


def load(data: bytes) -> SessionRecord | None:
    """Parse a record. Return None if that fails, which counts as signed out.

    Raises:
        StorageError: An unknown version of the library wrote it. The record is left as it is.
    """
    try:
        document = json.loads(data)
        version = document.pop("version")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if version != VERSION:
        raise StorageError(f"the session was stored by another version of this library (format {version!r})")
    try:
        return _record(document)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _object(value: Any) -> dict[str, Any]:
    """Return an attrs value as a JSON object without members that are None."""
    result: dict[str, Any] = dict(getattr(value, "unknown", {}))
    for name in fields_dict(type(value)):
        member = getattr(value, name)
        if hasattr(member, "__attrs_attrs__"):
            member = _object(member)
        elif name == "redirects":
            member = [_object(each) for each in member] or None
        if member is not None and name != "unknown":
            result[name] = member
    return result


def _record(document: dict[str, Any]) -> SessionRecord:
    tokens, pending = document.pop("tokens", None), document.pop("pending", None)
    auto_sign_in, identity = document.pop("auto_sign_in", None), document.pop("identity", None)
    device = document.pop("device", None)
    redirects, intent = document.pop("redirects", ()), document.pop("intent", None)
    return _known(
        SessionRecord,
        document,
        tokens=None if tokens is None else _tokens(tokens),
        pending=None if pending is None else _pending(pending),
        auto_sign_in=None if auto_sign_in is None else _known(PendingAutoSignIn, auto_sign_in),
        redirects=tuple(_known(PendingRedirect, each) for each in redirects),
        identity=None if identity is None else _identity(identity),
        device=None if device is None else _known(StoredDevice, device),
        intent=None if intent is None else _known(RefreshIntent, intent),
    )


def _tokens(document: dict[str, Any]) -> StoredTokens:
    details = document.pop("sign_in_details", None)
    return _known(
        StoredTokens,
        document,
        sign_in_details=None if details is None else _known(SignInDetails, details),
    )


def _identity(document: dict[str, Any]) -> StoredIdentity:
    credentials = document.pop("credentials", None)
    return _known(
        StoredIdentity,
        document,
        credentials=None if credentials is None else _known(StoredCredentials, credentials),
    )


def _pending(document: dict[str, Any]) -> PendingSignIn:
    challenge, details = document.pop("challenge"), document.pop("sign_in_details")
    available = challenge.pop("available_challenges", ())
    return _known(
        PendingSignIn,
        document,
        challenge=_known(Challenged, challenge, available_challenges=tuple(map(_check_text, available))),
        sign_in_details=_known(SignInDetails, details),
    )


def _known(cls: type[T], document: Mapping[str, Any], **members: Any) -> T:
    """Make a value from a JSON object; other members go into ``unknown`` if the class has it.

    Raises:
        TypeError: A member is missing, or has the wrong type.
    """
    checks = _checks(cls)  # type: ignore[arg-type]  # a class is hashable
    unknown = {}
    for name, value in document.items():
        check = checks.get(name)
        if check is None:
            unknown[name] = value
        else:
            check(value)
            members[name] = value
    if unknown and hasattr(cls, "unknown"):
        members["unknown"] = unknown
    return cls(**members)


@cache
def _checks(cls: type[Any]) -> Mapping[str, Callable[[object], object]]:
    """Return the checks of a class's members by name; nested values are checked by their own parser."""
    return {name: _CHECKS[hint] for name, hint in get_type_hints(cls).items() if hint in _CHECKS}


def _check_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _check_number(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MAX_NUMBER:
        raise TypeError


def _check_bool(value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError


def _check_texts(value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise TypeError


def _or_none(check: Callable[[object], object]) -> Callable[[object], object]:
    return lambda value: None if value is None else check(value)


# Larger numbers are invalid: no time stamp is that large, and arithmetic with them loses seconds.
_MAX_NUMBER: Final = 1e15
# By the types of the members of the values above.
_CHECKS: Final[Mapping[Any, Callable[[object], object]]] = {
    str: _check_text,
    str | None: _or_none(_check_text),
    float: _check_number,
    float | None: _or_none(_check_number),
    bool: _check_bool,
    bool | None: _or_none(_check_bool),
    Mapping[str, str]: _check_texts,
    Mapping[str, str] | None: _or_none(_check_texts),
}
