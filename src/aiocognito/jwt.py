"""JSON Web Tokens, taken apart. Nothing here says that a token is genuine: see `TokenVerifier`."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from typing import Any

from attrs import field, frozen

from .errors import InvalidJWTError


@frozen
class JWT:
    """A JSON Web Token (RFC 7519) and what it claims.

    Attributes:
        payload: The claims, unverified.
        token: The token in compact form. A secret: it is in no repr.
    """

    payload: dict[str, Any] = field(repr=False)
    token: str = field(repr=False)


def decode_jwt(token: str) -> JWT:
    """Read a token's claims without verifying anything (Amplify: ``decodeJWT``).

    Args:
        token: A token in compact form: three parts, parted by dots.

    Returns:
        The claims and the token itself.

    Raises:
        InvalidJWTError: The text has another form, or its second part is no JSON object. It is a
            ``ValueError``, too.
    """
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        raise InvalidJWTError("invalid token: a JSON Web Token has three parts")
    return JWT(payload=_json_object(parts[1]), token=token)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and the infinities are no JSON (RFC 8259, section 6)


def _json_object(part: str) -> dict[str, Any]:
    try:
        # b64decode skips what is not in its alphabet; a token has nothing to skip.
        if not part.replace("-", "").replace("_", "").isalnum() or not part.isascii():
            raise ValueError  # noqa: TRY301 - one way out for everything malformed
        # UTF-8 alone (RFC 7519, section 7.2): given bytes, json.loads would guess others, too.
        text = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, binascii.Error, RecursionError):
        # `from None`: the cause quotes the payload.
        raise InvalidJWTError("invalid token payload: not a JSON object in base64url") from None
    if not isinstance(value, dict):
        raise InvalidJWTError("invalid token payload: not a JSON object")
    return value
