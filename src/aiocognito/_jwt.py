"""Parse JSON Web Tokens without verifying them: see `TokenVerifier`."""

import json
from collections.abc import Iterable
from typing import Any, Final

from attrs import field, frozen

from . import _base64url as base64url
from ._public import public
from .errors import InvalidJWTError


@public("aiocognito")
@frozen
class JWT:
    """A JSON Web Token (RFC 7519) and what it claims.

    Attributes:
        payload: The claims, unverified.
        token: The token in compact form. A secret: it is in no repr.
    """

    payload: dict[str, Any] = field(repr=False)
    token: str = field(repr=False)


@public("aiocognito")
def decode_jwt(token: str) -> JWT:
    """Read a token's claims without verifying anything (Amplify: ``decodeJWT``).

    Args:
        token: A token in compact form: three parts, parted by dots.

    Returns:
        The claims and the token itself.

    Raises:
        InvalidJWTError: The text has another form, or its second part is not a JSON object. It is
            a ``ValueError``, too.
    """
    parts = token.split(".") if isinstance(token, str) else []
    # Nothing else is asked of the first part, and with this one the token is of no use.
    if len(parts) != 3 or parts[0][:7].strip().lower() == "bearer":
        raise InvalidJWTError(f"invalid token: {hint(token) or 'a JSON Web Token has three parts'}")
    try:
        payload = json_object(parts[1].encode("ascii"))
    except ValueError:
        payload = None
    if payload is None:  # Raised out here: the cause would quote the payload.
        raise InvalidJWTError(f"invalid token payload: {hint(token) or 'not a JSON object in base64url'}")
    return JWT(payload=payload, token=token)


def claims_of(token: str | None) -> dict[str, Any]:
    """Return a token's claims, unverified; an empty dict without a token, or if it cannot be decoded."""
    try:
        return decode_jwt(token or "").payload
    except InvalidJWTError:
        return {}


def text_claim(token: str | None, name: str) -> str | None:
    """Return a token's claim, unverified; None if it is absent, empty or not text."""
    value = claims_of(token).get(name)
    return value if isinstance(value, str) and value else None


def hint(token: object) -> str | None:
    """Say what is commonly wrong with a token that cannot be read; None if it is something else."""
    if not isinstance(token, str):
        return f"it must be text, not {type(token).__name__}"
    if token[:7].strip().lower() == "bearer":
        return "it begins with 'Bearer '; pass what follows that prefix"
    if token != token.strip():
        return "there are blanks around it; strip them"
    return None


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)  # JSON has neither NaN nor infinities (RFC 8259, section 6).


_WHITE_SPACE: Final = " \t\n\r"  # RFC 8259, section 2
_json = json.JSONDecoder(parse_constant=_refuse_constant)


def json_object(part: bytes, max_depth: int | None = None) -> dict[str, Any]:
    """Read the JSON object in a part of a token. UTF-8 alone (RFC 7519, section 7.2).

    Args:
        part: The part, in base64url.
        max_depth: How many objects and lists may be nested in each other, if there is a limit.

    Raises:
        ValueError: It is malformed, or nested deeper than the parser can follow, or than ``max_depth``.
    """
    text = base64url.decode(part).decode("utf-8").strip(_WHITE_SPACE)
    try:
        # `decode`, which looks for white space by regular expressions, takes half as long again.
        value, end = _json.raw_decode(text)
    except RecursionError:
        end, value = -1, None
    if end != len(text) or not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if max_depth is not None and _may_be_deep(text, max_depth) and _depth(value) > max_depth:
        raise ValueError("nested too deeply")
    return value


def _may_be_deep(text: str, max_depth: int) -> bool:
    """Return whether a JSON object opens enough objects and lists. Most tokens have neither inside."""
    is_nested = text.rfind("{") > 0 or "[" in text
    return is_nested and text.count("[") + text.count("{") > max_depth


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [child for each in level for child in _children(each)]
    return depth


def _children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
