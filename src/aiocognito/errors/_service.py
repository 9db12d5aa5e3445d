"""Errors that Amazon Cognito returns.

An error belongs to a code and to an operation; `_factory.service_error` makes one that is both.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Unpack

from . import _refusals as refusals
from . import _suggestions as suggestions
from ._base import AuthError, ErrorDetails, state_of

# Codes of throttling (Amplify's list of retryable codes, and Cognito's own).
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
    Cognito's message, with secrets masked, or None if it sent none and ``.message`` is this library's.
    """

    http_status: ClassVar[int] = 502
    code: ClassVar[str | None] = None

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        has_service_message: bool = True,
        **details: Unpack[ErrorDetails],
    ) -> None:
        # First, because the suggestion depends on it.
        self.service_message: str | None = message if message and has_service_message else None
        self.operation = operation
        super().__init__(message, **details)

    def _suggestion(self) -> str | None:
        found = suggestions.suggestion_for_operation(self.operation, self.name)
        found = found or suggestions.suggestion_for(self.name, self.service_message, self._refusal_subject)
        return found or self.default_recovery

    @property
    def _refusal_subject(self) -> refusals.RefusalSubject:
        if self.retryable:
            return refusals.RefusalSubject.SERVICE
        text = (self.service_message or "").strip()
        return refusals.subject_of_response(self.name, self.operation, text)

    def __reduce__(self) -> tuple[Callable[..., AuthError], tuple[Any, ...]]:
        # A class made at run time cannot be found by its name, but the two it is made of can.
        made_of = type(self).__dict__.get("made_of", (type(self),))
        return _restore, (made_of, self.args, state_of(self))


def is_throttling(error: ServiceError) -> bool:
    """Return whether Cognito throttled the request, by its code or the status 429."""
    return error.name in THROTTLING_CODES or error.service_status == 429


def _restore(
    made_of: tuple[type[ServiceError], ...], args: tuple[Any, ...], state: dict[str, Any]
) -> ServiceError:
    cls = made_of[0] if len(made_of) == 1 else both(*made_of)
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


# Only existing classes are combined, so a server's responses cannot make this grow without limit.
_made: dict[tuple[type[ServiceError], type[ServiceError]], type[ServiceError]] = {}


def both(of_code: type[ServiceError], of_operation: type[ServiceError]) -> type[ServiceError]:
    """Return the class that derives from the class of a code and the class of an operation."""
    made_of = (of_code, of_operation)
    if made_of not in _made:
        doc = f"{of_code.__doc__} {of_operation.__doc__}"
        members = {"__doc__": doc, "__module__": of_code.__module__, "made_of": made_of}
        # setdefault: of two threads that make one at once, both get the same.
        _made.setdefault(made_of, type(of_code.__name__, made_of, members))
    return _made[made_of]
