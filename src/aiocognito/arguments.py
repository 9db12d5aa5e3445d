"""Checks of what callers pass in: each refusal names the argument, and nothing was sent by then."""

from __future__ import annotations

from collections.abc import Mapping

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


def strings(values: Mapping[str, str] | None, name: str) -> Mapping[str, str] | None:
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
                Code.InvalidArgument, f"{name}[{key!r}]: must be text, not {type(value).__name__}"
            )
    return dict(values)
