"""Errors of the OAuth endpoints (RFC 6749, 5.2; RFC 6750, 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NO_STORE: Final = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Expires": "0",
    "Pragma": "no-cache",
}


class OAuthError(Exception):
    """A request to an OAuth endpoint is refused.

    Args:
        error: The error code, such as ``invalid_grant``.
        description: ``error_description``, if Cognito has one.
        status: The HTTP status.
        headers: Further headers of the response.
        why: The reason for the request log, which the client is not told.
    """

    def __init__(
        self,
        error: str,
        description: str | None = None,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        why: str | None = None,
    ) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.status = status
        self.why = why
        self.headers: dict[str, str] = dict(headers or {})

    def body(self) -> dict[str, str]:
        """Return the members of the response."""
        described = {} if self.description is None else {"error_description": self.description}
        return {"error": self.error, **described}


def invalid_request(description: str | None = None) -> OAuthError:
    """Return the error for a missing, malformed or repeated parameter."""
    return OAuthError("invalid_request", description)


def invalid_client(status: int, why: str | None = None) -> OAuthError:
    """Return the error for an unknown client, and for a failed authentication."""
    headers = {"WWW-Authenticate": "Basic"} if status == 401 else None
    return OAuthError("invalid_client", status=status, headers=headers, why=why)


def invalid_grant(why: str | None = None) -> OAuthError:
    """Return the error for an invalid, expired or used code or refresh token."""
    return OAuthError("invalid_grant", why=why)


def unauthorized_client(description: str | None = None, *, why: str | None = None) -> OAuthError:
    """Return the error for a grant or callback that the client does not have."""
    return OAuthError("unauthorized_client", description, why=why)
