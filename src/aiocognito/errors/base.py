"""The root of the tree and the errors that belong to no single service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from . import refusals

E = TypeVar("E", bound="AuthError")


class AuthError(Exception):
    """Root of everything that aiocognito raises on purpose.

    Args:
        message: What went wrong, for a person. Never holds a secret.
        name: Amplify's literal for the error; the class's own name by default.
        recovery_suggestion: What the caller can do about it, if that is known.
        retryable: Whether the same call may succeed if it is made again later.
        request_id: The service's id of the request (``x-amzn-RequestId``), if it answered.
        service_status: The HTTP status that the service answered with, if it answered.
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
        self.recovery_suggestion = recovery_suggestion or self.default_recovery
        self.retryable = self.default_retryable if retryable is None else retryable
        self.request_id = request_id
        self.service_status = service_status

    @property
    def is_configuration(self) -> bool:
        """Whether only a change of the configuration, here or in AWS, can mend this.

        True for what is malformed in the `AuthConfig`, and for refusals that are about the app client
        (its secret is wrong, missing or unexpected; it is gone; a flow is not enabled for it) or the
        identity pool. The user did nothing wrong, and no session ends for it.
        """
        return self.about_configuration or refusals.is_about_configuration(self)

    def __str__(self) -> str:
        return self.message or self.name

    def __reduce__(self) -> tuple[Callable[..., AuthError], tuple[Any, ...]]:
        # The default calls the class with `args`, which loses every keyword given to it.
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(cls: type[E], args: tuple[Any, ...], state: dict[str, Any]) -> E:
    error = cls.__new__(cls, *args)  # which keeps `args`; `__init__` would ask for more
    error.__dict__.update(state)
    return error


class AuthConfigError(AuthError, ValueError):
    """A configuration value is missing or malformed; the message names its field."""

    about_configuration = True

    def __init__(self, message: str = "", *, field: str | None = None, **details: Any) -> None:
        super().__init__(f"{field}: {message}" if field else message, **details)
        self.field = field


class NetworkError(AuthError):
    """No answer came: the service could not be reached, or stopped answering.

    ``request_sent`` is False if the request certainly never reached the service, and True if the
    work may have been done although nobody said so.
    """

    default_retryable = True

    def __init__(self, message: str = "", *, request_sent: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.request_sent = request_sent


class StorageError(AuthError):
    """The storage failed, or holds what cannot be read. It never means "signed out"."""

    default_retryable = True


class SessionBusyError(StorageError):
    """Another process works on the session and did not end in time. The session is kept."""

    default_recovery = "Try again in a moment."


class InvalidJWTError(AuthError, ValueError):
    """A text that should be a JSON Web Token is none (RFC 7519)."""

    http_status = 401
