"""The JSON body of an error response, as a front end for Amplify reads it."""

from __future__ import annotations

from typing import Any, Final

from ..errors import (
    AuthError,
    AuthUsageError,
    JwksUnavailableError,
    NetworkError,
    ServiceError,
    StorageError,
    http_status_for,
)

# The messages of these errors are for operators: they name hosts, paths and settings. Subclasses first.
_SENTENCES: Final[tuple[tuple[type[AuthError], str], ...]] = (
    (JwksUnavailableError, "The keys that verify tokens could not be fetched."),
    (NetworkError, "The identity service could not be reached."),
    (StorageError, "The session could not be read or stored."),
    (AuthUsageError, "This service is not ready."),
    (ServiceError, "The identity service could not process the request."),
    (AuthError, "This service could not process the request."),
)
_CONFIGURATION: Final = "This service is not configured correctly."
_RETRY: Final = "Try again in a moment."
_REPORT: Final = "Report this to the operator of this service."
# Seconds. Cognito's limits are per second; an outage lasts longer.
_THROTTLED: Final = 5
_UNAVAILABLE: Final = 10


def error_body(error: AuthError) -> dict[str, Any]:
    """Return Amplify's name, the message, what to do next, and the service's id of the request.

    For a status of 500 and above, the message and the suggestion are fixed sentences of the error's class.
    """
    message, suggestion = str(error), error.recovery_suggestion
    if http_status_for(error) >= 500:
        message, suggestion = _fixed_sentence(error), _RETRY if error.retryable else _REPORT
    return {
        "name": error.name,
        "message": message,
        "recoverySuggestion": suggestion,
        "requestId": error.request_id,
    }


def retry_after(error: AuthError) -> int | None:
    """Return the seconds for the header ``Retry-After``; None if the same request will fail again."""
    status = http_status_for(error)
    if status == 429:
        return _THROTTLED
    return _UNAVAILABLE if status == 503 and error.retryable else None


def _fixed_sentence(error: AuthError) -> str:
    if error.is_configuration:
        return _CONFIGURATION
    return next(sentence for kind, sentence in _SENTENCES if isinstance(error, kind))


ERROR_SCHEMA: Final[dict[str, Any]] = {
    "title": "AuthErrorBody",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Amplify's name of the error."},
        "message": {"type": "string"},
        "recoverySuggestion": {"type": ["string", "null"], "description": "What to do next."},
        "requestId": {"type": ["string", "null"], "description": "Cognito's id of the request."},
    },
    "required": ["name", "message", "recoverySuggestion", "requestId"],
}
