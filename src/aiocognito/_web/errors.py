"""The errors that only web applications raise."""

from typing import Any, ClassVar

from .._public import public
from ..errors import AuthError, UserUnAuthenticatedException


@public("aiocognito.integrations")
class CsrfError(AuthError):
    """Another site may have sent this request, or opened this websocket."""

    http_status: ClassVar[int] = 403
    default_recovery: ClassVar[str | None] = (
        "Send the request from a page of this site, or list the page's origin in trusted_origins."
    )


@public("aiocognito.integrations")
class AuthForbiddenError(AuthError):
    """The signed-in user lacks a group that this needs."""

    http_status: ClassVar[int] = 403
    default_recovery: ClassVar[str | None] = "Ask for access, or sign in as another user."


@public("aiocognito.integrations")
class RecentSignInRequiredError(UserUnAuthenticatedException):
    """The user signed in too long ago for this (RFC 9470)."""

    default_recovery: ClassVar[str | None] = "Sign in again, and repeat this."

    def __init__(self, message: str = "", *, max_age: float = 0.0, **details: Any) -> None:
        super().__init__(message, **details)
        self.max_age = max_age
