"""`AuthError`, the base of all errors, and the errors that are not specific to one service."""

from collections.abc import Callable
from typing import Any, ClassVar, TypedDict, TypeVar, Unpack

from . import _refusals as refusals
from . import _suggestions as suggestions

E = TypeVar("E", bound="AuthError")

_REFERENCE = "https://aiocognito.readthedocs.io/en/latest/reference"
_INTEGRATIONS = "aiocognito.integrations"


class ErrorDetails(TypedDict, total=False):
    """The keyword arguments of `AuthError`, which all errors accept."""

    name: str | None
    recovery_suggestion: str | None
    retryable: bool | None
    request_id: str | None
    service_status: int | None


class AuthError(Exception):
    """Base class of the errors that aiocognito raises.

    Args:
        message: The message. It never contains a secret.
        name: Amplify's literal for the error; the class's own name by default.
        recovery_suggestion: What the caller can do about it, if that is known. It is also a note of the
            exception (PEP 678), so that tracebacks show it.
        retryable: Whether the same call may succeed if it is made again later.
        request_id: The service's id of the request (``x-amzn-RequestId``); None without a response.
        service_status: The HTTP status of the service's response; None without one.
    """

    http_status: ClassVar[int] = 503
    default_name: ClassVar[str | None] = None
    default_recovery: ClassVar[str | None] = None
    default_retryable: ClassVar[bool] = False
    about_configuration: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        name: str | None = None,
        recovery_suggestion: str | None = None,
        retryable: bool | None = None,
        request_id: str | None = None,
        service_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.name: str = name or self.default_name or type(self).__name__
        self.retryable: bool = self.default_retryable if retryable is None else retryable
        self.request_id = request_id
        self.service_status = service_status
        self.recovery_suggestion: str | None = recovery_suggestion or self._suggestion()
        if self.recovery_suggestion:
            self.add_note(self.recovery_suggestion)

    def _suggestion(self) -> str | None:
        return suggestions.suggestion_for(self.name) or self.default_recovery

    @property
    def _refusal_subject(self) -> refusals.RefusalSubject:
        return refusals.RefusalSubject.UNKNOWN

    @property
    def is_configuration(self) -> bool:
        """Whether only a change of the configuration, in this service or in AWS, can fix this.

        True for malformed values of the `AuthConfig`, and for refusals of the app client (its secret is
        wrong, missing or unexpected; it does not exist; a flow is not enabled for it) or of the identity
        pool. The user has made no mistake, and sessions do not end.
        """
        return self.about_configuration or self._refusal_subject in refusals.CONFIGURATION

    @property
    def docs_url(self) -> str:
        """The address of this class in the documentation, which says what the error means and what to do.

        For an error of Cognito this is the class of its code, or the class of the operation if the code has
        none.
        """
        cls = next(cls for cls in type(self).__mro__ if _has_entry(cls))
        page = "integrations" if cls.__module__ == _INTEGRATIONS else "errors"
        return f"{_REFERENCE}/{page}.html#{cls.__module__}.{cls.__name__}"

    def __str__(self) -> str:
        return self.message or self.name

    def __reduce__(self) -> tuple[Callable[..., "AuthError"], tuple[Any, ...]]:
        # The default calls the class with `args`, which loses every keyword given to it.
        return _restore, (type(self), self.args, state_of(self))


def _has_entry(cls: type) -> bool:
    """Return whether the reference lists a class. It leaves out those of users and those made at run time."""
    return cls.__module__ in ("aiocognito.errors", _INTEGRATIONS) and "made_of" not in vars(cls)


def state_of(error: AuthError) -> dict[str, Any]:
    """Return the attributes of an error for a copy of it, which gets notes of its own."""
    state = dict(error.__dict__)
    if "__notes__" in state:
        state["__notes__"] = list(state["__notes__"])
    return state


def _restore(cls: type[E], args: tuple[Any, ...], state: dict[str, Any]) -> E:
    error = cls.__new__(cls, *args)  # sets `args`; `__init__` would require more arguments
    error.__dict__.update(state)
    return error


class AuthConfigError(AuthError, ValueError):
    """A configuration value is missing or malformed; the message names its field."""

    about_configuration: ClassVar[bool] = True

    def __init__(
        self, message: str = "", *, field: str | None = None, **details: Unpack[ErrorDetails]
    ) -> None:
        super().__init__(f"{field}: {message}" if field else message, **details)
        self.field = field


class NetworkError(AuthError):
    """No response: the service could not be reached, or stopped responding.

    ``request_sent`` is False if the request certainly never reached the service, and True if the
    request may have taken effect although no response arrived.
    """

    default_retryable: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = "Check the network, the proxy and the endpoint, and try again."

    def __init__(
        self, message: str = "", *, request_sent: bool = False, **details: Unpack[ErrorDetails]
    ) -> None:
        super().__init__(message, **details)
        self.request_sent = request_sent

    @property
    def _refusal_subject(self) -> refusals.RefusalSubject:
        return refusals.RefusalSubject.SERVICE


class AuthUsageError(AuthError, RuntimeError):
    """An object was used after it was closed, or on another event loop than its own."""

    default_recovery: ClassVar[str | None] = "Use it within its `async with` block, on one event loop."


class StorageError(AuthError):
    """The storage failed, or a stored value cannot be read. It never means "signed out"."""

    default_retryable: ClassVar[bool] = True
    default_recovery: ClassVar[str | None] = (
        "Check that the storage can be reached, and try again. The session is kept."
    )


class SessionBusyError(StorageError):
    """Another process holds the session and did not finish in time. The session is kept."""

    default_recovery: ClassVar[str | None] = "Try again in a moment."


class InvalidJWTError(AuthError, ValueError):
    """A text is not a JSON Web Token (RFC 7519)."""

    http_status: ClassVar[int] = 401
    default_recovery: ClassVar[str | None] = 'Pass the token alone, without "Bearer " before it.'
