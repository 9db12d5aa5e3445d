"""The response to an `AuthError`: JSON for programs, a page or a redirect to the login page for browsers."""

from __future__ import annotations

import json
import logging
import re
from html import escape
from typing import Any, Final

from attrs import field, frozen

from ..errors import (
    AuthError,
    LimitExceededException,
    TokenVerificationError,
    TooManyFailedAttemptsException,
    http_status_for,
)
from .errors import RecentSignInRequiredError
from .request import WebRequest, quoted_path
from .return_path import with_next

logger = logging.getLogger(__name__)

SESSION_CHALLENGE: Final = 'Cookie realm="aiocognito"'
_RETRY_SECONDS: Final = 5
# Cognito counts failed attempts for minutes.
_LIMIT_SECONDS: Final = 60
_FALLBACKS: Final = {
    502: "A service that this depends on did not answer.",
    503: "The service is unavailable.",
}
_TITLES: Final = {
    401: "Sign in",
    403: "Not allowed",
    404: "Not found",
    409: "Try again",
    422: "Not accepted",
    429: "Too many attempts",
}
# RFC 6455, section 7.4.1.
_POLICY_VIOLATION: Final = 1008
_INTERNAL_ERROR: Final = 1011
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>:root {{ color-scheme: light dark; font-family: system-ui, sans-serif }}
main {{ max-width: 34rem; margin: 15vh auto; padding: 0 1rem; line-height: 1.5 }}</style>
<main>
<h1>{title}</h1>
<p role="alert">{message}</p>
{more}
</main>
"""
_PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


@frozen
class WebResponse:
    """A response, for a framework to send."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def redirect(cls, url: str) -> WebResponse:
        """Return a redirect that the browser follows with GET."""
        return cls(303, (("location", url), ("cache-control", "no-store")))

    @classmethod
    def json(cls, status: int, document: object, headers: tuple[tuple[str, str], ...] = ()) -> WebResponse:
        """Return a JSON document."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, (("content-type", "application/json"), *headers), body)


def error_response(
    error: AuthError, request: WebRequest, *, login_path: str | None, may_redirect: bool = True
) -> WebResponse:
    """Return the response to an error.

    Args:
        error: The error.
        request: The request that failed.
        login_path: The login page's path with the root path; None without a login page.
        may_redirect: Whether a page that needs a user may be redirected to the login page.
    """
    if not wants_page(request):
        return json_error_response(error, ("vary", "Accept"))
    status = http_status_for(error)
    headers = (*error_headers(error, status), ("cache-control", "no-store"), ("vary", "Accept"))
    is_login = login_path is not None and request.path == login_path.partition("?")[0]
    if status == 401 and login_path is not None and request.method == "GET" and may_redirect and not is_login:
        return WebResponse.redirect(login_url(error, request, login_path))
    return _page(error, status, headers, login_path)


def json_error_response(error: AuthError, *headers: tuple[str, str]) -> WebResponse:
    """Return the JSON response to an error, for a route that serves programs only.

    Args:
        error: The error.
        headers: Further headers.
    """
    status = http_status_for(error)
    headers = (*error_headers(error, status), ("cache-control", "no-store"), *headers)
    return WebResponse.json(status, error_document(error), headers)


def close_code(status: int) -> int:
    """Return the code that closes a websocket where a response would have an HTTP status."""
    return _POLICY_VIOLATION if status < 500 else _INTERNAL_ERROR


def log_failure(method: str, path: str, error: AuthError) -> None:
    """Log an error whose response has a fixed sentence in place of its message.

    Args:
        method: The request's method.
        path: The request's path.
        error: The error.
    """
    if http_status_for(error) >= 500:
        logger.error("%s %s: %s", method, quoted_path(path), error, exc_info=error)


def login_url(error: AuthError, request: WebRequest, login_path: str) -> str:
    """Return the login page's URL with the page to come back to."""
    if isinstance(error, RecentSignInRequiredError):
        return with_next(login_path, request.target, prompt="login")
    return with_next(login_path, request.target)


def error_document(error: AuthError) -> dict[str, Any]:
    """Return an error in the form of the JSON routes.

    For a status of 500 and above, the message is a fixed sentence: the error's own may name internals.
    """
    status = http_status_for(error)
    return {
        "name": error.name,
        "message": message_for(error, status),
        "recoverySuggestion": _suggestion(error, status),
        "requestId": error.request_id,
    }


def error_headers(error: AuthError, status: int) -> tuple[tuple[str, str], ...]:
    """Return WWW-Authenticate (RFC 9110) and Retry-After, where the status has them."""
    if status == 401:
        return (("www-authenticate", _challenge(error)),)
    if status == 429:
        slow = isinstance(error, LimitExceededException | TooManyFailedAttemptsException)
        return (("retry-after", str(_LIMIT_SECONDS if slow else _RETRY_SECONDS)),)
    if status == 503 and error.retryable:
        return (("retry-after", str(_RETRY_SECONDS)),)
    return ()


def _challenge(error: AuthError) -> str:
    if isinstance(error, RecentSignInRequiredError):
        return (
            'Bearer error="insufficient_user_authentication",'
            f' error_description="A more recent authentication is required", max_age="{int(error.max_age)}"'
        )
    if isinstance(error, TokenVerificationError):
        return 'Bearer error="invalid_token"'
    return SESSION_CHALLENGE


def message_for(error: AuthError, status: int) -> str:
    """Return the message for the end user."""
    if status < 500:
        return str(error)
    for cls in type(error).__mro__:
        text = cls.__dict__.get("__doc__")
        if cls is AuthError:
            break
        if text:
            return _first_sentence(text)
    return _FALLBACKS.get(status, _FALLBACKS[503])


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.strip().partition("\n\n")[0].split()).replace("`", "")
    return re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0]


def _suggestion(error: AuthError, status: int) -> str | None:
    if status < 500:
        return error.recovery_suggestion
    return "Try again in a moment." if error.retryable else None


def wants_page(request: WebRequest) -> bool:
    """Return whether a browser asks for a page: no script sent the request, and it accepts HTML."""
    if request.is_websocket or is_scripted(request):
        return False
    accept = request.header(b"accept") or ""
    html, program = _quality(accept, "text/html"), _quality(accept, "application/json")
    return html > 0 and html >= program


def is_scripted(request: WebRequest) -> bool:
    """Return whether a script sent the request (fetch or XMLHttpRequest), as far as its headers say."""
    mode = request.header(b"sec-fetch-mode")
    return request.header(b"x-requested-with") is not None or (
        mode is not None and mode.strip() != "navigate"
    )


def _quality(accept: str, media_type: str) -> float:
    """Return the weight of a media type that the Accept header names (RFC 9110, section 12.5.1)."""
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name == media_type:
            weights = [each[2:] for each in parameters if each.startswith("q=")]
            try:
                return float(weights[0]) if weights else 1.0
            except ValueError:
                return 0.0
    return 0.0


def _page(
    error: AuthError, status: int, headers: tuple[tuple[str, str], ...], login_path: str | None
) -> WebResponse:
    suggestion = _suggestion(error, status)
    more = [f"<p>{escape(suggestion)}</p>"] if suggestion else []
    if error.request_id:
        more.append(f"<p>Request id: <code>{escape(error.request_id)}</code></p>")
    if login_path is not None:
        more.append(f'<p><a href="{escape(login_path)}">Sign in</a></p>')
    title = _TITLES.get(status, "Not available")
    body = _PAGE.format(title=title, message=escape(message_for(error, status)), more="\n".join(more))
    kind = (("content-type", "text/html; charset=utf-8"), ("content-security-policy", _PAGE_POLICY))
    return WebResponse(status, (*kind, *headers), body.encode())
