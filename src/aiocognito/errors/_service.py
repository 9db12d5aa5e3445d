"""What Amazon Cognito answers with instead of a result.

An error belongs to a code and to an operation. ``service_error`` makes one that is both, so that
users catch whichever they think in::

    except errors.NotAuthorizedException:           # wherever it came from
    except errors.RespondToAuthChallengeException:  # whatever was refused
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ._base import AuthError, state_of

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
    library does not know is an error of the operation alone, with its ``.name``. ``.service_message`` is
    what Cognito said, with secrets masked, or None if it said nothing and ``.message`` is a text of ours.
    """

    http_status = 502
    code: ClassVar[str | None] = None

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        has_service_message: bool = True,
        **details: Any,
    ) -> None:
        # First, because the suggestion depends on it.
        self.service_message = message if message and has_service_message else None
        self.operation = operation
        super().__init__(message, **details)

    def __reduce__(self) -> tuple[Callable[..., AuthError], tuple[Any, ...]]:
        # A class made at run time cannot be found by its name, but the two it is made of can.
        made_of = type(self).__dict__.get("made_of", (type(self),))
        return _restore, (made_of, self.args, state_of(self))


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
        has_service_message: Whether ``message`` is what Cognito said, not a text of ours.
        service_status: The HTTP status of the answer.
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


def is_throttling(error: ServiceError) -> bool:
    """Say whether Cognito answered "not now", in a code of its own or one that this library lacks."""
    return error.name in THROTTLING_CODES or error.service_status == 429


def _restore(
    made_of: tuple[type[ServiceError], ...], args: tuple[Any, ...], state: dict[str, Any]
) -> ServiceError:
    cls = made_of[0] if len(made_of) == 1 else _both(*made_of)
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


def _class_for(code: str, operation: str) -> type[ServiceError]:
    from . import _codes as codes  # they derive from ServiceError
    from . import _operations as operations

    of_code = codes.BY_CODE.get(code)
    of_operation = operations.BY_OPERATION.get(operation)
    if of_code is None or of_operation is None:
        return of_code or of_operation or ServiceError
    return _both(of_code, of_operation)


# Only classes that exist are asked for, so this is bounded whatever a server answers with.
_made: dict[tuple[type[ServiceError], type[ServiceError]], type[ServiceError]] = {}


def _both(of_code: type[ServiceError], of_operation: type[ServiceError]) -> type[ServiceError]:
    made_of = (of_code, of_operation)
    if made_of not in _made:
        doc = f"{of_code.__doc__} {of_operation.__doc__}"
        members = {"__doc__": doc, "__module__": of_code.__module__, "made_of": made_of}
        # setdefault: of two threads that make one at once, both get the same.
        _made.setdefault(made_of, type(of_code.__name__, made_of, members))
    return _made[made_of]
