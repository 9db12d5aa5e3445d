"""Reads the answers of AWS's JSON 1.1 protocol: a result, or the error that was raised.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..errors import ServiceError
from ..errors.service import service_error
from .redaction import scrub

UNKNOWN_ERROR = "UnknownError"

_CODE = re.compile(r"[A-Za-z][\w.-]{0,127}", re.ASCII)


def read_answer(
    operation: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    request_body: bytes,
    empty_is_fine: bool,
) -> dict[str, Any]:
    """Return the members of a result.

    Args:
        operation: The operation that was called.
        status: The HTTP status.
        headers: The answer's headers, looked up without regard to case.
        body: The answer's body.
        request_body: What was asked; its secrets are kept out of the error's message.
        empty_is_fine: Whether the operation has nothing to say, so that an empty body says it.

    Raises:
        ServiceError: The service refused, or its answer makes no sense (``UnknownError``).
    """
    if status < 300 and empty_is_fine and not body:
        return {}
    members = _json_object(body)
    if status < 300 and members is not None:
        return members
    raise _error(operation, status, headers, members, request_body)


def unknown_error(operation: str, status: int, headers: Mapping[str, str]) -> ServiceError:
    """Make the error of an answer that makes no sense; it quotes nothing of it."""
    return service_error(
        operation,
        UNKNOWN_ERROR,
        f"the answer to {operation} (HTTP {status}) could not be read",
        service_status=status,
        request_id=_request_id(headers),
    )


def _error(
    operation: str,
    status: int,
    headers: Mapping[str, str],
    members: Mapping[str, Any] | None,
    request_body: bytes,
) -> ServiceError:
    body = members or {}
    # The header wins over the body, as with Amplify.
    code = _code(headers.get("x-amzn-errortype")) or _code(body.get("__type")) or _code(body.get("code"))
    if code is None:
        return unknown_error(operation, status, headers)
    message = _text(body.get("message")) or _text(body.get("Message"))
    message = message or _text(headers.get("x-amzn-errormessage"))
    return service_error(
        operation,
        code,
        scrub(message, request_body) if message else f"{operation} was refused: {code}",
        service_status=status,
        request_id=_request_id(headers),
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _code(value: object) -> str | None:
    """Take the code out of forms such as ``com.amazonaws#UserNotFoundException:http://…``."""
    if not isinstance(value, str):
        return None
    code = re.split("[,:]", value, maxsplit=1)[0].rpartition("#")[2].strip()
    return code if _CODE.fullmatch(code) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _request_id(headers: Mapping[str, str]) -> str | None:
    return (
        headers.get("x-amzn-requestid") or headers.get("x-amzn-request-id") or headers.get("x-amz-request-id")
    )
