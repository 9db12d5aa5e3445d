"""The emulator's state as JSON, and back.

An instance of an attrs class that is decorated with :func:`persisted` becomes an object with the tag of its
class; types that JSON lacks are tagged, too. A tag stays when its class is renamed or moved to another
module. A value that several others refer to stays one value. A field with the metadata
``{"persisted": False}`` is left out, and has its default after it is read.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from .shelf import Shelf

_PLAIN: Final = (str, int, float, bool, type(None))
_Class = TypeVar("_Class", bound=type)
_classes: Final[dict[str, type]] = {}
_tags: Final[dict[type, str]] = {}
_renamed: Final[dict[type, Mapping[str, str]]] = {}

MODULE_TAGS: Final[Mapping[str, str]] = {
    ".attempts:Attempts": "attempts",
    ".attempts:Lockout": "lockout",
    ".clients:AppClient": "app-client",
    ".codes:Code": "code",
    ".devices:Device": "device",
    ".groups:Group": "group",
    ".handles:Handle": "auth-session",
    ".handles:HandleBook": "auth-session-store",
    ".hosted_ui.codes:AuthorizationCode": "authorization-code",
    ".hosted_ui.codes:CodeBook": "authorization-code-store",
    ".hosted_ui.state:HostedUi": "hosted-ui",
    ".hosted_ui.state:Session": "browser-session",
    ".hosted_ui.state:Sessions": "browser-session-store",
    ".identity_pools.issued:IssuedCredentials": "aws-credentials",
    ".identity_pools.pool:Identity": "identity",
    ".identity_pools.pool:IdentityPool": "identity-pool",
    ".passkeys:Ceremony": "passkey-ceremony",
    ".passkeys:Passkey": "passkey",
    ".pool:UserPool": "user-pool",
    ".signing_in.custom:Asked": "custom-challenge",
    ".signing_in.custom:_Proven": "custom-after-password",
    ".signing_in.device:Proving": "device-challenge",
    ".signing_in.mfa:Sent": "code-challenge",
    ".signing_in.mfa_setup:Setup": "mfa-setup-challenge",
    ".signing_in.proof:Begun": "srp-challenge",
    ".srp_server:Exchange": "srp-exchange",
    ".srp_server:Secret": "verifier",
    ".tokens.book:Grant": "grant",
    ".tokens.book:RefreshToken": "refresh-token",
    ".tokens.book:TokenBook": "token-store",
    ".totp:SoftwareToken": "software-token",
    ".users:Directory": "user-directory",
    ".users:User": "user",
}
"""The tags of version 1: modules and classes by their names at that time."""


def persisted(tag: str, *, renamed: Mapping[str, str] | None = None) -> Callable[[_Class], _Class]:
    """Decorate an attrs class whose instances are part of the persisted state.

    Args:
        tag: Identifies the class in files. It must never change, nor be used again for another class.
        renamed: Earlier names of fields, which older files have, and their names today.

    Raises:
        ValueError: Another class has the tag.
    """

    def register(kind: _Class) -> _Class:
        if tag in _classes:
            raise ValueError(f"the tag {tag!r} belongs to {_classes[tag].__qualname__}")
        _classes[tag], _tags[kind], _renamed[kind] = kind, tag, renamed or {}
        return kind

    return register


def encode(value: object) -> Any:
    """Write a value as what JSON can hold.

    Raises:
        TypeError: It holds something that cannot be persisted; the message says where.
    """
    return _Writer().write(value, "")


def encode_text(value: object) -> str:
    """Write a value as JSON text. Of a `Shelf`, only the entries that may have changed are written anew.

    Raises:
        TypeError: It holds something that cannot be persisted; the message says where.
    """
    shelves = _Shelves()
    return shelves.filled_in(_dump(_Writer(shelves=shelves).write(value, "")))


@attrs.define
class _Shelves:
    """The entries of shelves, which are written apart: their texts are put into the document at its end."""

    _texts: dict[str, str] = attrs.field(factory=dict)
    _shelves: list[Shelf[Any, Any]] = attrs.field(factory=list)

    def place(self, where: str, shelf: Shelf[Any, Any]) -> str:
        """Write a shelf, and return the text that stands for it."""
        text = ",".join(shelf.texts(partial(_entry, where)))
        # Drawn, so that no text of a user is taken for it.
        place = secrets.token_hex(16)
        self._texts[f'"{place}"'] = f'{{"dict":[{text}]}}'
        self._shelves.append(shelf)
        return place

    def number(self, value: object) -> int | str | None:
        """Return the number of an object that an entry holds."""
        numbers = (shelf.numbers[id(value)] for shelf in self._shelves if id(value) in shelf.numbers)
        return next(numbers, None)

    def filled_in(self, document: str) -> str:
        """Put the entries into the document's text."""
        for place, text in self._texts.items():
            document = document.replace(place, text, 1)
        return document


def _entry(where: str, number: int, key: object, value: object) -> tuple[str, Mapping[int, int | str]]:
    writer = _Writer(prefix=f"{where}.{number}.")
    return _dump([writer.write(key, where), writer.write(value, where)]), writer.numbers


def _dump(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def decode(document: Any) -> Any:
    """Read what :func:`encode` wrote.

    Raises:
        ValueError: It has a tag that no class of the emulator is decorated with, or an object lacks a field.
    """
    return _Reader().read(document)


@attrs.define
class _Writer:
    """Writes values.

    Attributes:
        prefix: Begins the numbers of objects, which are unique in a document.
        shelves: Receives the shelves; ``None`` to write them in place.
        numbers: The numbers of the objects that were written, by their ids.
    """

    prefix: str = ""
    shelves: _Shelves | None = None
    numbers: dict[int, int | str] = attrs.field(factory=dict)

    def write(self, value: Any, where: str) -> Any:
        if type(value) in _PLAIN:
            return value
        kind = type(value)  # exactly: an instance of a subclass would come back as another type
        if attrs.has(kind):
            return self._object(value)
        if kind is list:
            return [self.write(item, where) for item in value]
        if kind is bytes:
            return {"bytes": base64.b64encode(value).decode()}
        if kind is tuple:
            return {"tuple": [self.write(item, where) for item in value]}
        if kind in (set, frozenset):
            return {kind.__name__: sorted(self.write(item, where) for item in value)}
        if kind is Shelf and self.shelves is not None:
            return self.shelves.place(where, value)
        if kind in (dict, Shelf):
            return {
                "dict": [[self.write(key, where), self.write(item, where)] for key, item in value.items()]
            }
        raise TypeError(f"{where} holds a {type(value).__name__}, which cannot be persisted")

    def _object(self, value: Any) -> Any:
        known = self.numbers.get(id(value))
        if known is None and self.shelves is not None:
            known = self.shelves.number(value)
        if known is not None:
            return {"same": known}
        kind = type(value)
        if kind not in _tags:
            raise TypeError(f"{kind.__qualname__} cannot be persisted: decorate it with @persisted")
        count = len(self.numbers)
        number = self.numbers[id(value)] = f"{self.prefix}{count}" if self.prefix else count
        fields = {
            field.name: self.write(getattr(value, field.name), f"{kind.__qualname__}.{field.name}")
            for field in attrs.fields(kind)
            if field.metadata.get("persisted", True)
        }
        return {"object": _tags[kind], "number": number, "fields": fields}


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
        today = _renamed[kind]
        given = {today.get(name, name): content for name, content in document["fields"].items()}
        for field in attrs.fields(kind):
            content = self.read(given[field.name]) if field.name in given else _default(field)
            if _is_shelf(field):
                content = Shelf(content)
            object.__setattr__(value, field.name, content)
        return value


def _class(tag: str) -> Any:
    kind = _classes.get(MODULE_TAGS.get(tag, tag))
    if kind is None:
        raise ValueError(f"unknown tag {tag!r}: it does not belong to a class of the emulator")
    return kind


def _is_shelf(field: attrs.Attribute[Any]) -> bool:
    return _factory(field) is Shelf


def _default(field: attrs.Attribute[Any]) -> Any:
    if field.default is attrs.NOTHING:
        raise ValueError(f"an object lacks the field {field.name}")
    factory = _factory(field)
    return field.default if factory is None else factory()


def _factory(field: attrs.Attribute[Any]) -> Callable[[], Any] | None:
    factory: Callable[[], Any] | None = getattr(field.default, "factory", None)
    return factory
