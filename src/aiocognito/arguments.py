"""Checks of what callers pass in: each refusal names the argument, and nothing was sent by then."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .errors import AuthValidationError, AuthValidationErrorCode

Code = AuthValidationErrorCode


def text(value: object, name: str, if_empty: Code = Code.InvalidArgument) -> str:
    """Return ``value`` if it is text that is not empty.

    Raises:
        AuthValidationError: ``if_empty`` if it is missing, ``InvalidArgument`` if it is no text.
    """
    if value is None or value == "":
        raise AuthValidationError(if_empty, f"{name}: is empty" if if_empty is Code.InvalidArgument else None)
    if not isinstance(value, str):
        raise AuthValidationError(Code.InvalidArgument, f"{name}: must be text, not {type(value).__name__}")
    return value


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
    """Return a list of names that is not empty. A single text is none: it is a list of letters.

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
