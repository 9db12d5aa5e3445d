"""Checks of callers' arguments: each error names the argument, and nothing has been sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from .errors import AuthValidationError, AuthValidationErrorCode

Code = AuthValidationErrorCode

# A lone surrogate is not a character, so UTF-8 cannot encode it (RFC 3629, section 3).
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def text(value: object, name: str, if_empty: Code = Code.InvalidArgument) -> str:
    """Return ``value`` if it is text that is not empty.

    Raises:
        AuthValidationError: ``if_empty`` if it is missing, ``InvalidArgument`` if it is not text.
    """
    if value is None or value == "":
        raise AuthValidationError(if_empty, f"{name}: is empty" if if_empty is Code.InvalidArgument else None)
    if not isinstance(value, str):
        raise AuthValidationError(Code.InvalidArgument, f"{name}: must be text, not {type(value).__name__}")
    return value


def one_time_code(value: object, name: str, if_empty: Code = Code.InvalidArgument) -> str:
    """Return a one-time code in the form that Cognito accepts.

    Raises:
        AuthValidationError: ``if_empty`` if it is missing or blank, ``InvalidArgument`` if it is not text.
    """
    given = text(value, name, if_empty)
    return text(digits_of(given) or given.strip(), name, if_empty)


def digits_of(typed: str) -> str | None:
    """Return the ASCII digits of a typed one-time code, or None if it is not a code of digits.

    Messages and authenticator apps group the digits, and phones insert other characters: blanks of every
    kind, dashes, invisible characters and the digits of other scripts, such as full-width ones.
    """
    kept = [character for character in typed if not _groups_digits(character)]
    if not kept or not all(character.isdecimal() for character in kept):
        return None
    return "".join(str(unicodedata.decimal(character)) for character in kept)


def _groups_digits(character: str) -> bool:
    # Cf: zero-width characters and marks of direction; Pd: dashes; U+2212: the minus sign.
    return character.isspace() or unicodedata.category(character) in {"Cf", "Pd"} or character == "\u2212"


def url_text(value: object, name: str) -> str:
    """Return ``value`` if it is text that is not empty and can be written into a URL.

    JSON can carry half of a surrogate pair; a URL cannot.

    Raises:
        AuthValidationError: It is something else.
    """
    checked = text(value, name)
    if _SURROGATE.search(checked):
        raise AuthValidationError(
            Code.InvalidArgument, f"{name}: holds half of a surrogate pair, which UTF-8 cannot encode"
        )
    return checked


def strings(values: object, name: str) -> Mapping[str, str] | None:
    """Return a mapping of text to text, or None.

    Raises:
        AuthValidationError: It is something else; the message names the member, not its value.
    """
    if values is None:
        return None
    if not isinstance(values, Mapping):
        raise AuthValidationError(Code.InvalidArgument, f"{name}: must be a mapping of text to text")
    for key, value in values.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise AuthValidationError(
                Code.InvalidArgument,
                f"{name}[{key!r}]: must be text to text, not {type(key).__name__} to {type(value).__name__}",
            )
    return dict(values)


def some_strings(values: object, name: str) -> Mapping[str, str]:
    """Return a mapping of text to text that is not empty.

    Raises:
        AuthValidationError: It is something else.
    """
    checked = strings(values, name)
    if not checked:
        raise AuthValidationError(Code.InvalidArgument, f"{name}: is empty")
    return checked


def some_names(values: object, name: str) -> list[str]:
    """Return a non-empty list of names. A single string is refused: it would be a list of letters.

    Raises:
        AuthValidationError: It is something else.
    """
    if isinstance(values, str) or not isinstance(values, Collection) or not values:
        raise AuthValidationError(Code.InvalidArgument, f"{name}: must hold at least one name")
    return [text(value, name) for value in values]


def one_of(value: object, name: str, allowed: Collection[str]) -> None:
    """Check that a value is None or one of a few.

    Raises:
        AuthValidationError: It is another.
    """
    if value is not None and not (isinstance(value, str) and value in allowed):
        raise AuthValidationError(
            Code.InvalidArgument, f"{name}: must be one of {', '.join(sorted(allowed))}"
        )
