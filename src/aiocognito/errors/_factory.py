"""Make the error of a Cognito code and of the operation that was refused.

``service_error`` makes one that is both, so that callers can catch either::

    except errors.NotAuthorizedException:           # the code, whichever operation was refused
    except errors.RespondToAuthChallengeException:  # the operation, whichever code it was refused with
"""

from __future__ import annotations

from ._codes import BY_CODE
from ._operations import BY_OPERATION
from ._service import THROTTLING_CODES, TRANSIENT_CODES, TRANSIENT_STATUS, ServiceError, both


def service_error(
    operation: str,
    code: str,
    message: str,
    *,
    has_service_message: bool = True,
    service_status: int | None = None,
    request_id: str | None = None,
) -> ServiceError:
    """Make the error of both a Cognito code and the operation that was refused.

    Args:
        operation: The operation that was refused.
        code: Cognito's code.
        message: What went wrong.
        has_service_message: Whether ``message`` is Cognito's own, and not this library's.
        service_status: The HTTP status of the response.
        request_id: The id of the request.
    """
    retryable = code in THROTTLING_CODES or code in TRANSIENT_CODES or service_status in TRANSIENT_STATUS
    return _class_for(code, operation)(
        message,
        name=code,
        operation=operation,
        has_service_message=has_service_message,
        retryable=retryable,
        service_status=service_status,
        request_id=request_id,
    )


def _class_for(code: str, operation: str) -> type[ServiceError]:
    of_code = BY_CODE.get(code)
    of_operation = BY_OPERATION.get(operation)
    if of_code is None or of_operation is None:
        return of_code or of_operation or ServiceError
    return both(of_code, of_operation)
