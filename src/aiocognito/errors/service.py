"""What Amazon Cognito answers with instead of a result.

An error belongs to a code and to an operation. ``service_error`` makes one that is both, so that
users catch whichever they think in::

    except errors.NotAuthorizedException:           # wherever it came from
    except errors.RespondToAuthChallengeException:  # whatever was refused
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from .base import AuthError

# Codes that say "not now" (Amplify's list of retryable codes, and Cognito's own).
THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
TRANSIENT_CODES = frozenset({"TimeoutError", "RequestTimeout", "RequestTimeoutException"})
TRANSIENT_STATUS = frozenset({429, 500, 502, 503, 504})


class ServiceError(AuthError):
    """Cognito refused an operation.

    ``.name`` is Cognito's code, ``.operation`` the operation that was refused. A code that this
    library does not know is an error of the operation alone, with its ``.name``.
    """

    http_status = 502
    code: ClassVar[str | None] = None

    def __init__(self, message: str = "", *, operation: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.operation = operation

    def __reduce__(self) -> tuple[Callable[..., AuthError], tuple[Any, ...]]:
        # The class is made at run time, so pickle cannot find it by its name.
        return _restore, (self.name, self.operation, self.args, dict(self.__dict__))


def service_error(
    operation: str,
    code: str,
    message: str,
    *,
    service_status: int | None = None,
    request_id: str | None = None,
) -> ServiceError:
    """Make the error of both a Cognito code and the operation that was refused."""
    retryable = code in THROTTLING_CODES or code in TRANSIENT_CODES or service_status in TRANSIENT_STATUS
    return _class_for(code, operation)(
        message,
        name=code,
        operation=operation,
        retryable=retryable,
        service_status=service_status,
        request_id=request_id,
    )


def _restore(code: str, operation: str | None, args: tuple[Any, ...], state: dict[str, Any]) -> ServiceError:
    cls = _class_for(code, operation)
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


@cache
def _class_for(code: str, operation: str | None) -> type[ServiceError]:
    from . import codes, operations  # they derive from ServiceError

    of_code = codes.BY_CODE.get(code)
    of_operation = operations.BY_OPERATION.get(operation or "")
    if of_code is None or of_operation is None:
        return of_code or of_operation or ServiceError
    doc = f"{operation} was refused: {code}."
    return type(of_code.__name__, (of_code, of_operation), {"__doc__": doc, "__module__": of_code.__module__})
