"""Forms that are posted to the OAuth endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from .oauth_errors import invalid_request

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
_MAX_FIELDS: Final = 50


async def read(request: web.Request) -> dict[str, str]:
    """Parse a form; an empty parameter counts as absent (RFC 6749, 3.2).

    Raises:
        OAuthError: The body is not a form, or repeats a parameter.
    """
    body = await request.read()
    if request.content_type != CONTENT_TYPE:
        raise invalid_request()
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise invalid_request() from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise invalid_request()
    return {name: value for name, value in pairs if value}


def need(form: Mapping[str, str], name: str) -> str:
    """Return a required parameter.

    Raises:
        OAuthError: It is missing.
    """
    if name not in form:
        raise invalid_request()
    return form[name]
