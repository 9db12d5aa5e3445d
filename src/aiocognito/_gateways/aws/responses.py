"""Parses responses of AWS's JSON 1.1 protocol: results and errors.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from ...errors import ServiceError
from ...errors._factory import service_error
from ..redaction import scrub
from ..shapes import Reader, reader_of

UNKNOWN_ERROR = "UnknownError"

_CODE = re.compile(r"[A-Za-z][\w.-]{0,127}", re.ASCII)


@frozen
class AwsResponse:
    """An HTTP response. Its headers are case-insensitive."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def status_code(self) -> int:
        """The status, by botocore's name."""
        return self.status

    @property
    def succeeded(self) -> bool:
        """Whether the status is a success."""
        return self.status < 300

    @property
    def request_id(self) -> str | None:
        """AWS's id of the request."""
        return self.headers.get("x-amzn-requestid")


class ResponseReader:
    """Parses the responses of one operation.

    Args:
        operation: The name of the operation.
        output_shape: The result's shape in botocore's model, or None.
    """

    def __init__(self, operation: str, output_shape: Any) -> None:
        self._operation = operation
        # ForgetDevice and DeleteUser, for example, return an empty body.
        self._empty_is_fine = output_shape is None or not output_shape.members
        self._read = None if output_shape is None else reader_of(output_shape)

    def __call__(self, response: AwsResponse, request_body: bytes) -> dict[str, Any]:
        """Return the members of a result, its timestamps as datetimes in UTC.

        Args:
            response: The response.
            request_body: The request's body; its secrets are masked in the error's message.

        Raises:
            ServiceError: The service refused, or its response cannot be parsed (``UnknownError``).
        """
        if response.succeeded and self._empty_is_fine and not response.body:
            return {}
        members = _json_object(response.body)
        if not response.succeeded:
            raise self._refusal(response, members or {}, request_body)
        result = members if self._read is None or members is None else _try(self._read, members)
        if result is None:
            raise self._unknown_error(response)
        return result

    def _refusal(
        self, response: AwsResponse, members: Mapping[str, Any], request_body: bytes
    ) -> ServiceError:
        # The header wins over the body, as with Amplify.
        names = (response.headers.get("x-amzn-errortype"), members.get("__type"), members.get("code"))
        code = next(filter(None, map(_code, names)), None)
        if code is None:
            return self._unknown_error(response)
        texts = (members.get("message"), members.get("Message"), response.headers.get("x-amzn-errormessage"))
        message = next((text for text in texts if isinstance(text, str) and text), None)
        if message is not None:
            return self._error(response, code, scrub(message, request_body))
        text = f"{self._operation} was refused: {code}"
        return self._error(response, code, text, has_service_message=False)

    def _unknown_error(self, response: AwsResponse) -> ServiceError:
        # The message quotes nothing of the response, which may hold secrets.
        text = f"the answer to {self._operation} (HTTP {response.status}) could not be read"
        return self._error(response, UNKNOWN_ERROR, text, has_service_message=False)

    def _error(
        self, response: AwsResponse, code: str, message: str, *, has_service_message: bool = True
    ) -> ServiceError:
        return service_error(
            self._operation,
            code,
            message,
            has_service_message=has_service_message,
            service_status=response.status,
            request_id=response.request_id,
        )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _try(read: Reader, members: dict[str, Any]) -> dict[str, Any] | None:
    try:
        result: dict[str, Any] = read(members)
    except (ValueError, RecursionError):
        return None
    return result


def _code(value: object) -> str | None:
    """Return the code from forms such as ``com.amazonaws#UserNotFoundException:http://…``."""
    if not isinstance(value, str):
        return None
    code = re.split("[,:]", value, maxsplit=1)[0].rpartition("#")[2].strip()
    return code if _CODE.fullmatch(code) else None


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)  # NaN and the infinities are not JSON (RFC 8259, section 6)
